// Violations of safety and liveness over a million simulated views of seeded schedules, with all monitors on.
// `consensus.safety [first seed] [views]`: without arguments the first seed is fresh, and printed.
import { randomInt } from 'node:crypto'
import { report } from '../../../bench/figure.ts'
import { doTasks, onAllCores } from '../../../bench/onAllCores.ts'
import { isFinding, planOf, runPlan, simulate } from '../src/index.ts'

const VIEWS = 1_000_000
const FINDINGS_MAX = 5
/** Seeds a process takes at a time. */
const BATCH = 20
const PROGRESS_MS = 60_000

interface Batch {
  readonly views: number
  readonly failed: readonly number[]
}

if (!doTasks(runBatch)) await lead()

async function lead(): Promise<void> {
  const [firstText, viewsText] = process.argv.slice(2)
  const first = firstText === undefined ? randomInt(2 ** 31) : Number(firstText)
  const wanted = viewsText === undefined ? VIEWS : Number(viewsText)
  console.log(`first seed ${first}`)
  const startMs = performance.now()
  let next = first
  let views = 0
  const failed: number[] = []
  let toldMs = startMs
  await onAllCores<number, Batch>(import.meta.url, {
    next: () => {
      if (views >= wanted || failed.length >= FINDINGS_MAX) return undefined
      next += BATCH
      return next - BATCH
    },
    onResult: (batch) => {
      views += batch.views
      failed.push(...batch.failed)
      for (const seed of batch.failed) console.log(`  a violation: seed ${seed}`)
      if (performance.now() - toldMs < PROGRESS_MS) return
      toldMs = performance.now()
      console.log(`  ${views} views, ${failed.length} violations`)
    },
  })
  const seconds = Math.round((performance.now() - startMs) / 1_000)
  console.log(`seeds ${first} to ${next - 1}: ${views} views in ${seconds} s`)
  for (const seed of failed) show(seed)
  report({
    id: 'consensus.safety',
    value: failed.length,
    unit: `violations in ${views} views`,
    op: '<=',
    target: 0,
    runs: [failed.length],
  })
}

function runBatch(first: number): Batch {
  let views = 0
  const failed: number[] = []
  for (let seed = first; seed < first + BATCH; seed++) {
    try {
      views += runPlan(planOf(seed)).views
    } catch (error) {
      if (!isFinding(error)) throw new Error(`seed ${seed}`, { cause: error })
      failed.push(seed)
    }
  }
  return { views, failed }
}

function show(seed: number): void {
  const { finding } = simulate(seed)
  console.log(`seed ${seed}: ${finding?.message}`)
  for (const line of finding?.trace ?? []) console.log(`  ${line}`)
  console.log(`  replay: openliquid-node simulate --seed ${seed}`)
}
