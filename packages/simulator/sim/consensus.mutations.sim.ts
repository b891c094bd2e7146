// Share of the planted protocol bugs that are found, and the dearest of them, with the real core clean on the same
// scenarios.
import { cpuMs, report } from '../../../bench/figure.ts'
import { type Killed, loadMutant, removeMutants } from './mutants.ts'
import { MUTATIONS } from './mutationTable.ts'
import { type Scenario, underHighTip } from './scenarios.ts'
import { TIP_MUTATIONS } from './tipMutations.ts'

const onTips = MUTATIONS.map(
  (mutation): Killed => ({
    ...mutation,
    name: `${mutation.name} (with tips)`,
    killers: mutation.killers.map(underHighTip),
  }),
)
const all = [...MUTATIONS, ...onTips, ...TIP_MUTATIONS]
const clean = new Set<Scenario>(all.flatMap(({ killers }) => killers))
for (const scenario of clean) scenario(undefined)

let killed = 0
let dearestMs = 0
for (const mutation of all) {
  const mutant = await loadMutant(mutation)
  let found: unknown
  const spentMs = await cpuMs(() => {
    for (const scenario of mutation.killers) {
      try {
        scenario(mutant)
      } catch (error) {
        found = error
        return
      }
    }
  })
  dearestMs = Math.max(dearestMs, spentMs)
  if (found === undefined) console.log(`survives: ${mutation.name}`)
  else {
    killed += 1
    console.log(`${mutation.name}: ${Math.round(spentMs)} ms, ${firstLine(found)}`)
  }
}
removeMutants()

report({
  id: 'consensus.mutations',
  value: (100 * killed) / all.length,
  unit: `% of ${all.length}`,
  op: '>=',
  target: 100,
  runs: [killed],
})
report({
  id: 'consensus.mutations.dearest',
  value: dearestMs / 1_000,
  unit: 'CPU-s',
  op: '<=',
  target: 30,
  runs: [dearestMs / 1_000],
})

function firstLine(error: unknown): string {
  return String(error).split('\n')[0]?.slice(0, 100) ?? ''
}
