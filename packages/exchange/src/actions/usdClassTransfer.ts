import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { formatUnits, parseUnits } from '../decimal.ts'
import { emitLedgerUpdate } from '../ledgerEvents.ts'
import { accountMargin, withdrawable } from '../margin.ts'
import { addRawUsd } from '../perpClearinghouse.ts'
import type { User } from '../records.ts'
import { credit, debit, spotAvailable, USDC, USDC_WEI_PER_UNIT } from '../spotClearinghouse.ts'
import { USD_DECIMALS } from '../tradeEvents.ts'
import { type ActionOutcome, DONE, fault } from './outcome.ts'

/** Moves USDC between the spot and the perp side of one account. */
export function applyUsdClassTransfer(
  state: CoreState,
  user: User,
  { amount, toPerp }: Extract<Action, { type: 'usdClassTransfer' }>,
): ActionOutcome {
  // §3.3: `1 subaccount:0x…` acts for a sub-account.
  const [text = '', subAccount, ...rest] = amount.split(' subaccount:')
  const usd = parseUnits(text, USD_DECIMALS)
  if (usd === undefined || rest.length > 0) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  if (subAccount === undefined) return transferUsdClass(state, user, usd, toPerp)
  const owner = subAccount.toLowerCase()
  return state.subAccounts.get(owner)?.master === user
    ? transferUsdClass(state, owner, usd, toPerp)
    : fault('OL_ACTION_SUB_ACCOUNT', `${owner} is not a sub-account of the user.`)
}

/** `usd` in 1e-6 USDC; on spot the same money is 100 times as many units; §1.1. */
export function transferUsdClass(
  state: CoreState,
  user: User,
  usd: bigint,
  toPerp: boolean,
): ActionOutcome {
  if (usd === 0n) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  const wei = usd * USDC_WEI_PER_UNIT
  if (toPerp) {
    if (spotAvailable(state, user, USDC) < wei) {
      return fault('OL_ACTION_BALANCE', 'Insufficient spot balance for transfer.')
    }
    debit(state, user, { token: USDC, wei })
    addRawUsd(state, user, usd)
  } else {
    if (withdrawable(accountMargin(state, user)) < usd) {
      return fault('OL_ACTION_MARGIN', 'Insufficient withdrawable balance for transfer.')
    }
    addRawUsd(state, user, -usd)
    credit(state, user, { token: USDC, wei, entryNtl: 0n })
  }
  emitLedgerUpdate(state, [user], {
    type: 'accountClassTransfer',
    usdc: formatUnits(usd, USD_DECIMALS),
    toPerp,
  })
  return DONE
}
