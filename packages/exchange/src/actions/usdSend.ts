import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { formatUnits, parseUnits } from '../decimal.ts'
import { emitLedgerUpdate } from '../ledgerEvents.ts'
import { accountMargin, withdrawable } from '../margin.ts'
import { addRawUsd } from '../perpClearinghouse.ts'
import type { User } from '../records.ts'
import { USD_DECIMALS } from '../tradeEvents.ts'
import { activate, activationFee, isSystemAddress } from './activation.ts'
import { type ActionOutcome, DONE, fault } from './outcome.ts'

/** Sends USDC from one perp account to another. */
export function applyUsdSend(
  state: CoreState,
  user: User,
  action: Extract<Action, { type: 'usdSend' }>,
): ActionOutcome {
  const usd = parseUnits(action.amount, USD_DECIMALS)
  if (usd === undefined || usd === 0n) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  return sendUsd(state, user, action.destination, usd)
}

/** `usd` in 1e-6 USDC, above 0. */
export function sendUsd(
  state: CoreState,
  user: User,
  destination: User,
  usd: bigint,
): ActionOutcome {
  if (isSystemAddress(destination)) {
    return fault('OL_ACTION_DESTINATION', 'Only spot tokens go to the EVM.')
  }
  if (destination === user) return fault('OL_ACTION_DESTINATION', 'Cannot self-transfer.')
  const fee = activationFee(state, destination)
  if (withdrawable(accountMargin(state, user)) < usd + fee) {
    return fault('OL_ACTION_MARGIN', 'Insufficient withdrawable balance for transfer.')
  }
  activate(state, destination)
  addRawUsd(state, user, -usd - fee)
  addRawUsd(state, destination, usd)
  addRawUsd(state, state.rules.collector, fee)
  emitLedgerUpdate(state, [user, destination], {
    type: 'internalTransfer',
    usdc: formatUnits(usd, USD_DECIMALS),
    user,
    destination,
    fee: formatUnits(fee, USD_DECIMALS),
  })
  return DONE
}
