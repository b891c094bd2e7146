import type { Action } from '@openliquid/primitives'
import { activityOf } from '../activity.ts'
import type { CoreState } from '../coreState.ts'
import { formatUnits } from '../decimal.ts'
import { emitLedgerUpdate } from '../ledgerEvents.ts'
import { REQUESTS_RESERVED_MAX } from '../limits.ts'
import { accountMargin, withdrawable } from '../margin.ts'
import { addRawUsd } from '../perpClearinghouse.ts'
import type { User } from '../records.ts'
import { USD_DECIMALS } from '../tradeEvents.ts'
import { type ActionOutcome, DONE, fault } from './outcome.ts'

/** 1e-6 USDC for one request: 0.0005 USDC; docs/spec/hyperliquid.md §8.2. */
const REQUEST_COST = 500n

/** Buys requests for the user or another one. */
export function applyReserveRequestWeight(
  state: CoreState,
  user: User,
  action: Extract<Action, { type: 'reserveRequestWeight' }>,
): ActionOutcome {
  const { weight } = action
  const destination: User = action.destination ?? user
  const activity = activityOf(state, destination)
  const reserved = activity.reserved + weight
  if (weight === 0 || reserved > REQUESTS_RESERVED_MAX) {
    return fault('OL_ACTION_MALFORMED', 'Invalid request weight.')
  }
  if (!state.accounts.has(destination)) {
    return fault('OL_ACTION_DESTINATION', 'Destination does not exist.')
  }
  const cost = BigInt(weight) * REQUEST_COST
  if (withdrawable(accountMargin(state, user)) < cost) {
    return fault('OL_ACTION_MARGIN', 'Insufficient withdrawable balance for request weight.')
  }
  const { collector } = state.rules
  addRawUsd(state, user, -cost)
  addRawUsd(state, collector, cost)
  state.activities.set(destination, { ...activity, reserved })
  emitLedgerUpdate(state, [user], {
    type: 'internalTransfer',
    usdc: formatUnits(cost, USD_DECIMALS),
    user,
    destination: collector,
    fee: '0.0',
  })
  return DONE
}
