import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sample } from '../testing/samples.ts'
import { SeededRandom } from '../testing/seededRandom.ts'
import { DecodeError, InvariantError } from '../types/errors.ts'
import {
  BLOCK_BYTES_MAX,
  BLOCK_EVIDENCE_BYTES_MAX,
  BLOCK_EVIDENCE_MAX,
  CERTIFICATE_SIGNATURE_BYTES_MAX,
  EVIDENCE_BYTES_MAX,
  SIGNER_BITMAP_BYTES_MAX,
  TRANSACTION_BYTES_MAX,
  VALIDATORS_MAX,
} from '../types/limits.ts'
import { blockHeaderCodec } from './blockHeaderCodec.ts'
import type { Codec } from './codec.ts'
import {
  actionEnvelopeCodec,
  advanceViewCodec,
  blockCodec,
  blocksAnswerCodec,
  commitProofCodec,
  epochChangeProofCodec,
  evidenceCodec,
  getBlocksCodec,
  misbehaviorsCodec,
  noEndorseCodec,
  noEndorsementCertificateCodec,
  payloadCodec,
  proposalCodec,
  quorumCertificateCodec,
  roundRecoveryCodec,
  timeoutCertificateCodec,
  timeoutVoteCodec,
  tipCodec,
  transactionBatchCodec,
  transactionCodec,
  validatorSetCodec,
  voteCodec,
} from './codecs.ts'
import { sha256 } from './hash.ts'
import { bytesToHex } from './hex.ts'

interface Case {
  readonly name: string
  readonly codec: Codec<unknown>
  readonly make: (random: SeededRandom) => unknown
}

function entry<T>(name: string, codec: Codec<T>, make: (random: SeededRandom) => T): Case {
  return { name, codec: codec as Codec<unknown>, make }
}

const cases: readonly Case[] = [
  entry('quorum certificate', quorumCertificateCodec, sample.quorumCertificate),
  entry('timeout certificate', timeoutCertificateCodec, sample.timeoutCertificate),
  entry('block header', blockHeaderCodec, sample.blockHeader),
  entry('payload', payloadCodec, sample.payload),
  entry('block', blockCodec, sample.block),
  entry('proposal', proposalCodec, sample.proposal),
  entry('vote', voteCodec, sample.vote),
  entry('timeout vote', timeoutVoteCodec, sample.timeoutVote),
  entry('commit proof', commitProofCodec, sample.commitProof),
  entry('advance view', advanceViewCodec, sample.advanceView),
  entry('validator set', validatorSetCodec, sample.validatorSet),
  entry('epoch change proof', epochChangeProofCodec, sample.epochChangeProof),
  entry('evidence', evidenceCodec, sample.evidence),
  entry('misbehaviors', misbehaviorsCodec, sample.misbehaviors),
  entry('block request', getBlocksCodec, sample.getBlocks),
  entry('block answer', blocksAnswerCodec, sample.blocksAnswer),
  entry('action envelope', actionEnvelopeCodec, sample.actionEnvelope),
  entry('transaction', transactionCodec, sample.transaction),
  entry('timeout certificate with tips', timeoutCertificateCodec, sample.highTipTimeoutCertificate),
  entry('proposal after a tip', proposalCodec, sample.highTipProposal),
  entry('timeout vote with a tip', timeoutVoteCodec, sample.highTipTimeoutVote),
  entry('advance view with tips', advanceViewCodec, sample.highTipAdvanceView),
  entry('tip', tipCodec, sample.tip),
  entry(
    'no-endorsement certificate',
    noEndorsementCertificateCodec,
    sample.noEndorsementCertificate,
  ),
  entry('no-endorsement', noEndorseCodec, sample.noEndorse),
  entry('round recovery', roundRecoveryCodec, sample.roundRecovery),
  entry('transaction batch', transactionBatchCodec, (random) => random.list(3, sample.transaction)),
]

/** The whole contract of a decoder: these very bytes, or a coded error. */
function expectCanonicalOrRefused(codec: Codec<unknown>, bytes: Uint8Array): void {
  let value: unknown
  try {
    value = codec.decode(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError)
    return
  }
  expect(codec.encode(value)).toEqual(bytes)
}

describe.each(cases)('codec of $name', ({ codec, make }) => {
  it('gives back what it encoded', () => {
    for (let seed = 0; seed < 30; seed++) {
      const value = make(new SeededRandom(seed))
      const bytes = codec.encode(value)
      expect(codec.decode(bytes)).toEqual(value)
      expect(codec.encode(codec.decode(bytes))).toEqual(bytes)
    }
  })

  it('accepts no truncation but a value of its own, and no trailing byte', () => {
    for (let seed = 0; seed < 2; seed++) {
      const bytes = codec.encode(make(new SeededRandom(seed)))
      for (let size = 0; size < bytes.length; size++) {
        expectCanonicalOrRefused(codec, bytes.subarray(0, size))
      }
      expectCanonicalOrRefused(codec, Uint8Array.of(...bytes, 0))
    }
  })

  it('decodes mutated and random bytes canonically or refuses them with a code', () => {
    const seedAndEdits = fc.tuple(
      fc.integer({ min: 0, max: 50 }),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
        minLength: 1,
        maxLength: 4,
      }),
    )
    fc.assert(
      fc.property(seedAndEdits, ([seed, edits]) => {
        const bytes = codec.encode(make(new SeededRandom(seed))).slice()
        for (const [at, byte] of edits) if (bytes.length > 0) bytes[at % bytes.length] = byte
        expectCanonicalOrRefused(codec, bytes)
      }),
      { numRuns: 150 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) =>
        expectCanonicalOrRefused(codec, bytes),
      ),
      { numRuns: 100 },
    )
  })
})

describe('containers that grow under highTip', () => {
  /** Over 30 samples; taken before the longer forms were added. */
  const golden: readonly (readonly [string, Codec<unknown>, Case['make'], string])[] = [
    [
      'timeout certificate',
      timeoutCertificateCodec as Codec<unknown>,
      sample.timeoutCertificate,
      '0x1c00b807e4c118905f7cba840a212640b7f49dd9b65dfb80364179e3ca17a296',
    ],
    [
      'proposal',
      proposalCodec as Codec<unknown>,
      sample.proposal,
      '0xdf48aab284439ead9829323e7b22af551f3ef4cfb6dcfd4f5bfad85d19b2e84e',
    ],
    [
      'timeout vote',
      timeoutVoteCodec as Codec<unknown>,
      sample.timeoutVote,
      '0x4ecf0b55bf5a3f9bbf6d4d1f5516d0ef967e95ab4dc19586269c7c640435a252',
    ],
    [
      'advance view',
      advanceViewCodec as Codec<unknown>,
      sample.advanceView,
      '0x1ddc0057d7b492aba8f2795b9899e3cbc4c7785e33c5d55ff5c4ee8e3ce7e962',
    ],
  ]

  it.each(golden)('a %s of the first stage has the bytes it always had', (_, codec, make, hash) => {
    const seeds = Array.from({ length: 30 }, (_unused, seed) => seed)
    const bytes = seeds.map((seed) => codec.encode(make(new SeededRandom(seed))))
    expect(bytesToHex(sha256(...bytes))).toBe(hash)
  })

  it('a value without tips is refused in the longer form', () => {
    const random = new SeededRandom(1)
    const tc = sample.highTipTimeoutCertificate(random)
    const bytes = timeoutCertificateCodec.encode({ ...tc, groups: [], highTip: sample.tip(random) })
    const empty = timeoutCertificateCodec.encode({ ...tc, groups: [] })
    expect(timeoutCertificateCodec.decode(bytes).groups).toEqual([])
    // The longer form of the same, by hand: an offset more, one field more of no bytes.
    const view = new DataView(bytes.slice().buffer)
    const longer = new Uint8Array(empty.length + 4)
    longer.set(new Uint8Array(view.buffer).subarray(0, 28))
    longer.set(empty.subarray(24), 28)
    new DataView(longer.buffer).setUint32(24, longer.length, true)
    expect(() => timeoutCertificateCodec.decode(longer)).toThrow(/longer than its value needs/)
  })

  it('refuses a tip with both proofs, and a certificate whose groups are of two kinds', () => {
    const random = new SeededRandom(2)
    const groups = sample.highTipTimeoutCertificate(random).groups
    const { signature } = sample.tip(random)
    const header = sample.blockHeader(random)
    const nec = sample.noEndorsementCertificate(random)
    const withNec = tipCodec.encode({ header, signature, fresh: { kind: 'nec', nec } })
    const withGroups = tipCodec.encode({ header, signature, fresh: { kind: 'noTip', groups } })
    const merged = mergeTips(withNec, withGroups)
    expect(() => tipCodec.decode(merged)).toThrow(/canonical/)

    const { highTipView: _none, ...plain } = groups[0]!
    const mixed = { ...sample.highTipTimeoutCertificate(random), groups: [plain, groups[0]!] }
    expect(() => timeoutCertificateCodec.encode(mixed)).toThrow(InvariantError)
  })
})

/** A tip with the groups of one and the certificate of the other, which no value has. */
function mergeTips(withNec: Uint8Array, withGroups: Uint8Array): Uint8Array {
  const offsets = (bytes: Uint8Array): number[] => {
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    return [0, 4, 8, 12].map((at) => view.getUint32(at, true))
  }
  const [header, tcHash, noTip, nec] = offsets(withGroups) as [number, number, number, number]
  const necAt = offsets(withNec)[3]!
  const merged = Uint8Array.of(...withGroups, ...withNec.subarray(necAt))
  const view = new DataView(merged.buffer)
  for (const [i, at] of [header, tcHash, noTip, nec].entries()) view.setUint32(4 * i, at, true)
  return merged
}

describe('limits of the containers', () => {
  const random = new SeededRandom(1)
  const qc = sample.quorumCertificate(random)

  it('takes a bitmap of the largest set and none above', () => {
    const withBitmap = (size: number): Uint8Array =>
      quorumCertificateCodec.encode({ ...qc, signers: new Uint8Array(size) })
    expect(quorumCertificateCodec.decode(withBitmap(SIGNER_BITMAP_BYTES_MAX)).signers).toHaveLength(
      SIGNER_BITMAP_BYTES_MAX,
    )
    expect(() => quorumCertificateCodec.decode(withBitmap(SIGNER_BITMAP_BYTES_MAX + 1))).toThrow(
      DecodeError,
    )
  })

  it('takes the largest transaction and none above', () => {
    const sized = (size: number): Uint8Array =>
      transactionCodec.encode({ kind: 1, bytes: new Uint8Array(size) })
    expect(transactionCodec.decode(sized(TRANSACTION_BYTES_MAX)).bytes).toHaveLength(
      TRANSACTION_BYTES_MAX,
    )
    expect(() => transactionCodec.decode(sized(TRANSACTION_BYTES_MAX + 1))).toThrow(DecodeError)
  })

  it('takes the largest set and none above', () => {
    const [member] = sample.validatorSet(random).validators
    const sized = (size: number): Uint8Array =>
      validatorSetCodec.encode({
        epoch: 1n,
        validators: Array.from({ length: size }, () => ({ ...member!, stake: 1n })),
        totalStake: BigInt(size),
      })
    expect(validatorSetCodec.decode(sized(VALIDATORS_MAX)).totalStake).toBe(BigInt(VALIDATORS_MAX))
    expect(() => validatorSetCodec.decode(sized(VALIDATORS_MAX + 1))).toThrow(DecodeError)
  })

  it('takes as much evidence as fits a block and no more', () => {
    const sized = (size: number): Uint8Array =>
      payloadCodec.encode({
        actions: [],
        evm: [],
        evidence: Array.from({ length: size }, () => Uint8Array.of(1)),
      })
    expect(payloadCodec.decode(sized(BLOCK_EVIDENCE_MAX)).evidence).toHaveLength(BLOCK_EVIDENCE_MAX)
    expect(() => payloadCodec.decode(sized(BLOCK_EVIDENCE_MAX + 1))).toThrow(DecodeError)
  })

  it('takes the largest evidence of every kind that a set can give, and names no other kinds', () => {
    const certificate = {
      ...qc,
      signers: new Uint8Array(SIGNER_BITMAP_BYTES_MAX),
      signature: new Uint8Array(CERTIFICATE_SIGNATURE_BYTES_MAX),
    }
    const bytes = evidenceCodec.encode({
      kind: 'conflictingQCs',
      first: certificate,
      second: certificate,
    })
    expect(bytes.length).toBeLessThanOrEqual(EVIDENCE_BYTES_MAX)
    expect(EVIDENCE_BYTES_MAX).toBeLessThanOrEqual(BLOCK_EVIDENCE_BYTES_MAX)
    expect(evidenceCodec.decode(bytes).kind).toBe('conflictingQCs')
    for (const kind of [0, 6, 255]) {
      const other = bytes.slice()
      other[0] = kind
      expect(() => evidenceCodec.decode(other)).toThrow(DecodeError)
    }
    expect(() => evidenceCodec.decode(new Uint8Array(0))).toThrow(DecodeError)
  })

  it('refuses an oversized block before it decodes anything', () => {
    const error = catchError(() => blockCodec.decode(new Uint8Array(BLOCK_BYTES_MAX + 1)))
    expect(error).toMatchObject({
      code: 'OL_DECODE_SIZE',
      data: { what: 'block', size: BLOCK_BYTES_MAX + 1, max: BLOCK_BYTES_MAX },
    })
  })

  it('refuses milliseconds that JavaScript cannot hold', () => {
    const header = { ...sample.blockHeader(random), timestampMs: Number.MAX_SAFE_INTEGER }
    const bytes = blockHeaderCodec.encode(header)
    expect(blockHeaderCodec.decode(bytes).timestampMs).toBe(Number.MAX_SAFE_INTEGER)

    const at = indexOf(bytes, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0))
    const above = bytes.slice()
    above.set(Uint8Array.of(0, 0, 0, 0, 0, 0, 0x20, 0), at)
    expect(() => blockHeaderCodec.decode(above)).toThrow(/2\^53/)
  })

  it('refuses an unknown kind of transaction', () => {
    const bytes = transactionCodec.encode({ kind: 1, bytes: Uint8Array.of(1) }).slice()
    bytes[0] = 2
    expect(() => transactionCodec.decode(bytes)).toThrow(DecodeError)
  })

  it('knows one form of a recovery id only', () => {
    const envelope = sample.actionEnvelope(random)
    for (const v of [0, 1, 26, 29]) {
      const bytes = actionEnvelopeCodec.encode({
        ...envelope,
        signature: { ...envelope.signature, v },
      })
      expect(() => actionEnvelopeCodec.decode(bytes)).toThrow(DecodeError)
    }
  })
})

function catchError(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  const at = bytes.findIndex((_, i) => wanted.every((byte, j) => bytes[i + j] === byte))
  expect(at).toBeGreaterThanOrEqual(0)
  return at
}
