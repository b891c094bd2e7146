import { type Address, bytesToHex } from '@openliquid/primitives'
import { activityOf } from '../activity.ts'
import type { CoreState } from '../coreState.ts'
import { formatUnits } from '../decimal.ts'
import { REFERRALS_SHOWN_MAX } from '../limits.ts'
import { USD_DECIMALS } from '../tradeEvents.ts'

/** What `referral` is printed from. USDC as decimal strings. */
export interface ReferralReading {
  readonly referredBy: { readonly referrer: string; readonly code: string } | null
  readonly volume: string
  /** Volume that the account must have traded before it may refer others. */
  readonly codeVolume: string
  readonly mayRefer: boolean
  readonly referrer:
    | {
        readonly code: string
        readonly unclaimed: string
        readonly claimed: string
        readonly referralCount: number
        /** By address, the first of them. */
        readonly referralStates: readonly {
          readonly user: string
          readonly volume: string
          readonly fees: string
          readonly shared: string
          readonly joinedMs: number
        }[]
      }
    | undefined
}

export type StakingLinkJson =
  | { readonly type: 'requested' | 'tradingUser'; readonly stakingUser: string }
  | { readonly type: 'stakingUser'; readonly tradingUser: string }

export function referralOf(state: CoreState, address: Address): ReferralReading {
  const user = bytesToHex(address)
  const { referred, referrers } = state.profiles
  const by = referred.get(user)?.referrer
  const own = referrers.get(user)
  const { volume } = activityOf(state, user)
  const { codeVolume } = state.discounts.referral
  const friends = [...state.profiles.referredBy(user)].sort()
  return {
    referredBy: by === undefined ? null : { referrer: by, code: referrers.get(by)?.code ?? '' },
    volume: usd(volume),
    codeVolume: usd(codeVolume),
    mayRefer: volume >= codeVolume,
    referrer: own && {
      code: own.code,
      unclaimed: usd(own.unclaimed),
      claimed: usd(own.claimed),
      referralCount: friends.length,
      referralStates: friends.slice(0, REFERRALS_SHOWN_MAX).flatMap((friend) => {
        const trades = referred.get(friend)
        if (trades === undefined) return []
        return {
          user: friend,
          volume: usd(trades.volume),
          fees: usd(trades.fees),
          shared: usd(trades.shared),
          joinedMs: trades.joinedMs,
        }
      }),
    },
  }
}

/** The link that an account is in, or has asked for. */
export function stakingLinkOf({ profiles }: CoreState, address: Address): StakingLinkJson | null {
  const user = bytesToHex(address)
  const tradingUser = profiles.tradingUserOf(user)
  if (tradingUser !== undefined) return { type: 'stakingUser', tradingUser }
  const link = profiles.stakingLinks.get(user)
  if (link === undefined) return null
  return { type: link.isFinal ? 'tradingUser' : 'requested', stakingUser: link.stakingUser }
}

function usd(units: bigint): string {
  return formatUnits(units, USD_DECIMALS)
}
