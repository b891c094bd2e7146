import type { CoreState } from './coreState.ts'
import { SCHEDULED_CANCELS_PER_BLOCK_MAX } from './limits.ts'
import { cancelAllOrders } from './orderCancel.ts'
import type { User } from './records.ts'

/** A scheduled cancel must be at least this far ahead; docs/spec/hyperliquid.md §5. */
export const SCHEDULE_LEAD_MS_MIN = 5_000
const DAY_MS = 86_400_000

/** UTC day of a time, from the epoch. */
export function dayOf(timestampMs: number): number {
  return Math.floor(timestampMs / DAY_MS)
}

/** How often a user's orders were cancelled by schedule on a day. */
export function scheduledCancelCount(state: CoreState, user: User, day: number): number {
  const scheduled = state.scheduledCancels.get(user)
  return scheduled?.day === day ? scheduled.count : 0
}

/** Replaces the time at which the user's orders go; 0 is never. */
export function scheduleCancelAt(state: CoreState, user: User, dueMs: number): void {
  const { day, count } = state.scheduledCancels.get(user) ?? { day: 0, count: 0 }
  const isEmpty = dueMs === 0 && (count === 0 || day < dayOf(state.now.timestampMs))
  state.scheduledCancels.set(user, isEmpty ? undefined : { dueMs, day, count })
}

/** Begin-block step ②: cancels the orders of users whose time has come; §2, §5. */
export function matureScheduledCancels(state: CoreState): void {
  const { timestampMs } = state.now
  const day = dayOf(timestampMs)
  for (let left = SCHEDULED_CANCELS_PER_BLOCK_MAX; left > 0; ) {
    const user = state.dueCancels.next(timestampMs)
    if (user === undefined) return
    const count = scheduledCancelCount(state, user, day) + 1
    state.scheduledCancels.set(user, { dueMs: 0, day, count })
    left -= 1 + cancelAllOrders(state, user, 'scheduledCancel')
  }
}
