import { activate } from '../actions/activation.ts'
import { type ActionFault, type ActionOutcome, DONE, fault } from '../actions/outcome.ts'
import { activityOf } from '../activity.ts'
import type { CoreState } from '../coreState.ts'
import { formatUnits } from '../decimal.ts'
import { tradingAs } from '../feeDiscounts.ts'
import { emitLedgerUpdate } from '../ledgerEvents.ts'
import { addRawUsd } from '../perpClearinghouse.ts'
import type { User } from '../records.ts'
import { USD_DECIMALS } from '../tradeEvents.ts'

const CODE = /^[A-Z0-9]{1,20}$/
const MILLION = 1_000_000n
/** Holds the shares that nobody has claimed yet. Nobody signs for it. */
export const REFERRAL_ESCROW: User = `0x${'fc'.repeat(20)}`

/** Makes a code that others can name; docs/spec/hyperliquid.md §8.1. */
export function registerReferrer(state: CoreState, user: User, code: string): ActionOutcome {
  const { referrers } = state.profiles
  if (!CODE.test(code)) return refused('Invalid referral code.')
  if (referrers.has(user)) return refused('User already has a referral code.')
  if (activityOf(state, user).volume < state.discounts.referral.codeVolume) {
    return refused('User has traded too little to refer others.')
  }
  if (state.profiles.referrerOf(code) !== undefined) return refused('Referral code is taken.')
  referrers.set(user, { code, unclaimed: 0n, claimed: 0n })
  return DONE
}

/** Names who referred the user: once, and for ever. */
export function setReferrer(state: CoreState, user: User, code: string): ActionOutcome {
  const referrer = state.profiles.referrerOf(code)
  if (referrer === undefined) return refused('Referral code does not exist.')
  if (referrer === user) return refused('Cannot refer oneself.')
  if (state.profiles.referred.has(user)) return refused('Referrer is already set.')
  const joinedMs = state.now.timestampMs
  state.profiles.referred.set(user, { referrer, joinedMs, volume: 0n, fees: 0n, shared: 0n })
  return DONE
}

/** Pays what the user's referrals have earned it into its perp balance. */
export function claimRewards(state: CoreState, user: User): ActionOutcome {
  const referrer = state.profiles.referrers.get(user)
  if (referrer === undefined || referrer.unclaimed === 0n) return refused('No rewards to claim.')
  const { unclaimed, claimed } = referrer
  state.profiles.referrers.set(user, { ...referrer, unclaimed: 0n, claimed: claimed + unclaimed })
  addRawUsd(state, REFERRAL_ESCROW, -unclaimed)
  addRawUsd(state, user, unclaimed)
  emitLedgerUpdate(state, [user], {
    type: 'rewardsClaim',
    amount: formatUnits(unclaimed, USD_DECIMALS),
  })
  return DONE
}

/**
 * What a trade of a referred account means for its referrer: volume, and a share of the fee that the collector got.
 *
 * @param trade.fee - to the collector, in 1e-6 USDC; 0 on spot, where nothing is shared
 */
export function noteReferredTrade(
  state: CoreState,
  user: User,
  trade: { readonly notional: bigint; readonly fee: bigint },
): void {
  const { accounts, feeTerms, profiles, discounts } = state
  if (!feeTerms.isReferred(accounts.find(user))) return
  const trader = tradingAs(state, user)
  const referred = profiles.referred.get(trader)
  if (referred === undefined) return
  const { sharePpm, shareVolume } = discounts.referral
  const isShared = trade.fee > 0n && referred.volume < shareVolume
  const share = isShared ? (trade.fee * BigInt(sharePpm)) / MILLION : 0n
  profiles.referred.set(trader, {
    ...referred,
    volume: referred.volume + trade.notional,
    fees: referred.fees + (isShared ? trade.fee : 0n),
    shared: referred.shared + share,
  })
  if (share === 0n) return
  const referrer = profiles.referrers.get(referred.referrer)
  if (referrer === undefined) return
  activate(state, REFERRAL_ESCROW)
  addRawUsd(state, state.rules.collector, -share)
  addRawUsd(state, REFERRAL_ESCROW, share)
  profiles.referrers.set(referred.referrer, { ...referrer, unclaimed: referrer.unclaimed + share })
}

function refused(text: string): ActionFault {
  return fault('OL_ACTION_REFERRAL', text)
}
