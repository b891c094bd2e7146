// Mutants of valid streams, hellos, heartbeats and address lists through every decoder of the package.
import { SeededRandom } from '@openliquid/primitives/testing'
import { report } from '../../../bench/figure.ts'
import { fuzzOnce } from './fuzzTargets.ts'

const MUTANTS = Number(process.env['MUTANTS'] ?? 1_200_000)
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
const random = new SeededRandom(seed)
let broken = 0
for (let i = 0; i < MUTANTS; i++) {
  try {
    fuzzOnce(random)
  } catch (cause) {
    broken++
    if (broken <= 10) process.stdout.write(`mutant ${i} of seed ${seed}: ${String(cause)}\n`)
  }
}
report({
  id: 'network.fuzz.mutants',
  value: MUTANTS,
  unit: 'mutants',
  op: '>=',
  target: 1_000_000,
  runs: [MUTANTS],
})
report({
  id: 'network.fuzz',
  value: broken,
  unit: 'broken properties',
  op: '<=',
  target: 0,
  runs: [broken],
})
