// Random runs of the Quint model, its invariants checked, and the real core led through each of them.
// `consensus.model [runs] [seed]`
import { report } from '../../../bench/figure.ts'
import { PropertyViolation } from '../src/index.ts'
import { runModel } from './model.ts'
import { replayTrace } from './modelReplay.ts'

/** Runs that the checker keeps in memory at a time. */
const BATCH = 100
const STEPS = 60

const runs = Number(process.argv[2] ?? 1_000)
const firstSeed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31))
let steps = 0
let commits = 0
let differences = 0
for (let seed = firstSeed; seed < firstSeed + runs / BATCH; seed++) {
  for (const trace of runModel({ seed, traces: BATCH, steps: STEPS })) {
    steps += trace.length - 1
    const last = trace.at(-1)
    if ([...(last?.replicas.values() ?? [])].some(({ committed }) => committed > 0)) commits += 1
    try {
      replayTrace(trace)
    } catch (error) {
      if (!(error instanceof PropertyViolation)) throw error
      differences += 1
      console.log(`seed ${seed}: ${error.message}`)
    }
  }
  console.log(`seed ${seed}: ${steps} steps`)
}

report({
  id: 'consensus.model',
  value: differences,
  unit: `differences in ${steps} steps of ${runs} runs, ${commits} of which commit`,
  op: '<=',
  target: 0,
  runs: [differences],
})
