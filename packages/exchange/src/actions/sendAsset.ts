import type { AgentSendAssetAction, SendAssetAction } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { formatUnits, parseUnits } from '../decimal.ts'
import { emitLedgerUpdate, feeTokenOf } from '../ledgerEvents.ts'
import { accountMargin, withdrawable } from '../margin.ts'
import { addRawUsd } from '../perpClearinghouse.ts'
import type { Token, User } from '../records.ts'
import { credit, debit, spotAvailable, USDC, USDC_WEI_PER_UNIT } from '../spotClearinghouse.ts'
import { findToken } from '../spotTokens.ts'
import { USD_DECIMALS } from '../tradeEvents.ts'
import { activate, activationFee, isSystemAddress } from './activation.ts'
import { type ActionOutcome, DONE, fault } from './outcome.ts'
import { sendSpot } from './spotSend.ts'
import { transferUsdClass } from './usdClassTransfer.ts'
import { sendUsd } from './usdSend.ts'

/** The side of an account that an asset leaves or reaches. */
export type Dex = 'perp' | 'spot'

export interface AssetTransfer {
  readonly destination: User
  readonly source: Dex
  readonly target: Dex
  readonly token: Token
  readonly wei: bigint
  /** Of the action; 0 when a contract sends. */
  readonly nonce: number
}

const DEX_NAMES = { perp: '', spot: 'spot' } as const
const DEXES: ReadonlyMap<string, Dex> = new Map([
  ['', 'perp'],
  ['spot', 'spot'],
])

/** Sends a token between the sides of accounts; docs/spec/hyperliquid.md §4. */
export function applySendAsset(
  state: CoreState,
  user: User,
  action: SendAssetAction | AgentSendAssetAction,
): ActionOutcome {
  const from = action.fromSubAccount === '' ? user : action.fromSubAccount.toLowerCase()
  if (!isAccountOf(state, user, from)) {
    return fault('OL_ACTION_SUB_ACCOUNT', `${from} is not a sub-account of the user.`)
  }
  const [source, target] = [DEXES.get(action.sourceDex), DEXES.get(action.destinationDex)]
  if (source === undefined || target === undefined) {
    return fault('OL_ACTION_DESTINATION', 'Dex does not exist.')
  }
  const token = findToken(state, action.token)
  if (token === undefined) return fault('OL_ACTION_TOKEN', 'Token does not exist.')
  const wei = parseUnits(action.amount, token.weiDecimals)
  if (wei === undefined) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  const { destination, nonce } = action
  return sendAsset(state, from, { destination, source, target, token, wei, nonce })
}

/** An agent moves assets between the accounts of its master, and nowhere else; docs/spec/hyperliquid.md §3.4. */
export function applyAgentSendAsset(
  state: CoreState,
  user: User,
  action: AgentSendAssetAction,
): ActionOutcome {
  return isAccountOf(state, user, action.destination)
    ? applySendAsset(state, user, action)
    : fault('OL_ACTION_DESTINATION', 'Agents can only send to accounts of their master.')
}

/** The account itself, or one of its sub-accounts. */
export function isAccountOf(state: CoreState, user: User, account: User): boolean {
  return account === user || state.subAccounts.get(account)?.master === user
}

/** Perp accounts hold USDC only, in units of 1e-6. */
export function sendAsset(state: CoreState, user: User, transfer: AssetTransfer): ActionOutcome {
  const { destination, source, target, token, wei } = transfer
  if (source === 'spot' && target === 'spot') return sendSpot(state, user, transfer)
  if (isSystemAddress(destination)) {
    return fault('OL_ACTION_DESTINATION', 'Only spot tokens go to the EVM.')
  }
  if (token.index !== USDC) return fault('OL_ACTION_TOKEN', 'Token is not the collateral.')
  if (wei === 0n || wei % USDC_WEI_PER_UNIT !== 0n) {
    return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  }
  const usd = wei / USDC_WEI_PER_UNIT
  if (source === target) return sendUsd(state, user, destination, usd)
  if (destination === user) return transferUsdClass(state, user, usd, target === 'perp')
  return sendAcross(state, user, transfer)
}

/** To the other side of another account. */
function sendAcross(
  state: CoreState,
  user: User,
  { destination, nonce, source, target, token, wei }: AssetTransfer,
): ActionOutcome {
  const usd = wei / USDC_WEI_PER_UNIT
  const fee = activationFee(state, destination)
  const total = usd + fee
  if (source === 'spot') {
    if (spotAvailable(state, user, USDC) < total * USDC_WEI_PER_UNIT) {
      return fault('OL_ACTION_BALANCE', 'Insufficient balance for token transfer.')
    }
    debit(state, user, { token: USDC, wei: total * USDC_WEI_PER_UNIT })
  } else {
    if (withdrawable(accountMargin(state, user)) < total) {
      return fault('OL_ACTION_MARGIN', 'Insufficient withdrawable balance for transfer.')
    }
    addRawUsd(state, user, -total)
  }
  activate(state, destination)
  addRawUsd(state, state.rules.collector, fee)
  if (target === 'perp') addRawUsd(state, destination, usd)
  else credit(state, destination, { token: USDC, wei, entryNtl: 0n })
  const amount = formatUnits(usd, USD_DECIMALS)
  emitLedgerUpdate(state, [user, destination], {
    type: 'send',
    user,
    destination,
    sourceDex: DEX_NAMES[source],
    destinationDex: DEX_NAMES[target],
    token: token.name,
    amount,
    usdcValue: amount,
    fee: formatUnits(fee, USD_DECIMALS),
    nativeTokenFee: '0.0',
    nonce,
    feeToken: feeTokenOf(fee),
  })
  return DONE
}
