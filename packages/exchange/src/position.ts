import { assert } from '@openliquid/primitives'
import { product } from './decimal.ts'
import type { CumFunding, Perp, Position } from './records.ts'

/** Leverage of an account that never chose one; docs/spec/hyperliquid.md §11. */
const LEVERAGE_DEFAULT = 20

export function defaultLeverage(maxLeverage: number): number {
  return Math.min(LEVERAGE_DEFAULT, maxLeverage)
}

export const NO_FUNDING: CumFunding = { allTime: 0n, sinceOpen: 0n, sinceChange: 0n }

/** What an account has in a perp that it never touched. */
export function defaultPosition({ maxLeverage, onlyIsolated }: Perp): Position {
  return {
    size: 0,
    entryNtl: 0n,
    leverage: defaultLeverage(maxLeverage),
    isIsolated: onlyIsolated,
    isolatedRawUsd: 0n,
    cumFunding: NO_FUNDING,
  }
}

/** Whether a position says nothing that its absence would not say. */
export function isDefaultPosition(position: Position, perp: Perp): boolean {
  return (
    position.size === 0 &&
    position.leverage === defaultLeverage(perp.maxLeverage) &&
    position.isIsolated === perp.onlyIsolated &&
    position.isolatedRawUsd === 0n &&
    position.cumFunding.allTime === 0n
  )
}

/** What a change of size leaves of the funding counts. */
export function cumFundingAfter(
  cumFunding: CumFunding,
  change: { readonly from: number; readonly to: number },
): CumFunding {
  const { allTime, sinceOpen, sinceChange } = cumFunding
  if (change.from === change.to || allTime === 0n) return cumFunding
  const isSamePosition = Math.sign(change.from) === Math.sign(change.to)
  if (isSamePosition)
    return sinceChange === 0n ? cumFunding : { allTime, sinceOpen, sinceChange: 0n }
  return { allTime, sinceOpen: 0n, sinceChange: 0n }
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
