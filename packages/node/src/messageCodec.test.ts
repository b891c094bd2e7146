import { type ConsensusMessage, DecodeError } from '@openliquid/primitives'
import { describe, expect, test } from 'vitest'
import { envelopeToMessage, messageToEnvelope } from './messageCodec.ts'

const hash = new Uint8Array(32).fill(3)
const qc = {
  epoch: 1n,
  view: 4n,
  blockHash: hash,
  signers: Uint8Array.of(7),
  signature: new Uint8Array(96).fill(1),
}

const messages: ConsensusMessage[] = [
  {
    kind: 'vote',
    vote: { epoch: 1n, view: 5n, blockHash: hash, signer: 2, signature: new Uint8Array(96) },
  },
  {
    kind: 'timeout',
    timeout: { epoch: 1n, view: 5n, highQC: qc, signer: 2, signature: new Uint8Array(96) },
  },
  { kind: 'advanceView', advanceView: { highQC: qc } },
  { kind: 'epochChange', epochChange: { proofs: [] } },
  {
    kind: 'noEndorse',
    noEndorse: { epoch: 1n, view: 5n, tipQCView: 3n, signer: 2, signature: new Uint8Array(96) },
  },
  {
    kind: 'roundRecovery',
    roundRecovery: {
      tc: {
        epoch: 1n,
        view: 4n,
        groups: [
          {
            highQCView: 4n,
            highTipView: 0n,
            signers: Uint8Array.of(7),
            signature: new Uint8Array(96),
          },
        ],
        highQC: qc,
      },
      signature: new Uint8Array(64),
    },
  },
]

describe.each(messages)('$kind', (message) => {
  const envelope = messageToEnvelope(message)

  test('survives the wire', () => {
    expect(envelopeToMessage(envelope)).toEqual(message)
  })

  test('is refused cut, with a byte too many, or under another kind', () => {
    const { body } = envelope
    for (const bytes of [body.slice(0, -1), Uint8Array.of(...body, 0)]) {
      // The last field of some containers is a list of bytes: then one more byte is one more of it, up to its maximum.
      let decoded: ConsensusMessage | undefined
      try {
        decoded = envelopeToMessage({ ...envelope, body: bytes })
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError)
      }
      expect(decoded).not.toEqual(message)
    }
    expect(() => envelopeToMessage({ ...envelope, kind: 99 })).toThrow(DecodeError)
  })
})

test('a newer vote or timeout replaces a queued older one', () => {
  expect(messages.map((message) => messageToEnvelope(message).replaceKey)).toEqual([
    'vote',
    'timeout',
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})
