import { type Address, bytesToHex } from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import { formatUnits } from './decimal.ts'
import { referralDiscountPpm, stakingDiscountPpm, tradingAs } from './feeDiscounts.ts'
import type { FeeRates } from './feeSchedule.ts'
import { feeRatesOf } from './feeVolumes.ts'
import { stakeBehind } from './profiles/stakingLinks.ts'
import { formatStake } from './staking/staking.ts'
import { USD_DECIMALS } from './tradeEvents.ts'

/** Rates in millionths and volumes in USDC: what `userFees` is printed from. */
export interface UserFeesReading {
  readonly user: FeeRates
  readonly base: FeeRates
  readonly tiers: readonly (FeeRates & { readonly volume: string })[]
  readonly makerRebates: readonly { readonly sharePpm: number; readonly rebatePpm: number }[]
  /** Discounts by delegated HYPE, ascending, and what the user has. Stakes as decimal strings. */
  readonly stakingDiscounts: readonly { readonly stake: string; readonly discountPpm: number }[]
  readonly staking: { readonly stake: string; readonly discountPpm: number }
  /** What a referral takes off, and what it takes off the user's fees now. */
  readonly referralDiscountPpm: number
  readonly activeReferralPpm: number
  /** Days of UTC since 1970, oldest first. None on a chain with the same rates for all: it keeps no volumes. */
  readonly days: readonly {
    readonly day: number
    readonly taker: string
    readonly maker: string
    /** Of the whole exchange. */
    readonly exchange: string
  }[]
}

export function userFeesOf(state: CoreState, user: Address): UserFeesReading {
  const owner = bytesToHex(user)
  const { tiers, makerRebates } = state.feeSchedule
  const exchange = new Map(
    (state.exchangeVolumes.get(0) ?? []).map(({ day, taker }) => [day, taker] as const),
  )
  return {
    user: ratesAlone(feeRatesOf(state, owner)),
    base: ratesAlone(state.rules),
    tiers: tiers.map((tier) => ({ ...ratesAlone(tier), volume: usd(tier.volume) })),
    makerRebates,
    stakingDiscounts: state.discounts.staking.map(({ stake, discountPpm }) => ({
      stake: formatStake(stake),
      discountPpm,
    })),
    staking: {
      stake: formatStake(stakeBehind(state, tradingAs(state, owner))),
      discountPpm: stakingDiscountPpm(state, stakeBehind(state, tradingAs(state, owner))),
    },
    referralDiscountPpm: state.discounts.referral.discountPpm,
    activeReferralPpm: referralDiscountPpm(state, owner),
    days: (state.feeVolumes.get(owner) ?? []).map(({ day, taker, maker }) => ({
      day,
      taker: usd(taker),
      maker: usd(maker),
      exchange: usd(exchange.get(day) ?? 0n),
    })),
  }
}

function ratesAlone({
  perpTakerPpm,
  perpMakerPpm,
  spotTakerPpm,
  spotMakerPpm,
}: FeeRates): FeeRates {
  return { perpTakerPpm, perpMakerPpm, spotTakerPpm, spotMakerPpm }
}

function usd(units: bigint): string {
  return formatUnits(units, USD_DECIMALS)
}
