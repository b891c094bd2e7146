import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { parseUnits } from '../decimal.ts'
import { sendToEvm } from '../evmBridge.ts'
import { emitLedgerUpdate, spotTransferDelta } from '../ledgerEvents.ts'
import type { Token, User } from '../records.ts'
import {
  spotAvailable,
  spotValue,
  transferSpot,
  USDC,
  USDC_WEI_PER_UNIT,
} from '../spotClearinghouse.ts'
import { findToken } from '../spotTokens.ts'
import { activate, activationFee, isSystemAddress } from './activation.ts'
import { type ActionOutcome, DONE, fault } from './outcome.ts'

/** Sends a spot token to another account. */
export function applySpotSend(
  state: CoreState,
  user: User,
  action: Extract<Action, { type: 'spotSend' }>,
): ActionOutcome {
  const token = findToken(state, action.token)
  if (token === undefined) return fault('OL_ACTION_TOKEN', 'Token does not exist.')
  const wei = parseUnits(action.amount, token.weiDecimals)
  if (wei === undefined) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  return sendSpot(state, user, { token, wei, destination: action.destination })
}

/** To an account, or through a system address to the EVM. */
export function sendSpot(
  state: CoreState,
  user: User,
  transfer: { readonly token: Token; readonly wei: bigint; readonly destination: User },
): ActionOutcome {
  const { token, wei, destination } = transfer
  if (isSystemAddress(destination)) return sendToEvm(state, user, transfer)
  if (wei === 0n) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  if (destination === user) return fault('OL_ACTION_DESTINATION', 'Cannot self-transfer.')

  const fee = activationFee(state, destination)
  const feeWei = fee * USDC_WEI_PER_UNIT
  const needed = token.index === USDC ? wei + feeWei : wei
  const isCovered =
    spotAvailable(state, user, token.index) >= needed &&
    (fee === 0n || spotAvailable(state, user, USDC) >= feeWei)
  if (!isCovered) return fault('OL_ACTION_BALANCE', 'Insufficient balance for token transfer.')

  activate(state, destination)
  const entryNtl = spotValue(state, token, wei)
  transferSpot(state, user, destination, { token: token.index, wei, entryNtl })
  transferSpot(state, user, state.rules.collector, { token: USDC, wei: feeWei, entryNtl: 0n })
  const delta = spotTransferDelta(token, { user, destination, wei, value: entryNtl, fee })
  emitLedgerUpdate(state, [user, destination], delta)
  return DONE
}
