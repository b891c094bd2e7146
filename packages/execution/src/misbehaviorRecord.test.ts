import { SeededRandom, sample } from '@openliquid/primitives/testing'
import { memoryStore } from '@openliquid/storage/testing'
import { expect, it } from 'vitest'
import { misbehaviorWrites, readMisbehaviors } from './misbehaviorRecord.ts'

it('gives back in height order what blocks convicted of, and writes nothing for the others', async () => {
  const store = memoryStore()
  const random = new SeededRandom(3)
  const [low, high] = [sample.misbehaviors(random), sample.misbehaviors(random)]
  expect(misbehaviorWrites(7n, [])).toEqual([])
  for (const [height, misbehaviors] of [
    [300n, high],
    [2n, low],
  ] as const) {
    const one =
      misbehaviors.length === 0
        ? [{ kind: 'duplicateVote', validator: 1, epoch: 1n, view: height } as const]
        : misbehaviors
    await store.batch(misbehaviorWrites(height, one), { sync: true })
    await store.batch([[Uint8Array.of(0x6d, 0x7a), Uint8Array.of(1)]], { sync: true })
  }
  const read = await readMisbehaviors(store)
  expect(read.length).toBeGreaterThanOrEqual(2)
  expect(read).toEqual([...low, ...high])
})
