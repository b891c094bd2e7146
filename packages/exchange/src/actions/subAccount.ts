import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { formatUnits, parseUnits } from '../decimal.ts'
import { emitLedgerUpdate, spotTransferDelta } from '../ledgerEvents.ts'
import { SUB_ACCOUNTS_MAX } from '../limits.ts'
import { accountMargin, withdrawable } from '../margin.ts'
import { addRawUsd } from '../perpClearinghouse.ts'
import type { User } from '../records.ts'
import { spotAvailable, spotValue, transferSpot } from '../spotClearinghouse.ts'
import { findToken } from '../spotTokens.ts'
import { subAccountAddress } from '../subAccountAddress.ts'
import { USD_DECIMALS } from '../tradeEvents.ts'
import { activate } from './activation.ts'
import { type ActionFault, type ActionOutcome, DONE, fault } from './outcome.ts'

const NAME_CHARS_MAX = 16

/** Opens an account that the user signs for; docs/spec/hyperliquid.md §9. */
export function applyCreateSubAccount(
  state: CoreState,
  user: User,
  { name }: Extract<Action, { type: 'createSubAccount' }>,
): ActionOutcome {
  const refused = checkName(name)
  if (refused !== undefined) return refused
  const index = state.subAccountsOf(user).size
  if (index >= SUB_ACCOUNTS_MAX) return fault('OL_ACTION_SUB_ACCOUNT', 'Too many sub-accounts.')
  const address = subAccountAddress(user, index)
  activate(state, address)
  state.subAccounts.set(address, { master: user, index, name })
  return { type: 'createSubAccount', data: address }
}

export function applySubAccountModify(
  state: CoreState,
  user: User,
  { subAccountUser, name }: Extract<Action, { type: 'subAccountModify' }>,
): ActionOutcome {
  const refused = checkName(name)
  if (refused !== undefined) return refused
  const subAccount = state.subAccounts.get(subAccountUser)
  if (subAccount?.master !== user) return notYours(subAccountUser)
  state.subAccounts.set(subAccountUser, { ...subAccount, name })
  return DONE
}

/** Moves USDC between the perp sides of master and sub-account. */
export function applySubAccountTransfer(
  state: CoreState,
  user: User,
  { subAccountUser, isDeposit, usd }: Extract<Action, { type: 'subAccountTransfer' }>,
): ActionOutcome {
  const ends = endsOf(state, user, subAccountUser, isDeposit)
  if (isFaulty(ends)) return ends
  const amount = BigInt(usd)
  if (amount === 0n) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  if (withdrawable(accountMargin(state, ends.from)) < amount) {
    return fault('OL_ACTION_MARGIN', 'Insufficient withdrawable balance for transfer.')
  }
  addRawUsd(state, ends.from, -amount)
  addRawUsd(state, ends.to, amount)
  emitLedgerUpdate(state, [ends.from, ends.to], {
    type: 'subAccountTransfer',
    usdc: formatUnits(amount, USD_DECIMALS),
    user: ends.from,
    destination: ends.to,
  })
  return DONE
}

/** Moves a token between the spot sides of master and sub-account. */
export function applySubAccountSpotTransfer(
  state: CoreState,
  user: User,
  action: Extract<Action, { type: 'subAccountSpotTransfer' }>,
): ActionOutcome {
  const ends = endsOf(state, user, action.subAccountUser, action.isDeposit)
  if (isFaulty(ends)) return ends
  const token = findToken(state, action.token)
  if (token === undefined) return fault('OL_ACTION_TOKEN', 'Token does not exist.')
  const wei = parseUnits(action.amount, token.weiDecimals)
  if (wei === undefined || wei === 0n) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  if (spotAvailable(state, ends.from, token.index) < wei) {
    return fault('OL_ACTION_BALANCE', 'Insufficient balance for token transfer.')
  }
  const entryNtl = spotValue(state, token, wei)
  transferSpot(state, ends.from, ends.to, { token: token.index, wei, entryNtl })
  const { from, to } = ends
  const moved = { user: from, destination: to, wei, value: entryNtl }
  emitLedgerUpdate(state, [from, to], spotTransferDelta(token, moved))
  return DONE
}

function checkName(name: string): ActionFault | undefined {
  const size = [...name].length
  return size === 0 || size > NAME_CHARS_MAX
    ? fault('OL_ACTION_SUB_ACCOUNT', 'Invalid sub-account name.')
    : undefined
}

interface Ends {
  readonly from: User
  readonly to: User
}

function endsOf(
  state: CoreState,
  user: User,
  subAccount: User,
  isDeposit: boolean,
): Ends | ActionFault {
  if (state.subAccounts.get(subAccount)?.master !== user) return notYours(subAccount)
  return isDeposit ? { from: user, to: subAccount } : { from: subAccount, to: user }
}

function isFaulty(ends: Ends | ActionFault): ends is ActionFault {
  return 'code' in ends
}

function notYours(subAccount: User): ActionFault {
  return fault('OL_ACTION_SUB_ACCOUNT', `${subAccount} is not a sub-account of the user.`)
}
