import { expect, test } from 'vitest'
import { EdrDifferential } from './edrDifferential.ts'

test.each([
  ['fast', 1, 30],
  ['reference', 31, 36],
] as const)('the engine %s does what revm does, seeds %i to %i', async (engine, first, last) => {
  const differential = await EdrDifferential.create(engine)
  let successes = 0
  for (let seed = first; seed <= last; seed++) {
    const round = await differential.round(seed, 20)
    expect(round.difference).toBeUndefined()
    successes += round.successes
  }
  // The programs are worth comparing only while not all of them fail.
  expect(successes).toBeGreaterThan(2 * (last - first))
})
