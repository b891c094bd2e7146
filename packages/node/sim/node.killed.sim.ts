// A validator killed before and in the middle of each of its writes, from the creation of its folder on, every life on
// what the last one left: folders that open neither at the old block nor at the new one. NODE_WRITES: how many writes.
import { report } from '../../../bench/figure.ts'
import { KilledLives } from './killedLives.ts'

const writes = Number(process.env['NODE_WRITES'] ?? 30)
using lives = await KilledLives.create()
let between = 0
let height = 0
const kinds = new Map<string, number>()
for (let write = 1; write <= writes; write++) {
  for (const how of ['before', 'middle'] as const) {
    const life = await lives.live({ write, how })
    kinds.set(life.killed, (kinds.get(life.killed) ?? 0) + 1)
    height = life.height
    if (life.fault === undefined) continue
    between++
    console.log(`killed ${how} write ${write} (${life.killed}): ${life.fault}`)
  }
}
const shown = [...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ')
console.log(`${height} blocks; killed at ${shown}`)
report({
  id: 'node.killed',
  value: between,
  unit: `of ${2 * writes} kills`,
  op: '<=',
  target: 0,
  runs: [between],
})
