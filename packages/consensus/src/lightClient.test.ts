import { readFileSync } from 'node:fs'
import {
  blsPortableScheme,
  blsScheme,
  ed25519PortableScheme,
  ed25519Scheme,
  type SignatureScheme,
} from '@openliquid/crypto'
import {
  type BlockHeader,
  bytesToHex,
  type CommitProof,
  commitProofCodec,
  type EpochChangeProof,
  epochChangeProofCodec,
  hexToBytes,
  validatorSetCodec,
} from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { LightClient } from './lightClient.ts'
import { LIGHT_EPOCHS_KEPT_MAX } from './limits.ts'

interface Vectors {
  readonly chainId: number
  readonly genesisHash: string
  readonly trustedSet: string
  readonly trustedAtMs: number
  readonly epochs: number
  readonly epochChangeProof: string
  readonly commitProofs: readonly {
    readonly height: string
    readonly epoch: string
    readonly executedHeight: string
    readonly stateRoot: string
    readonly proof: string
  }[]
}

const golden = JSON.parse(
  readFileSync(new URL('../vectors/light.json', import.meta.url), 'utf8'),
) as { readonly bls: Vectors; readonly ed25519: Vectors }

function clientOf(vectors: Vectors, scheme: SignatureScheme): LightClient {
  return new LightClient({
    context: { chainId: vectors.chainId, genesisHash: hexToBytes(vectors.genesisHash) },
    scheme,
    trustedSet: validatorSetCodec.decode(hexToBytes(vectors.trustedSet)),
    trustedAtMs: vectors.trustedAtMs,
    trustPeriodMs: 1_000,
  })
}

const changesOf = ({ epochChangeProof }: Vectors): EpochChangeProof =>
  epochChangeProofCodec.decode(hexToBytes(epochChangeProof))
const proofOf = ({ commitProofs }: Vectors, i: number): CommitProof =>
  commitProofCodec.decode(hexToBytes(commitProofs.at(i)?.proof ?? ''))

describe.each([
  ['bls, native', golden.bls, blsScheme],
  ['bls, portable', golden.bls, blsPortableScheme],
  ['ed25519, native', golden.ed25519, ed25519Scheme],
  ['ed25519, portable', golden.ed25519, ed25519PortableScheme],
])('the golden proofs of %s', (_, vectors, scheme) => {
  it('lead from the trusted set to the newest, to every block and its state root', () => {
    const client = clientOf(vectors, scheme)
    const changes = changesOf(vectors)
    expect(changes.proofs).toHaveLength(vectors.epochs)
    expect(client.follow(changes)).toBeUndefined()
    expect(client.epoch).toBe(1n + BigInt(vectors.epochs))
    expect(vectors.commitProofs.length).toBeGreaterThanOrEqual(4)
    for (const { epoch, executedHeight, height, proof, stateRoot } of vectors.commitProofs) {
      const answer = client.verify(commitProofCodec.decode(hexToBytes(proof)))
      expect(answer).toMatchObject({
        ok: true,
        block: {
          height: BigInt(height),
          epoch: BigInt(epoch),
          executedHeight: BigInt(executedHeight),
        },
      })
      expect(answer.ok && bytesToHex(answer.block.stateRoot)).toBe(stateRoot)
    }
  })

  it('have one encoding', () => {
    const { epochChangeProof, commitProofs } = vectors
    expect(bytesToHex(epochChangeProofCodec.encode(changesOf(vectors)))).toBe(epochChangeProof)
    for (const [i, { proof }] of commitProofs.entries()) {
      expect(bytesToHex(commitProofCodec.encode(proofOf(vectors, i)))).toBe(proof)
    }
  })
})

describe('a light client refuses', () => {
  const vectors = golden.ed25519
  const good = proofOf(vectors, 0)
  const withHeader = (i: number, change: Partial<BlockHeader>): CommitProof => ({
    ...good,
    path: good.path.map((header, at) => (at === i ? { ...header, ...change } : header)),
  })
  const last = good.path.length - 1

  it.each<[string, CommitProof]>([
    ['a proof without headers', { ...good, path: [] }],
    ['one header alone', { ...good, path: good.path.slice(-1) }],
    ['another state root', withHeader(0, { stateRoot: new Uint8Array(32) })],
    ['another header on top', withHeader(last, { timestampMs: 7 })],
    ['a suffix block', withHeader(0, { flags: 2 })],
    ['headers upside down', { ...good, path: [...good.path].reverse() }],
    ['a certificate of the block below', { ...good, qc: good.path[last]?.qc ?? good.qc }],
    [
      'a certificate that nobody signed',
      { ...good, qc: { ...good.qc, signature: new Uint8Array(good.qc.signature.length) } },
    ],
    [
      'a certificate of one signer',
      {
        ...good,
        qc: { ...good.qc, signers: Uint8Array.of(1), signature: good.qc.signature.slice(0, 64) },
      },
    ],
    ['another epoch', { ...good, qc: { ...good.qc, epoch: 2n } }],
  ])('%s', (_, proof) => {
    const client = clientOf(vectors, ed25519Scheme)
    expect(client.verify(good).ok).toBe(true)
    expect(client.verify(proof)).toMatchObject({ ok: false })
  })

  it('a block of an epoch that it has not come to, and a chain of changes with a gap', () => {
    const client = clientOf(vectors, ed25519Scheme)
    const { proofs } = changesOf(vectors)
    const newest = vectors.commitProofs.findIndex(({ epoch }) => epoch !== '1')
    expect(client.verify(proofOf(vectors, newest))).toMatchObject({
      ok: false,
      fault: { code: 'OL_CONSENSUS_EPOCH' },
    })
    expect(client.follow({ proofs: proofs.slice(1) })).toMatchObject({ code: 'OL_CONSENSUS_EPOCH' })
    expect(client.epoch).toBe(1n)
  })

  it('a change to a set that the closing block does not name, and keeps what came before it', () => {
    const client = clientOf(vectors, ed25519Scheme)
    const { proofs } = changesOf(vectors)
    const [first, second] = proofs
    if (first === undefined || second === undefined) throw new Error('two changes')
    const validators = second.nextSet.validators.map((one) => ({ ...one, stake: one.stake + 1n }))
    const forged = { ...second, nextSet: { ...second.nextSet, validators } }
    expect(client.follow({ proofs: [first, forged] })).toMatchObject({
      verdict: 'reject',
      code: 'OL_CONSENSUS_CERTIFICATE',
    })
    expect(client.epoch).toBe(2n)
    const notClosing = { ...second, commit: good }
    expect(
      client.follow({ proofs: [{ ...notClosing, commit: { ...good, path: [] } }] }),
    ).toMatchObject({ code: 'OL_CONSENSUS_MALFORMED' })
    expect(client.follow({ proofs: [second] })).toBeUndefined()
    expect(client.epoch).toBe(3n)
  })

  it('to trust what is older than the trust period', () => {
    const client = clientOf(vectors, ed25519Scheme)
    expect(client.isTrustOver(vectors.trustedAtMs + 1_000)).toBe(false)
    expect(client.isTrustOver(vectors.trustedAtMs + 1_001)).toBe(true)
    client.follow(changesOf(vectors))
    expect(client.isTrustOver(vectors.trustedAtMs + 1_001)).toBe(false)
    expect(LIGHT_EPOCHS_KEPT_MAX).toBeGreaterThan(112)
  })
})
