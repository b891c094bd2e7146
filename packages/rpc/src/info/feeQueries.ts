import type { ChainView } from '@openliquid/execution'
import { type Address, NATIVE_TOKEN_NAME, parseDecimal } from '@openliquid/primitives'
import { decimalText } from './exchangeJson.ts'

/** Decimals of a rate in millionths. */
const RATE_DECIMALS = 6
const DAY_MS = 86_400_000

/** The rates have the discount for stake in them, but not that of a referral, as the original prints them. */
export function userFees(view: ChainView, address: Address): unknown {
  const fees = view.core.userFees(address)
  const { user, base, tiers, makerRebates, days, staking } = fees
  const share = (stake: string): string => bpsOfSupply(view, stake)
  const paid = (ratePpm: number): string => discountedRate(ratePpm, staking.discountPpm)
  return {
    dailyUserVlm: days.map(({ day, taker, maker, exchange }) => ({
      date: new Date(day * DAY_MS).toISOString().slice(0, 10),
      userCross: taker,
      userAdd: maker,
      exchange,
    })),
    feeSchedule: {
      ...ratesToJson(base),
      tiers: {
        vip: tiers.map((tier) => ({ ntlCutoff: tier.volume, ...ratesToJson(tier) })),
        mm: makerRebates.map(({ sharePpm, rebatePpm }) => ({
          makerFractionCutoff: rateText(sharePpm),
          add: rateText(-rebatePpm),
        })),
      },
      referralDiscount: rateText(fees.referralDiscountPpm),
      stakingDiscountTiers: fees.stakingDiscounts.map(({ stake, discountPpm }) => ({
        bpsOfMaxSupply: share(stake),
        discount: rateText(discountPpm),
      })),
    },
    userCrossRate: paid(user.perpTakerPpm),
    userAddRate: paid(user.perpMakerPpm),
    userSpotCrossRate: paid(user.spotTakerPpm),
    userSpotAddRate: paid(user.spotMakerPpm),
    activeReferralDiscount: rateText(fees.activeReferralPpm),
    trial: null,
    feeTrialEscrow: '0.0',
    nextTrialAvailableTimestamp: null,
    stakingLink: view.core.stakingLink(address),
    activeStakingDiscount: {
      bpsOfMaxSupply: share(staking.stake),
      discount: rateText(staking.discountPpm),
    },
  }
}

/** Decimals of amounts of HYPE, and of a rate times a share in millionths. */
const STAKE_DECIMALS = 8
const DISCOUNTED_DECIMALS = 12
const MILLION = 1_000_000n
const BPS = 10_000n

/** Rebates are not lowered. */
function discountedRate(ratePpm: number, discountPpm: number): string {
  const rate = BigInt(ratePpm)
  return decimalText(
    rate * (rate > 0n ? MILLION - BigInt(discountPpm) : MILLION),
    DISCOUNTED_DECIMALS,
  )
}

/** Tiers are printed as basis points of all HYPE that can ever be. */
function bpsOfSupply(view: ChainView, stake: string): string {
  const native = view.core.spotMeta().tokens.find(({ name }) => name === NATIVE_TOKEN_NAME)
  const supply = native && view.core.reader().tokenSupplyOf(native.index)?.maxSupply
  if (supply === undefined || supply === 0n) return '0.0'
  const unit = 10n ** BigInt(STAKE_DECIMALS)
  return decimalText((parseDecimal(stake, STAKE_DECIMALS) * BPS * unit) / supply, STAKE_DECIMALS)
}

/** What referring has brought an account, and who referred it. Rewards are in USDC alone, of perps. */
export function referral(view: ChainView, address: Address): unknown {
  const { referredBy, volume, codeVolume, mayRefer, referrer } = view.core.referral(address)
  const rewards = {
    cumVlm: volume,
    unclaimedRewards: referrer?.unclaimed ?? '0.0',
    claimedRewards: referrer?.claimed ?? '0.0',
    builderRewards: '0.0',
  }
  return {
    referredBy,
    ...rewards,
    referrerState:
      referrer === undefined
        ? mayRefer
          ? { stage: 'needToCreateCode' }
          : { stage: 'needToTrade', data: { required: codeVolume } }
        : {
            stage: 'ready',
            data: {
              code: referrer.code,
              nReferrals: referrer.referralCount,
              referralStates: referrer.referralStates.map((state) => {
                const sums = {
                  cumVlm: state.volume,
                  cumRewardedFeesSinceReferred: state.fees,
                  cumFeesRewardedToReferrer: state.shared,
                }
                const { joinedMs: timeJoined, user } = state
                return { ...sums, timeJoined, user, tokenToState: [[USDC, sums]] }
              }),
            },
          },
    rewardHistory: [],
    tokenToState: [[USDC, rewards]],
  }
}

/** Index of USDC. */
const USDC = 0

type Rates = ReturnType<ChainView['core']['userFees']>['base']

function ratesToJson(rates: Rates): Readonly<Record<string, string>> {
  return {
    cross: rateText(rates.perpTakerPpm),
    add: rateText(rates.perpMakerPpm),
    spotCross: rateText(rates.spotTakerPpm),
    spotAdd: rateText(rates.spotMakerPpm),
  }
}

function rateText(ppm: number): string {
  return decimalText(BigInt(ppm), RATE_DECIMALS)
}
