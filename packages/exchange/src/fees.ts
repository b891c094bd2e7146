import { ceilDivide } from './decimal.ts'

const MILLION = 1_000_000n

/** A fee in the unit of the amount it is taken from, rounded up; docs/spec/hyperliquid.md §8.1. */
export function feeOf(amount: bigint, ratePpm: number): bigint {
  return ceilDivide(amount * BigInt(ratePpm), MILLION)
}
