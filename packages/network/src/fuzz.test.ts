/** A slice of `npm run sim network.fuzz`. */
import { SeededRandom } from '@openliquid/primitives/testing'
import { test } from 'vitest'
import { fuzzOnce } from '../sim/fuzzTargets.ts'

test.each([1, 2])('20,000 mutants of seed %i break no decoder', (seed) => {
  const random = new SeededRandom(seed)
  for (let i = 0; i < 20_000; i++) fuzzOnce(random)
})
