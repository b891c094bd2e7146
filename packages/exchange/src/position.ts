import { assert } from '@openliquid/primitives'
import { product } from './decimal.ts'

/** Leverage of an account that never chose one; docs/spec/hyperliquid.md §11. */
const LEVERAGE_DEFAULT = 20

export function defaultLeverage(maxLeverage: number): number {
  return Math.min(LEVERAGE_DEFAULT, maxLeverage)
}

/** What a fill makes of a position; docs/spec/hyperliquid.md §6.2. */
export interface PositionChange {
  readonly size: number
  readonly entryNtl: bigint
  /** 1e-6 USDC, without fees. */
  readonly closedPnl: bigint
}

/**
 * Opening averages the entry by size, closing keeps the entry price and realises, a flip closes and then opens.
 *
 * The entry that stays is rounded down; what rounding takes away is realised, so entry and profit add up exactly.
 */
export function changePosition(
  position: { readonly size: number; readonly entryNtl: bigint },
  fill: { readonly isBuy: boolean; readonly size: number; readonly px: number },
): PositionChange {
  const signed = fill.isBuy ? fill.size : -fill.size
  const size = position.size + signed
  assert(Number.isSafeInteger(size), 'a position beyond 2^53 lots')
  if (position.size === 0 || position.size > 0 === fill.isBuy) {
    return { size, entryNtl: position.entryNtl + product(fill.px, fill.size), closedPnl: 0n }
  }
  const open = Math.abs(position.size)
  const closed = Math.min(open, fill.size)
  const kept = (position.entryNtl * BigInt(open - closed)) / BigInt(open)
  const released = position.entryNtl - kept
  const proceeds = product(fill.px, closed)
  return {
    size,
    entryNtl: fill.size > open ? product(fill.px, fill.size - open) : kept,
    closedPnl: fill.isBuy ? released - proceeds : proceeds - released,
  }
}

/** Lots that an order of this side could close. */
export function closableSize(size: number, isBuy: boolean): number {
  return isBuy ? Math.max(-size, 0) : Math.max(size, 0)
}

/** The `dir` of a perp fill. */
export function fillDirection(startSize: number, isBuy: boolean, fillSize: number): string {
  const closable = closableSize(startSize, isBuy)
  if (closable === 0) return isBuy ? 'Open Long' : 'Open Short'
  if (fillSize > closable) return isBuy ? 'Short > Long' : 'Long > Short'
  return isBuy ? 'Close Short' : 'Close Long'
}
