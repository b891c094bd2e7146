import { expect, test } from 'vitest'
import { cutBatch } from './batchCuts.ts'

// A cut between any two bytes: `pnpm sim evm.killed`.
test('a folder cut within a batch opens at the block before it, a whole one at its block', {
  timeout: 300_000,
}, async () => {
  const { cuts, faults, isWholeNew } = await cutBatch(150)
  expect(faults).toEqual([])
  expect(isWholeNew).toBe(true)
  expect(cuts).toBeGreaterThan(50)
})
