import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, bytesToHex, uintToBytes } from '@openliquid/primitives'
import { type LevelStore, openStore } from '@openliquid/storage'
import { EvmFixture } from '../src/testing/index.ts'

/** Cuts at the ends of a batch are all tried: there are the headers of LevelDB's records. */
const EDGE_BYTES = 24

/** What came of opening a folder after each kill. */
export interface BatchCuts {
  readonly cuts: number
  /** Where the folder opened at something else than the block before. */
  readonly faults: readonly string[]
  /** Whether the whole file opened at the new block. */
  readonly isWholeNew: boolean
}

/**
 * A block is one batch, which LevelDB appends to its log. Cuts the file within the newest batch, as a kill or a power cut
 * leaves it, and opens the folder: it must be at the block before, entry by entry.
 *
 * @param step - of the cuts in bytes: with 1 there is one between any two bytes
 */
export async function cutBatch(step: number): Promise<BatchCuts> {
  const root = mkdtempSync(join(tmpdir(), 'openliquid-batch-'))
  try {
    return await cutsIn(root, step)
  } finally {
    rmSync(root, { recursive: true })
  }
}

async function cutsIn(root: string, step: number): Promise<BatchCuts> {
  const path = join(root, 'db')
  const store = await openStore(path)
  const chain = await EvmFixture.create({ store, keepDiffs: 1 })
  await blockOf(chain)
  const log = newestLog(path)
  const start = statSync(log).size
  const before = await contentOf(store)
  await blockOf(chain)
  assert(newestLog(path) === log, 'both batches are in one file')
  const end = statSync(log).size
  const after = await contentOf(store)
  assert(before !== after && end > start, 'the block changed something')
  const bytes = readFileSync(log)
  const files = join(root, 'files')
  cpSync(path, files, { recursive: true })
  await store.close()

  const opened = async (content: Uint8Array): Promise<string> => {
    const folder = join(root, 'cut')
    cpSync(files, folder, { recursive: true })
    writeFileSync(newestLog(folder), content)
    const reopened = await openStore(folder)
    const found = await contentOf(reopened)
    await reopened.close()
    rmSync(folder, { recursive: true })
    return found
  }
  const faults: string[] = []
  let cuts = 0
  for (let size = start; size < end; size++) {
    const isEdge = size - start < EDGE_BYTES || end - size <= EDGE_BYTES
    if (!isEdge && (size - start) % step !== 0) continue
    cuts += 1
    if ((await opened(bytes.subarray(0, size))) !== before) faults.push(`cut at ${size - start}`)
    if (isEdge) continue
    // The file may be longer than what has reached the disk of it.
    const torn = Buffer.alloc(end)
    bytes.copy(torn, 0, 0, size)
    if ((await opened(torn)) !== before) faults.push(`zeros from ${size - start}`)
  }
  return { cuts, faults, isWholeNew: (await opened(bytes)) === after }
}

/** One entry a line. */
async function contentOf(store: LevelStore): Promise<string> {
  const entries: string[] = []
  for await (const [key, value] of store.entries({})) {
    entries.push(`${bytesToHex(key)} ${bytesToHex(value)}`)
  }
  return entries.join('\n')
}

/** The log that the newest batches are in. */
function newestLog(folder: string): string {
  const logs = readdirSync(folder).filter((name) => /^\d+\.log$/.test(name))
  return join(folder, logs.sort().at(-1) ?? '')
}

/** A transfer, and a contract with a slot that comes into being. */
async function blockOf(chain: EvmFixture): Promise<void> {
  const init = Uint8Array.of(0x60, 0x07, 0x5f, 0x55, 0x60, 0x01, 0x5f, 0xf3)
  await chain.block([
    chain.transaction({ data: init, gasLimit: 200_000n }),
    chain.transaction({ to: uintToBytes(0x77, 20), value: 5n, gasLimit: 21_000n }, 1),
  ])
}
