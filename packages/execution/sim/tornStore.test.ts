import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { digestOf, TornStore } from './tornStore.ts'

// A process that dies while LevelDB writes leaves a prefix of its log. The long run of every byte is
// `pnpm sim execution.torn`.

const BLOCKS = 4
const EDGE_BYTES = 12
const STRIDE_BYTES = 211

let root: string
let torn: TornStore
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'openliquid-torn-'))
  torn = await TornStore.record(root, BLOCKS)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('a database whose log ends in the middle of a batch', () => {
  test('opens with all of the last whole block and nothing of the next', async () => {
    const [first, ...blocks] = torn.boundaries
    const [start, end] = [first!.logBytes, blocks.at(-1)!.logBytes]
    expect(new Set(torn.boundaries.map(({ digest }) => digest)).size).toBe(BLOCKS + 1)
    const edges = torn.boundaries.flatMap(({ logBytes }) =>
      Array.from({ length: 2 * EDGE_BYTES }, (_, i) => logBytes - EDGE_BYTES + i),
    )
    const inside = Array.from(
      { length: Math.ceil((end - start) / STRIDE_BYTES) },
      (_, i) => start + i * STRIDE_BYTES,
    )
    const cuts = [...new Set([...edges, ...inside])].filter((cut) => cut >= start && cut <= end)
    for (const cut of cuts) {
      const digest = await torn.open(cut, digestOf)
      expect(digest, `the log of ${end} bytes cut at ${cut}`).toBe(torn.expected(cut).digest)
    }
  })

  test('and zeros or remains of older data behind it opens the same', async () => {
    for (const [index, { logBytes }] of torn.boundaries.slice(1).entries()) {
      const cut = logBytes - 100 * (index + 1)
      for (const fill of [0x00, 0xff]) {
        const digest = await torn.open(cut, digestOf, new Uint8Array(4_096).fill(fill))
        expect(digest).toBe(torn.expected(cut).digest)
      }
    }
  })

  test('goes on to the very roots that it would have had', async () => {
    const next = torn.boundaries.slice(1)
    for (const [index, { logBytes, stateRoot }] of next.entries()) {
      const { height, stateRoot: before } = torn.boundaries[index]!
      const resumed = await torn.open(logBytes - 1, (store) => torn.resume(store))
      expect(resumed).toEqual({ height, stateRoot: before, nextRoot: stateRoot })
    }
  })
})
