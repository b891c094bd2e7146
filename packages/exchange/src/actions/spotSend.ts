import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { formatUnits, parseUnits } from '../decimal.ts'
import { emitLedgerUpdate } from '../ledgerEvents.ts'
import type { Token, User } from '../records.ts'
import {
  spotAvailable,
  spotValue,
  transferSpot,
  USDC,
  USDC_WEI_PER_UNIT,
} from '../spotClearinghouse.ts'
import { USD_DECIMALS } from '../tradeEvents.ts'
import { activate, activationFee, isSystemAddress } from './activation.ts'
import { type ActionOutcome, DONE, fault, unsupported } from './outcome.ts'

/** Sends a spot token to another account. */
export function applySpotSend(
  state: CoreState,
  user: User,
  action: Extract<Action, { type: 'spotSend' }>,
): ActionOutcome {
  const { destination } = action
  if (isSystemAddress(destination)) return unsupported('transfer to the EVM')
  const token = findToken(state, action.token)
  if (token === undefined) return fault('OL_ACTION_TOKEN', 'Token does not exist.')
  const wei = parseUnits(action.amount, token.weiDecimals)
  if (wei === undefined || wei === 0n) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
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
  emitLedgerUpdate(state, [user, destination], {
    type: 'spotTransfer',
    token: token.name,
    amount: formatUnits(wei, token.weiDecimals),
    usdcValue: formatUnits(entryNtl, USD_DECIMALS),
    user,
    destination,
    fee: formatUnits(fee, USD_DECIMALS),
  })
  return DONE
}

/** Transfers write a token as `NAME:0x<16-byte id>`; docs/spec/hyperliquid.md §1.2. */
function findToken(state: CoreState, text: string): Token | undefined {
  const [name, id, ...rest] = text.split(':')
  if (id === undefined || rest.length > 0) return undefined
  for (const [, token] of state.tokens.entries()) {
    if (token.name === name && token.tokenId === id.toLowerCase()) return token
  }
  return undefined
}
