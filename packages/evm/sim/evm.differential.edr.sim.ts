// Random programs under random signed transactions on an engine and on revm, for as many seeds as given:
// `pnpm sim evm.differential.edr`. EVM_ENGINE, EVM_SEEDS and EVM_FIRST_SEED choose which; a difference prints its seed.
import { report } from '../../../bench/figure.ts'
import { EdrDifferential } from './edrDifferential.ts'

const TRANSACTIONS = 20
const engine = process.env['EVM_ENGINE'] === 'reference' ? 'reference' : 'fast'
const seeds = Number(process.env['EVM_SEEDS'] ?? 1_000)
const first = Number(process.env['EVM_FIRST_SEED'] ?? 1)

const differential = await EdrDifferential.create(engine)
let differences = 0
let transactions = 0
let successes = 0
for (let seed = first; seed < first + seeds; seed++) {
  const round = await differential.round(seed, TRANSACTIONS)
  transactions += round.transactions
  successes += round.successes
  if (round.difference === undefined) continue
  differences++
  console.log(round.difference)
}
console.log(`${transactions} transactions, ${successes} of them succeeded`)
report({
  id: 'evm.differential.edr',
  value: differences,
  unit: `differences in ${transactions} transactions`,
  op: '<=',
  target: 0,
  runs: [differences],
})
