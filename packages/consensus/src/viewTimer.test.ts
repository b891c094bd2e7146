import type { ConsensusParams } from '@openliquid/primitives'
import { expect, it } from 'vitest'
import { viewTimeoutMs } from './viewTimer.ts'

const params = {
  viewTimeoutMs: 500,
  viewTimeoutGrowthMilli: 1_500,
  viewTimeoutFreeFailures: 2,
  viewTimeoutMsMax: 8_000,
} as ConsensusParams

it('grows by γ after k0 free failures, up to τmax (§5)', () => {
  const timeouts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1_000].map((k) => viewTimeoutMs(params, k))
  expect(timeouts).toEqual([500, 500, 500, 750, 1125, 1687, 2530, 3795, 5692, 8000, 8000, 8000])
})
