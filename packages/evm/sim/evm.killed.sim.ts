// The state database cut between any two bytes of a block's batch: `pnpm sim evm.killed`.
import { report } from '../../../bench/figure.ts'
import { cutBatch } from './batchCuts.ts'

const { cuts, faults, isWholeNew } = await cutBatch(1)
for (const fault of faults) console.log(fault)
if (!isWholeNew) throw new Error('the whole file does not open at its block')
report({
  id: 'evm.killed',
  value: faults.length,
  unit: `folders that open between two blocks, of ${cuts} cuts`,
  op: '<=',
  target: 0,
  runs: [faults.length],
})
