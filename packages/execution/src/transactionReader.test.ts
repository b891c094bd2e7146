import { addressOf, signDigest } from '@openliquid/crypto'
import {
  actionDigest,
  actionEnvelopeCodec,
  bytesToHex,
  encodeAction,
  type MultiSigAction,
  multiSigPayloadDigest,
  parseExchangeRequest,
  type SignatureWire,
} from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { TransactionError } from './errors.ts'
import { TransactionReader } from './transactionReader.ts'

const NONCE = 1_700_000_000_000
const [leader, ann, ben] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
const NOBODY: SignatureWire = { r: '0x5', s: '0x1', v: 27 }

function wire(key: Uint8Array, digest: Uint8Array): SignatureWire {
  const { r, s, v } = signDigest(key, digest)
  return { r: bytesToHex(r), s: bytesToHex(s), v }
}

/** A wrapped action as it comes in through the door: signed by `signers` inside, and by the leader as a whole. */
function request(signers: readonly Uint8Array[], extra: readonly SignatureWire[] = []): Uint8Array {
  const unsigned: MultiSigAction = {
    type: 'multiSig',
    signatureChainId: '0x66eee',
    signatures: [],
    payload: {
      multiSigUser: `0x${'0a'.repeat(20)}`,
      outerSigner: bytesToHex(addressOf(leader)),
      action: { type: 'noop' },
    },
  }
  const signature = { r: new Uint8Array(32), s: new Uint8Array(32), v: 27 }
  const envelope = { action: encodeAction(unsigned), nonce: NONCE, signature }
  const digest = multiSigPayloadDigest(unsigned, envelope, 'Testnet')
  const signatures = [...signers.map((key) => wire(key, digest)), ...extra]
  const body = { action: { ...unsigned, signatures }, nonce: NONCE }
  const read = parseExchangeRequest({ ...body, signature: NOBODY })
  const outer = wire(leader, actionDigest(read, 'Testnet'))
  return actionEnvelopeCodec.encode(parseExchangeRequest({ ...body, signature: outer }))
}

const reader = new TransactionReader({ chainId: 1998, network: 'Testnet' })

test('recovers who sent a wrapped action, and who signed inside', () => {
  const read = reader.readAction(request([ann, ben]))
  expect(read.sender).toEqual(addressOf(leader))
  expect(read.innerSigners).toEqual([addressOf(ann), addressOf(ben)])
})

test('another network’s signatures inside are of others', () => {
  const read = new TransactionReader({ chainId: 999, network: 'Mainnet' }).readAction(
    request([ann]),
  )
  expect(read.innerSigners).not.toEqual([addressOf(ann)])
})

test('refuses a signature inside that nobody made', () => {
  expect(() => reader.readAction(request([ann], [NOBODY]))).toThrow(TransactionError)
})

test('an ordinary action has nobody inside', () => {
  const envelope = parseExchangeRequest({
    action: { type: 'noop' },
    nonce: NONCE,
    signature: NOBODY,
  })
  const { r, s, v } = signDigest(ann, actionDigest(envelope, 'Testnet'))
  const read = reader.readAction(
    actionEnvelopeCodec.encode({ ...envelope, signature: { r, s, v } }),
  )
  expect(read.sender).toEqual(addressOf(ann))
  expect(read.innerSigners).toBeUndefined()
})
