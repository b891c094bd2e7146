// A database's log cut at every byte of its newest blocks: openings that are neither at the old nor at the new block.
// TORN_BLOCKS chooses how many blocks.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { report } from '../../../bench/figure.ts'
import { digestOf, TornStore } from './tornStore.ts'

const blocks = Number(process.env['TORN_BLOCKS'] ?? 4)
const root = mkdtempSync(join(tmpdir(), 'openliquid-torn-'))
try {
  const torn = await TornStore.record(root, blocks)
  const [start, end] = [torn.boundaries[0]?.logBytes ?? 0, torn.boundaries.at(-1)?.logBytes ?? 0]
  let between = 0
  for (let cut = start; cut <= end; cut++) {
    const digest = await torn.open(cut, digestOf).catch((error: unknown) => String(error))
    if (digest === torn.expected(cut).digest) continue
    between++
    console.log(`cut at ${cut}: ${digest}`)
  }
  report({
    id: 'execution.torn',
    value: between,
    unit: `of ${end - start + 1} cuts`,
    op: '<=',
    target: 0,
    runs: [between],
  })
} finally {
  rmSync(root, { recursive: true, force: true })
}
