import { divideHalfEven, maxOf, minOf } from './decimal.ts'
import type { AveragePx } from './impactPrice.ts'

/** Premiums are integers of 1e-18. */
export const PREMIUM_DECIMALS = 18
const PREMIUM_SCALE = 1_000_000_000_000_000_000n
/** Rates are integers of 1e-10, for one hour. */
export const RATE_DECIMALS = 10
const RATE_SCALE = 10_000_000_000n
/** 0.01 % for 8 hours, in 1e-18. */
const INTEREST = 100_000_000_000_000n
/** How far the premium may be from the interest before it counts: 0.05 %, in 1e-18. */
const INTEREST_CLAMP = 500_000_000_000_000n
const HOURS = 8n
/** 4 % an hour. */
const RATE_MAX = 400_000_000n

/** Premium samples since the last settlement, and what they came to. */
export interface Premiums {
  /** Sum of the samples, 1e-18. */
  readonly sum: bigint
  readonly count: number
  /** The newest sample, 1e-18; absent when the book was too thin. */
  readonly latest: bigint | undefined
  /** The rate that was settled last, 1e-10 for one hour. */
  readonly rate: bigint
}

export const NO_PREMIUMS: Premiums = { sum: 0n, count: 0, latest: undefined, rate: 0n }

/**
 * How far the book is from the oracle, as a share of the oracle price in 1e-18; docs/spec/hyperliquid.md §7.3.
 *
 * (max(impactBid - oracle, 0) - max(oracle - impactAsk, 0)) / oracle: a book is never crossed, so one of the two is 0.
 */
export function premiumOf(
  impact: { readonly bid: AveragePx; readonly ask: AveragePx },
  oraclePx: number,
): bigint {
  const oracle = BigInt(oraclePx)
  const above = impact.bid.numerator - oracle * impact.bid.denominator
  if (above > 0n) return share(above, oracle * impact.bid.denominator)
  const below = impact.ask.numerator - oracle * impact.ask.denominator
  return below < 0n ? share(below, oracle * impact.ask.denominator) : 0n
}

/**
 * The rate for one hour from the average premium P: (P + clamp(interest - P)) / 8, half even to 1e-10, at most 4 %; §7.3.
 */
export function hourlyRate({ sum, count }: Pick<Premiums, 'sum' | 'count'>): bigint {
  // All terms are multiplied by the number of samples, so that nothing is rounded before the end.
  const samples = BigInt(count === 0 ? 1 : count)
  const limit = INTEREST_CLAMP * samples
  const toInterest = minOf(maxOf(INTEREST * samples - sum, -limit), limit)
  const rate = divideHalfEven((sum + toInterest) * RATE_SCALE, PREMIUM_SCALE * samples * HOURS)
  return minOf(maxOf(rate, -RATE_MAX), RATE_MAX)
}

/** Average premium, 1e-10. */
export function averagePremium({ sum, count }: Pick<Premiums, 'sum' | 'count'>): bigint {
  if (count === 0) return 0n
  return divideHalfEven(sum * RATE_SCALE, PREMIUM_SCALE * BigInt(count))
}

/** What a position of this value owes, rounded up, or earns, rounded down, at a rate; 1e-6 USDC; §7.3. */
export function fundingOf(
  value: bigint,
  rate: bigint,
): { readonly owed: bigint; readonly earned: bigint } {
  const exact = value * (rate < 0n ? -rate : rate)
  const earned = exact / RATE_SCALE
  return { earned, owed: earned * RATE_SCALE === exact ? earned : earned + 1n }
}

function share(numerator: bigint, denominator: bigint): bigint {
  return divideHalfEven(numerator * PREMIUM_SCALE, denominator)
}
