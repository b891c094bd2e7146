import { type Block, blockHash, bytesToHex, SYNC_BLOCKS_MAX } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { verifyCommitProof } from './lightVerifier.ts'
import { answerGetBlocks, type BlockSource } from './syncServer.ts'
import { Fixture } from './testing/index.ts'

const fixture = new Fixture([1n, 1n, 1n, 1n])
const blocks = [fixture.genesis]
for (let view = 1n; view <= 100n; view += 1n) blocks.push(fixture.child(blocks.at(-1)!, view))
const hashAt = (height: number): Uint8Array => blockHash(blocks[height]!.header)
const bytesMax = 4_194_304

/** Heights up to `executed` are in the store, the next ones up to `known` in the core. */
function sourceOf(executed: number, known: number): BlockSource {
  const above = new Map<string, Block>()
  for (const block of blocks.slice(executed, known + 1))
    above.set(bytesToHex(blockHash(block.header)), block)
  return {
    uncommitted: (hash) => above.get(bytesToHex(hash)),
    certificateOf: (hash) => {
      const view = above.get(bytesToHex(hash))?.header.view
      return view === undefined || view === BigInt(known)
        ? undefined
        : fixture.qc(view, hash, [0, 1, 2])
    },
    executedHeight: BigInt(executed),
    executedAt: (height) => (height <= BigInt(executed) ? blocks[Number(height)] : undefined),
  }
}

describe('answerGetBlocks (§8)', () => {
  it('joins the store and the branch above it, certified up to the block wanted', () => {
    const request = { fromHeight: 18n, toHash: hashAt(22), bytesMax }
    const answer = answerGetBlocks(request, sourceOf(20, 24))
    expect(answer.blocks.map(({ header }) => header.height)).toEqual([18n, 19n, 20n, 21n, 22n])
    expect(answer.qc).toEqual(fixture.qc(22n, hashAt(22), [0, 1, 2]))
  })

  it('gives no more than SYNC_BLOCKS_MAX, with the certificate from the next header', () => {
    const answer = answerGetBlocks(
      { fromHeight: 1n, toHash: hashAt(99), bytesMax },
      sourceOf(96, 100),
    )
    expect(answer.blocks).toHaveLength(SYNC_BLOCKS_MAX)
    expect(answer.qc?.blockHash).toEqual(hashAt(SYNC_BLOCKS_MAX))
  })

  it('gives no more bytes than asked for, but one block at least', () => {
    const request = { fromHeight: 1n, toHash: hashAt(99), bytesMax: 1 }
    expect(answerGetBlocks(request, sourceOf(96, 100)).blocks).toHaveLength(1)
  })

  it('gives of an unknown branch what is executed, ending where it can prove it', () => {
    const request = { fromHeight: 5n, toHash: new Uint8Array(32), bytesMax }
    const { blocks: given, qc } = answerGetBlocks(request, {
      ...sourceOf(8, 8),
      certificateOf: () => undefined,
    })
    expect(given.map(({ header }) => header.height)).toEqual([5n, 6n, 7n])
    expect(qc?.blockHash).toEqual(hashAt(7))
  })

  it('has nothing for heights it does not know', () => {
    expect(answerGetBlocks({ fromHeight: 50n, bytesMax }, sourceOf(8, 8))).toEqual({ blocks: [] })
  })
})

describe('verifyCommitProof (§4)', () => {
  const qc = fixture.qc(12n, hashAt(12), [0, 1, 2])
  const path = [blocks[10]!.header, blocks[11]!.header, blocks[12]!.header]

  it('takes two headers or a longer path', () => {
    expect(verifyCommitProof({ path: path.slice(1), qc }, fixture.verifier)).toBe(true)
    expect(verifyCommitProof({ path, qc }, fixture.verifier)).toBe(true)
  })

  it.each([
    ['one header', { path: path.slice(2), qc }],
    ['a gap in the path', { path: [path[0]!, path[2]!], qc }],
    ['a QC of another block', { path: path.slice(0, 2), qc }],
    ['a QC without quorum', { path, qc: fixture.qc(12n, hashAt(12), [0, 1]) }],
    ['a QC of another epoch', { path, qc: { ...qc, epoch: 2n } }],
    [
      'the epoch-genesis QC as lower half',
      {
        path: [fixture.genesis.header, blocks[1]!.header],
        qc: fixture.qc(1n, hashAt(1), [0, 1, 2]),
      },
    ],
  ])('refuses %s', (_, proof) => {
    expect(verifyCommitProof(proof, fixture.verifier)).toBe(false)
  })

  it('refuses views that are not consecutive', () => {
    const parent = blocks[10]!
    const late = fixture.child(parent, 15n)
    const proof = {
      path: [parent.header, late.header],
      qc: fixture.qc(15n, blockHash(late.header), [0, 1, 2]),
    }
    expect(verifyCommitProof(proof, fixture.verifier)).toBe(false)
  })
})
