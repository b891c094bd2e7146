import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bytesToHex, hexToBytes } from '../codec/hex.ts'
import { DecodeError } from '../types/errors.ts'
import type { ActionEnvelope } from '../types/transaction.ts'
import { decodeAction, encodeAction, parseAction } from './actionCodec.ts'
import { actionDigest, isUserSigned } from './actionDigest.ts'
import { actionHash, l1ActionDigest } from './actionHash.ts'

interface HashVector {
  readonly id: string
  readonly action: unknown
  readonly msgpack?: string
  readonly nonce: number
  readonly vaultAddress?: string
  readonly expiresAfter?: number
  readonly connectionId: string
}

const vectors: { readonly hashes: readonly HashVector[] } = JSON.parse(
  readFileSync(new URL('../../vectors/actions.json', import.meta.url), 'utf8'),
)

const signature = { r: new Uint8Array(32), s: new Uint8Array(32), v: 27 }

function envelope(action: unknown, options: Partial<ActionEnvelope> = {}): ActionEnvelope {
  return { action: encodeAction(parseAction(action)), nonce: 7, signature, ...options }
}

const usdSend = {
  type: 'usdSend',
  signatureChainId: '0x66eee',
  hyperliquidChain: 'Testnet',
  destination: `0x${'12'.repeat(20)}`,
  amount: '1',
  time: 7,
}

describe('actionHash', () => {
  it.each(vectors.hashes)('gives the published hash: $id', (vector) => {
    const action = encodeAction(parseAction(vector.action))
    if (vector.msgpack !== undefined) expect(bytesToHex(action)).toBe(vector.msgpack)

    const hash = actionHash({
      action,
      nonce: vector.nonce,
      vaultAddress: vector.vaultAddress === undefined ? undefined : hexToBytes(vector.vaultAddress),
      expiresAfter: vector.expiresAfter,
    })
    expect(bytesToHex(hash)).toBe(vector.connectionId)
  })
})

describe('actionDigest', () => {
  it('binds an L1 action to the network, the nonce, the vault and the expiry', () => {
    const plain = envelope({ type: 'noop' })
    const digests = [
      actionDigest(plain, 'Testnet'),
      actionDigest(plain, 'Mainnet'),
      actionDigest({ ...plain, nonce: 8 }, 'Testnet'),
      actionDigest({ ...plain, expiresAfter: 7 }, 'Testnet'),
      actionDigest({ ...plain, vaultAddress: new Uint8Array(20) }, 'Testnet'),
    ]
    expect(new Set(digests.map(bytesToHex)).size).toBe(digests.length)
    expect(digests[0]).toEqual(l1ActionDigest(actionHash(plain), 'Testnet'))
  })

  it('signs a missing agent name as the empty string, and has one form for it', () => {
    const agent = {
      type: 'approveAgent',
      signatureChainId: '0x1',
      hyperliquidChain: 'Testnet',
      agentAddress: `0x${'ab'.repeat(20)}`,
      nonce: 7,
    }
    const forms = [agent, { ...agent, agentName: '' }, { ...agent, agentName: null }]
    const [bytes] = forms.map((form) => bytesToHex(envelope(form).action))
    for (const form of forms) expect(bytesToHex(envelope(form).action)).toBe(bytes)
    expect(actionDigest(envelope(agent), 'Testnet')).not.toEqual(
      actionDigest(envelope({ ...agent, agentName: 'bot' }), 'Testnet'),
    )
  })

  it('refuses a user-signed action of the other network', () => {
    expect(() => actionDigest(envelope(usdSend), 'Mainnet')).toThrow(DecodeError)
  })

  it('refuses a user-signed action whose nonce is not the envelope’s', () => {
    expect(() => actionDigest(envelope(usdSend, { nonce: 8 }), 'Testnet')).toThrow(/action\.time/)
  })

  it('refuses envelope fields that a user-signed action does not sign', () => {
    const vaultAddress = new Uint8Array(20)
    expect(() => actionDigest(envelope(usdSend, { vaultAddress }), 'Testnet')).toThrow(/vault/)
    expect(() => actionDigest(envelope(usdSend, { expiresAfter: 9 }), 'Testnet')).toThrow(/expires/)
  })

  it('covers every field of a wrapped action but no inner signature twice', () => {
    const wrapper = {
      type: 'multiSig',
      signatureChainId: '0x66eee',
      signatures: [{ r: '0x1', s: '0x2', v: 27 }],
      payload: {
        multiSigUser: `0x${'01'.repeat(20)}`,
        outerSigner: `0x${'02'.repeat(20)}`,
        action: { type: 'noop' },
      },
    }
    const digest = actionDigest(envelope(wrapper), 'Testnet')
    expect(actionDigest(envelope(wrapper), 'Mainnet')).not.toEqual(digest)
    expect(actionDigest(envelope({ ...wrapper, signatures: [] }), 'Testnet')).not.toEqual(digest)
    expect(actionDigest(envelope(wrapper, { expiresAfter: 1 }), 'Testnet')).not.toEqual(digest)
    const nested = { ...wrapper, payload: { ...wrapper.payload, action: wrapper } }
    expect(() => parseAction(nested)).toThrow(DecodeError)
  })

  it('refuses bytes that are no canonical action', () => {
    const action = Uint8Array.of(0xc0)
    expect(() => actionDigest({ action, nonce: 7, signature }, 'Testnet')).toThrow(DecodeError)
  })
})

describe('isUserSigned', () => {
  it('tells the two schemes apart', () => {
    expect(isUserSigned(decodeAction(envelope(usdSend).action))).toBe(true)
    expect(isUserSigned(parseAction({ type: 'noop' }))).toBe(false)
  })
})
