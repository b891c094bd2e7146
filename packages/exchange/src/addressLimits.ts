import type { Action } from '@openliquid/primitives'
import type { Activity } from './accountRecords.ts'
import { type ActionFault, fault } from './actions/outcome.ts'
import { activityOf } from './activity.ts'
import type { CoreState } from './coreState.ts'
import type { User } from './records.ts'

// docs/spec/hyperliquid.md §8.2.
export const REQUESTS_GRANTED = 10_000
const CANCELS_EXTRA = 100_000
const OVERDRAWN_INTERVAL_MS = 10_000
/** A request that came too late weighs more; §3.1. */
const EXPIRED_WEIGHT = 5
const USDC_UNITS = 1_000_000n

/** Requests that an address may have made in all: one for every USDC traded, beside those granted and bought. */
export function requestsMaxOf({ volume, reserved }: Activity): number {
  return REQUESTS_GRANTED + reserved + Number(volume / USDC_UNITS)
}

/** Counts a request, or says why there is none left. */
export function countRequest(
  state: CoreState,
  user: User,
  action: Action,
  isExpired: boolean,
): ActionFault | undefined {
  const isOfValidator = action.type === 'validatorOracle' || action.type === 'validatorL1Vote'
  if (!state.rules.addressLimits || isOfValidator) return undefined
  const activity = activityOf(state, user)
  const size = requestCount(action)
  const requests = activity.requests + size * (isExpired ? EXPIRED_WEIGHT : 1)
  const requestsMax = requestsMaxOf(activity)
  const isCancel = action.type === 'cancel' || action.type === 'cancelByCloid'
  const most = isCancel ? Math.min(requestsMax + CANCELS_EXTRA, 2 * requestsMax) : requestsMax
  if (requests <= most) {
    state.activities.set(user, { ...activity, requests })
    return undefined
  }
  const { timestampMs } = state.now
  if (size === 1 && timestampMs >= activity.overdrawnMs + OVERDRAWN_INTERVAL_MS) {
    state.activities.set(user, { ...activity, requests, overdrawnMs: timestampMs })
    return undefined
  }
  return fault(
    'OL_ACTION_RATE_LIMIT',
    `Too many cumulative requests sent (${requests} > ${most}) for cumulative volume traded.`,
  )
}

/** A batch counts as many as it holds. */
function requestCount(action: Action): number {
  switch (action.type) {
    case 'order':
      return Math.max(1, action.orders.length)
    case 'cancel':
    case 'cancelByCloid':
      return Math.max(1, action.cancels.length)
    case 'batchModify':
      return Math.max(1, action.modifies.length)
    default:
      return 1
  }
}
