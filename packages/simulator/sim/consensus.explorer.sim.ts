// Exhaustive search of n = 4 with one faulty validator, for every assignment of leaders to the views, over the real
// core. `consensus.explorer [views]`
import { cpuMs, report } from '../../../bench/figure.ts'
import { Explorer, PropertyViolation } from '../src/index.ts'
import { leaderAssignments } from './leaderAssignments.ts'

const views = Number(process.argv[2] ?? 4)
const counts: number[] = []
let states = 0
let transitions = 0
let violations = 0
for (const leaders of leaderAssignments(views)) {
  const spentMs = await cpuMs(() => {
    try {
      const found = new Explorer({ leaders }).explore()
      states += found.states
      transitions += found.transitions
      counts.push(found.states)
      console.log(`leaders ${leaders.join('')}: ${JSON.stringify(found)}`)
    } catch (error) {
      if (!(error instanceof PropertyViolation)) throw error
      violations += 1
      console.log(`leaders ${leaders.join('')}: ${error.message}`)
      console.log(
        `replay: openliquid-node simulate --explorer '${error.message.split('; after ')[1]}'`,
      )
    }
  })
  console.log(`  ${Math.round(spentMs)} ms of CPU`)
}

report({
  id: 'consensus.explorer',
  value: violations,
  unit: `violations in ${states} states, ${transitions} transitions, run to the end`,
  op: '<=',
  target: 0,
  runs: counts,
})
report({
  id: 'consensus.explorer.views',
  value: views,
  unit: 'views',
  op: '>=',
  target: 4,
  runs: [views],
})
