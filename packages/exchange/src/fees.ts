import { ceilDivide } from './decimal.ts'
import { ceilQuotient, exact } from './exactSum.ts'

const MILLION = 1_000_000n

/** As `feeOf`, of a safe integer; NaN when its double could not hold what it is made from. */
export function nearFeeOf(amount: number, ratePpm: number): number {
  return ceilQuotient(exact(amount * ratePpm), 1_000_000)
}

/** A fee in the unit of the amount it is taken from, rounded up; docs/spec/hyperliquid.md §8.1. */
export function feeOf(amount: bigint, ratePpm: number): bigint {
  return ceilDivide(amount * BigInt(ratePpm), MILLION)
}
