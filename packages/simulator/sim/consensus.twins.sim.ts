// Twins: how many views of all scenarios are exhausted, states merged, and how many scenarios of five views a minute of
// CPU plays when nothing is merged. `consensus.twins [views]`
import { cpuMs, report } from '../../../bench/figure.ts'
import { Prng, PropertyViolation, playTwins, Twins } from '../src/index.ts'
import { twinsScenarioOf } from './twinsScenarioOf.ts'

const VIEWS = 5
const SCENARIOS = 5_000
const wanted = Number(process.argv[2] ?? 3)

let exhausted = 0
let violations = 0
const twins = new Twins()
const spentMs = await cpuMs(() => {
  try {
    twins.exhaust(wanted, ({ played, scenarios, states, view }) => {
      exhausted = view
      console.log(`view ${view}: ${states} states, ${played} played, ${scenarios} scenarios`)
    })
  } catch (error) {
    if (!(error instanceof PropertyViolation)) throw error
    violations += 1
    console.log(error.message)
    console.log(
      `replay: openliquid-node simulate --twins '${error.message.split('; scenario ')[1]}'`,
    )
  }
})
console.log(`${JSON.stringify(twins.counts)}, ${Math.round(spentMs / 1_000)} s of CPU`)
report({
  id: 'consensus.twins',
  value: exhausted,
  unit: `views exhausted, ${violations} violations`,
  op: '>=',
  target: VIEWS,
  runs: [exhausted],
})

const prng = new Prng(1)
for (let i = 0; i < 500; i++) playTwins(twinsScenarioOf(prng, VIEWS))
const playMs = await cpuMs(() => {
  for (let i = 0; i < SCENARIOS; i++) playTwins(twinsScenarioOf(prng, VIEWS))
})
const perMinute = (60_000 * SCENARIOS) / playMs
report({
  id: 'consensus.twins.perMinute',
  value: perMinute,
  unit: 'scenarios of 5 views per CPU-minute, unmerged',
  op: '>=',
  target: 50_000,
  runs: [perMinute],
})
