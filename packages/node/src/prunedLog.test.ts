import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Block, blockCodec } from '@openliquid/primitives'
import { SeededRandom, sample } from '@openliquid/primitives/testing'
import { openConsensusLog } from '@openliquid/storage'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PrunedLog } from './prunedLog.ts'

let path: string
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'openliquid-wal-'))
})
afterEach(() => {
  rmSync(path, { recursive: true })
})

/** Large, so that a few fill a segment. */
function blockRecord(height: bigint) {
  const actions = Array.from({ length: 10 }, () => new Uint8Array(100_000))
  const block: Block = {
    header: { ...sample.blockHeader(new SeededRandom(1)), height },
    payload: { actions, evm: [], evidence: [] },
  }
  return { kind: 'block', body: blockCodec.encode(block) } as const
}

function heightsIn(folder: string): bigint[] {
  const log = openConsensusLog({ path: folder })
  try {
    return log
      .recover()
      .filter(({ kind }) => kind === 'block')
      .map(({ body }) => blockCodec.decode(body).header.height)
  } finally {
    log.close()
  }
}

test('lets segments go whose blocks are all in the database, never a block above it', () => {
  const consensusLog = openConsensusLog({ path })
  const log = new PrunedLog(consensusLog)
  for (let height = 1n; height <= 10n; height++) log.append([blockRecord(height)], { sync: true })
  expect(consensusLog.segmentCount).toBeGreaterThan(2)
  log.onExecuted(0n)
  log.onExecuted(6n)
  log.close()
  const kept = heightsIn(path)
  expect(kept).toEqual(expect.arrayContaining([7n, 8n, 9n, 10n]))
  expect(kept).not.toContain(1n)
})

test('knows the blocks of an earlier run', () => {
  const first = new PrunedLog(openConsensusLog({ path }))
  for (let height = 1n; height <= 10n; height++) first.append([blockRecord(height)], { sync: true })
  first.close()
  const second = new PrunedLog(openConsensusLog({ path }))
  second.onExecuted(2n)
  second.close()
  expect(heightsIn(path)).toEqual(expect.arrayContaining([3n, 4n, 10n]))
})
