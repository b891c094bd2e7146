// docs/spec/hyperliquid.md §3.3. The hash of the wrapper is one that the original's Python client gives, published with
// the tests of a public client of it.
import { describe, expect, it } from 'vitest'
import { concatBytes, uintToBytes } from '../codec/bytes.ts'
import { keccak256 } from '../codec/hash.ts'
import { bytesToHex, hexToBytes } from '../codec/hex.ts'
import { packPlain } from '../testing/packPlain.ts'
import type { MultiSigAction } from '../types/action.ts'
import { DecodeError } from '../types/errors.ts'
import type { ActionEnvelope } from '../types/transaction.ts'
import { encodeAction, parseAction } from './actionCodec.ts'
import { actionDigest } from './actionDigest.ts'
import { l1ActionDigest } from './actionHash.ts'
import { domainSeparator, hashText, leftPad, structHash, typedDataDigest } from './eip712.ts'
import { multiSigPayloadDigest } from './multiSigDigest.ts'

const MASTER = '0xa8d106881abe9a0b6ffd367788d6af91439d37f6'
const LEADER = '0x251fd19df63a83652eea93a6a5e451aa5ce81e4c'
const AGENT = '0xab04c8d8372d83ec939570fd2d956d0bb31aace3'
const NONCE = 1_755_530_000_000
const WRAPPER_HASH = '0x97a2ab3b446c2139391611971883db8c0010e696ea963cba2693b24acc41bac4'

const approveAgent = {
  type: 'approveAgent',
  signatureChainId: '0x66eee',
  hyperliquidChain: 'Testnet',
  agentAddress: AGENT,
  agentName: 'poc',
  nonce: NONCE,
}
const signatures = [
  { r: `0x${'11'.repeat(32)}`, s: `0x${'22'.repeat(32)}`, v: 27 },
  { r: `0x${'33'.repeat(32)}`, s: `0x${'44'.repeat(32)}`, v: 28 },
]

function wrapperOf(action: unknown, inner: unknown = signatures): MultiSigAction {
  const json = {
    type: 'multiSig',
    signatureChainId: '0x66eee',
    signatures: inner,
    payload: { multiSigUser: MASTER, outerSigner: LEADER, action },
  }
  return parseAction(json) as MultiSigAction
}

function envelopeOf(
  wrapper: MultiSigAction,
  options: Partial<ActionEnvelope> = {},
): ActionEnvelope {
  const signature = { r: new Uint8Array(32), s: new Uint8Array(32), v: 27 }
  return { action: encodeAction(wrapper), nonce: NONCE, signature, ...options }
}

const userDomain = domainSeparator('HyperliquidSignTransaction', 0x66eee)

describe('what the leader signs', () => {
  it('is the published hash of the wrapper without its type', () => {
    const wrapper = wrapperOf(approveAgent)
    const struct = structHash(
      hashText(
        'HyperliquidTransaction:SendMultiSig(string hyperliquidChain,bytes32 multiSigActionHash,uint64 nonce)',
      ),
      [hashText('Testnet'), hexToBytes(WRAPPER_HASH), uintToBytes(NONCE, 32)],
    )
    expect(actionDigest(envelopeOf(wrapper), 'Testnet')).toEqual(
      typedDataDigest(userDomain, struct),
    )
  })

  it('has the signatures inside without needless zeros, however they came', () => {
    const [first, second] = signatures
    const short = [{ ...first, r: `0x${'1'.repeat(61)}` }, second]
    const padded = [{ ...first, r: `0x000${'1'.repeat(61)}` }, second]
    expect(wrapperOf(approveAgent, padded)).toEqual(wrapperOf(approveAgent, short))
    expect(wrapperOf(approveAgent, [{ r: '0x0', s: '0x00', v: 27 }]).signatures).toEqual([
      { r: '0x0', s: '0x0', v: 27 },
    ])
  })
})

describe('what each of the others signs', () => {
  it('of an L1 action: the array of account, leader and action, as an independent msgpack packs it', () => {
    const order = {
      type: 'order',
      orders: [{ a: 1, b: true, p: '100', s: '2', r: false, t: { limit: { tif: 'Gtc' } } }],
      grouping: 'na',
    }
    const hash = keccak256(
      concatBytes(packPlain([MASTER, LEADER, order]), uintToBytes(NONCE, 8), Uint8Array.of(0)),
    )
    const wrapper = wrapperOf(order)
    expect(multiSigPayloadDigest(wrapper, envelopeOf(wrapper), 'Mainnet')).toEqual(
      l1ActionDigest(hash, 'Mainnet'),
    )
  })

  it('of an L1 action: the vault and the expiry of the wrapper too', () => {
    const wrapper = wrapperOf({ type: 'noop' })
    const digests = [{}, { vaultAddress: new Uint8Array(20) }, { expiresAfter: 1 }].map((options) =>
      bytesToHex(multiSigPayloadDigest(wrapper, envelopeOf(wrapper, options), 'Testnet')),
    )
    expect(new Set(digests).size).toBe(3)
  })

  it('of a user-signed action: its fields behind account and leader', () => {
    const wrapper = wrapperOf(approveAgent)
    const struct = structHash(
      hashText(
        'HyperliquidTransaction:ApproveAgent(string hyperliquidChain,address payloadMultiSigUser,address outerSigner,address agentAddress,string agentName,uint64 nonce)',
      ),
      [
        hashText('Testnet'),
        leftPad(hexToBytes(MASTER)),
        leftPad(hexToBytes(LEADER)),
        leftPad(hexToBytes(AGENT)),
        hashText('poc'),
        uintToBytes(NONCE, 32),
      ],
    )
    expect(multiSigPayloadDigest(wrapper, envelopeOf(wrapper), 'Testnet')).toEqual(
      typedDataDigest(userDomain, struct),
    )
  })

  it('refuses a user-signed action with another nonce, for the other network, or for a vault', () => {
    const wrapper = wrapperOf(approveAgent)
    const digest = (options: Partial<ActionEnvelope>, network: 'Mainnet' | 'Testnet') => () =>
      multiSigPayloadDigest(wrapper, envelopeOf(wrapper, options), network)
    expect(digest({ nonce: NONCE + 1 }, 'Testnet')).toThrow(DecodeError)
    expect(digest({}, 'Mainnet')).toThrow(DecodeError)
    expect(digest({ vaultAddress: new Uint8Array(20) }, 'Testnet')).toThrow(DecodeError)
  })
})
