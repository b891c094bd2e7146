import {
  type Block,
  blockCodec,
  blockHash,
  blocksAnswerCodec,
  bytesToHex,
  equalBytes,
  type GetBlocks,
  getBlocksCodec,
  MESSAGE_KIND,
  SYNC_BLOCKS_MAX,
} from '@openliquid/primitives'
import { SeededRandom, sample } from '@openliquid/primitives/testing'
import { expect, test } from 'vitest'
import { BlockServer } from './blockServer.ts'
import { BLOCK_REQUESTS_MAX } from './limits.ts'

/** A chain of empty blocks above height 0, each with the QC of the one before. */
function chainOf(length: number, epochOf: (height: number) => bigint = () => 1n): Block[] {
  const random = new SeededRandom(1)
  const blocks: Block[] = []
  let parentHash = new Uint8Array(32)
  for (let height = 1; height <= length; height++) {
    const header = {
      ...sample.blockHeader(random),
      epoch: epochOf(height),
      height: BigInt(height),
      view: BigInt(height),
      parentHash,
      qc: { ...sample.quorumCertificate(random), blockHash: parentHash },
    }
    const block = { header, payload: { actions: [], evm: [], evidence: [] } }
    blocks.push(block)
    parentHash = Uint8Array.from(blockHash(header))
  }
  return blocks
}

/** Serves the first `stored` blocks from the store and the others as uncommitted ones. */
function serverFor(blocks: readonly Block[], stored: number, coming?: Block) {
  const at = (height: bigint): Block | undefined =>
    height >= 1n && height <= BigInt(stored) ? blocks[Number(height) - 1] : undefined
  const byHash = new Map(blocks.map((block) => [bytesToHex(blockHash(block.header)), block]))
  return new BlockServer({
    awaited: async (hash) =>
      coming !== undefined && equalBytes(blockHash(coming.header), hash) ? coming : undefined,
    store: {
      blockAt: at,
      headHeight: () => BigInt(stored),
      heightOf: (hash) => {
        const height = byHash.get(bytesToHex(hash))?.header.height
        return height !== undefined && height <= BigInt(stored) ? height : undefined
      },
      certificateAt: (height) => at(height + 1n)?.header.qc,
    },
    uncommitted: (hash) => {
      const block = byHash.get(bytesToHex(hash))
      return block !== undefined && block.header.height > BigInt(stored) ? block : undefined
    },
    certificateOf: (hash) => ({
      ...sample.quorumCertificate(new SeededRandom(2)),
      blockHash: hash,
    }),
  })
}

async function ask(server: BlockServer, request: Partial<GetBlocks>) {
  const body = getBlocksCodec.encode({ fromHeight: 1n, bytesMax: 1_000_000, ...request })
  const bytes = await server.answer(MESSAGE_KIND.getBlocks, body)
  if (bytes === undefined) return undefined
  const { blocks, qc } = blocksAnswerCodec.decode(bytes)
  return { heights: blocks.map(({ header }) => Number(header.height)), qc, blocks }
}

test('serves committed and uncommitted blocks up to a hash, with the certificate of the last', async () => {
  const blocks = chainOf(6)
  const server = serverFor(blocks, 4)
  const last = blockHash(blocks[5]!.header)
  const answer = await ask(server, { fromHeight: 3n, toHash: last })
  expect(answer?.heights).toEqual([3, 4, 5, 6])
  expect(answer?.qc).toMatchObject({ blockHash: last })
  const inside = await ask(server, { fromHeight: 2n, toHash: blockHash(blocks[2]!.header) })
  expect(inside?.heights).toEqual([2, 3])
})

test('without a hash it serves what is committed', async () => {
  expect((await ask(serverFor(chainOf(6), 4), { fromHeight: 2n }))?.heights).toEqual([2, 3, 4])
})

test('an answer keeps to the bytes asked for and to the blocks of one answer', async () => {
  const blocks = chainOf(SYNC_BLOCKS_MAX + 10)
  const server = serverFor(blocks, blocks.length)
  expect((await ask(server, {}))?.heights).toHaveLength(SYNC_BLOCKS_MAX)
  const few = await ask(server, { bytesMax: 2_000 })
  expect(few?.heights[0]).toBe(1)
  expect(few?.heights.length).toBeLessThan(SYNC_BLOCKS_MAX)
  expect(few?.heights.length).toBeGreaterThan(0)
})

test('an answer ends where an epoch does: one certificate is of one epoch', async () => {
  const blocks = chainOf(6, (height) => (height < 4 ? 1n : 2n))
  const server = serverFor(blocks, 6)
  expect((await ask(server, {}))?.heights).toEqual([1, 2, 3])
  expect((await ask(server, { fromHeight: 4n }))?.heights).toEqual([4, 5, 6])
})

test('a hash that nobody knows here still gets the blocks below it', async () => {
  const unknown = new Uint8Array(32).fill(9)
  expect((await ask(serverFor(chainOf(3), 3), { toHash: unknown }))?.heights).toEqual([1, 2, 3])
})

test('refuses what it has not, what is malformed, and other kinds', async () => {
  const server = serverFor(chainOf(3), 3)
  expect(await ask(server, { fromHeight: 9n })).toBeUndefined()
  expect(await server.answer(MESSAGE_KIND.getBlocks, Uint8Array.of(1, 2))).toBeUndefined()
  expect(await server.answer(MESSAGE_KIND.vote, new Uint8Array(0))).toBeUndefined()
})

test('serves one block by its hash: committed, uncommitted, or on its way here', async () => {
  const blocks = chainOf(4)
  const coming = blocks[3]
  const server = serverFor(blocks.slice(0, 3), 2, coming)
  for (const block of blocks) {
    const bytes = await server.answer(MESSAGE_KIND.getBlockByHash, blockHash(block.header))
    expect(bytes).toEqual(blockCodec.encode(block))
  }
  const unknown = new Uint8Array(32).fill(9)
  expect(await server.answer(MESSAGE_KIND.getBlockByHash, unknown)).toBeUndefined()
  expect(await server.answer(MESSAGE_KIND.getBlockByHash, unknown.subarray(1))).toBeUndefined()
})

test('refuses more requests at a time than it may serve', async () => {
  const server = serverFor(chainOf(3), 3)
  const answers = await Promise.all(
    Array.from({ length: BLOCK_REQUESTS_MAX + 2 }, () => ask(server, {})),
  )
  expect(answers.filter((answer) => answer === undefined)).toHaveLength(2)
  expect(await ask(server, {})).toBeDefined()
})
