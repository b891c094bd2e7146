import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { MISSING_TWAP } from '../orderRejection.ts'
import type { User } from '../records.ts'
import { cancelTwap, startTwap } from '../twap.ts'
import type { ActionOutcome } from './outcome.ts'

/** Starts a TWAP; docs/spec/hyperliquid.md §5. */
export function applyTwapOrder(
  state: CoreState,
  user: User,
  { twap, details }: Extract<Action, { type: 'twapOrder' }>,
): ActionOutcome {
  return { type: 'twapOrder', data: { status: startTwap(state, user, twap, details) } }
}

export function applyTwapCancel(
  state: CoreState,
  user: User,
  { a, t }: Extract<Action, { type: 'twapCancel' }>,
): ActionOutcome {
  const status = cancelTwap(state, user, a, t) ? 'success' : { error: MISSING_TWAP }
  return { type: 'twapCancel', data: { status } }
}
