// Recorded logs cut at every byte: restarts that are not silent, or sign what contradicts the life before.
// `consensus.wal [first seed] [logs]`: without arguments the first seed is fresh, and printed.
import { randomInt } from 'node:crypto'
import { report } from '../../../bench/figure.ts'
import { isFinding } from '../src/index.ts'
import { recordLog } from './recordedLog.ts'
import { cutEverywhere } from './walCuts.ts'

const LOGS = 100

const [firstText, logsText] = process.argv.slice(2)
const first = firstText === undefined ? randomInt(2 ** 31) : Number(firstText)
const logs = logsText === undefined ? LOGS : Number(logsText)
let cuts = 0
let restarts = 0
const failed: number[] = []
for (let seed = first; seed < first + logs; seed++) {
  try {
    const tally = cutEverywhere(recordLog(seed))
    cuts += tally.cuts
    restarts += tally.restarts
  } catch (error) {
    if (!isFinding(error)) throw error
    failed.push(seed)
    console.log(`seed ${seed}: ${error.message}`)
  }
}
console.log(`seeds ${first} to ${first + logs - 1}: ${cuts} cuts, ${restarts} restarts`)
report({
  id: 'consensus.wal',
  value: failed.length,
  unit: `of ${logs} logs, ${cuts} cuts`,
  op: '<=',
  target: 0,
  runs: [failed.length],
})
