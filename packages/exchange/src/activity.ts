import { type Activity, NO_ACTIVITY } from './accountRecords.ts'
import type { CoreState } from './coreState.ts'
import { floorQuotient } from './exactSum.ts'
import { OPEN_ORDERS_MAX } from './limits.ts'
import type { User } from './records.ts'

/** 1e-6 USDC of volume that open one more order; docs/spec/hyperliquid.md §5. */
const VOLUME_PER_OPEN_ORDER = 5_000_000_000_000

export function activityOf(state: CoreState, user: User): Activity {
  return state.activities.get(user) ?? NO_ACTIVITY
}

/** Adds a trade (1e-6 USDC) to the volume of both sides. */
export function noteVolume(state: CoreState, users: readonly User[], notional: bigint): void {
  if (notional === 0n) return
  for (const user of users) {
    const activity = activityOf(state, user)
    state.activities.set(user, { ...activity, volume: activity.volume + notional })
  }
}

/** Orders that a user may have open: what genesis grants, and one more for every 5M USDC traded; §5. */
export function openOrdersMaxOf(state: CoreState, user: User): number {
  const { openOrdersMax } = state.rules
  const most = Math.max(openOrdersMax, OPEN_ORDERS_MAX)
  const near = state.activities.nearVolumeOf(state.accounts.handleOf(user))
  const earned = Number.isNaN(near)
    ? Number(activityOf(state, user).volume / BigInt(VOLUME_PER_OPEN_ORDER))
    : floorQuotient(near, VOLUME_PER_OPEN_ORDER)
  return Math.min(openOrdersMax + earned, most)
}
