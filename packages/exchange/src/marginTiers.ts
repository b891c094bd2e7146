import { assert } from '@openliquid/primitives'
import { ceilDivide } from './decimal.ts'
import { ceilQuotient, exact } from './exactSum.ts'
import type { MarginTable } from './records.ts'

/** From a position value upwards, how much leverage is allowed; docs/spec/hyperliquid.md §6.4. */
export interface MarginTier {
  /** 1e-6 USDC. */
  readonly lowerBound: bigint
  readonly maxLeverage: number
  /** 1e-6 USDC: keeps the maintenance margin continuous where tiers meet. */
  readonly deduction: bigint
}

/** Ascending by lower bound; the first starts at 0. */
export type MarginTiers = readonly MarginTier[]

/** Table ids below this are a single tier whose maximal leverage is the id. */
export const MARGIN_TABLE_ID_MIN = 50

/** deduction(n) = deduction(n-1) + lowerBound(n) * (mmr(n) - mmr(n-1)), with mmr = 1 / (2 * maxLeverage). */
export function marginTiers(table: MarginTable): MarginTiers {
  const tiers: MarginTier[] = []
  for (const { lowerBound, maxLeverage } of table.tiers) {
    const below = tiers.at(-1)
    assert(below !== undefined || lowerBound === 0n, 'the first margin tier starts above 0')
    if (below === undefined) {
      tiers.push({ lowerBound, maxLeverage, deduction: 0n })
      continue
    }
    assert(below.lowerBound < lowerBound, 'margin tiers are not ascending')
    assert(below.maxLeverage > maxLeverage, 'a higher margin tier allows more leverage')
    const step =
      (lowerBound * BigInt(below.maxLeverage - maxLeverage)) /
      BigInt(2 * maxLeverage * below.maxLeverage)
    tiers.push({ lowerBound, maxLeverage, deduction: below.deduction + step })
  }
  assert(tiers.length > 0, 'a margin table without tiers')
  return tiers
}

export function tierAt(tiers: MarginTiers, positionValue: bigint): MarginTier {
  const tier = tiers.findLast(({ lowerBound }) => lowerBound <= positionValue)
  assert(tier !== undefined, 'a position value below the first tier')
  return tier
}

/** 1e-6 USDC, rounded up. */
export function maintenanceMargin(tiers: MarginTiers, positionValue: bigint): bigint {
  const { maxLeverage, deduction } = tierAt(tiers, positionValue)
  return ceilDivide(positionValue, BigInt(2 * maxLeverage)) - deduction
}

/** The same for a value that is a safe integer; NaN for NaN, and where a double could not hold it. */
export function maintenanceNear(tiers: MarginTiers, positionValue: number): number {
  if (Number.isNaN(positionValue)) return Number.NaN
  let i = tiers.length - 1
  while (i > 0 && (tiers[i] as MarginTier).lowerBound > positionValue) i -= 1
  const { maxLeverage, deduction } = tiers[i] as MarginTier
  return exact(ceilQuotient(positionValue, 2 * maxLeverage) - Number(deduction))
}
