import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { SCHEDULED_CANCELS_A_DAY_MAX } from '../limits.ts'
import type { User } from '../records.ts'
import {
  dayOf,
  SCHEDULE_LEAD_MS_MIN,
  scheduleCancelAt,
  scheduledCancelCount,
} from '../scheduledCancels.ts'
import { type ActionOutcome, DONE, fault } from './outcome.ts'

/** Sets or clears the time at which all orders of the user are cancelled; docs/spec/hyperliquid.md §5. */
export function applyScheduleCancel(
  state: CoreState,
  user: User,
  { time }: Extract<Action, { type: 'scheduleCancel' }>,
): ActionOutcome {
  if (time !== undefined && time < state.now.timestampMs + SCHEDULE_LEAD_MS_MIN) {
    return fault(
      'OL_ACTION_SCHEDULE',
      'Scheduled cancel time too early, must be at least 5 seconds from now.',
    )
  }
  const today = scheduledCancelCount(state, user, dayOf(state.now.timestampMs))
  if (time !== undefined && today >= SCHEDULED_CANCELS_A_DAY_MAX) {
    return fault('OL_ACTION_SCHEDULE', 'Scheduled cancel was triggered too often today.')
  }
  scheduleCancelAt(state, user, time ?? 0)
  return DONE
}
