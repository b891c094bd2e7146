import { assert, InvariantError } from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import type { OracleUpdateEvent } from './events.ts'
import { capHyperpMark, hyperpsOf, isHyperp, renewHyperpOracle } from './hyperps.ts'
import { ORACLE_AGE_MS_MAX, ORACLE_STEP_MAX, PX_TICKS_MAX } from './limits.ts'
import type { PerpMarket } from './market.ts'
import { renewMark } from './markPrice.ts'
import { oracleBucketOf } from './oracleBucket.ts'
import { formatPx } from './orderEvents.ts'
import type { OracleSubmission } from './records.ts'

/** A price and the stake behind it. */
export interface WeightedPrice {
  readonly px: number
  readonly stake: bigint
}

/**
 * Smallest price with at least half of the stake at or below it; the average with the next price when it is exactly
 * half, rounded half to even; §7.1.
 */
export function weightedMedian(prices: readonly WeightedPrice[]): number {
  assert(prices.length > 0, 'the median of nothing')
  const sorted = prices.toSorted((a, b) => a.px - b.px)
  const total = sorted.reduce((sum, { stake }) => sum + stake, 0n)
  let below = 0n
  for (const [i, { px, stake }] of sorted.entries()) {
    below += stake
    if (2n * below < total) continue
    const next = sorted[i + 1]
    return 2n * below > total || next === undefined ? px : averageHalfEven(px, next.px)
  }
  throw new InvariantError('weights of a median must be positive')
}

/** Mark prices before an update, by perp that it moved. */
export type PreviousMarks = ReadonlyMap<number, number>

/**
 * Begin-block step ③: applies the newest bucket that more than two thirds of the stake have submitted; §2, §7.1.
 *
 * @returns the marks before, when a bucket was applied
 */
export function applyOracleQuorum(state: CoreState): PreviousMarks | undefined {
  const { oracleBucket, timestampMs } = state.now
  const buckets = submissionsByBucket(state)
  const newest = [...buckets.keys()]
    .filter((bucket) => bucket > oracleBucket)
    .sort((a, b) => b - a)
    .find((bucket) => hasQuorum(state, buckets.get(bucket) ?? []))
  let previous: PreviousMarks | undefined
  if (newest !== undefined) {
    previous = applyBucket(state, newest, buckets.get(newest) ?? [])
    state.clock.set(0, { ...state.now, oracleBucket: newest })
  }
  const stale = Math.max(newest ?? 0, oracleBucketOf(timestampMs) - ORACLE_BUCKETS_KEPT)
  for (const [bucket, submissions] of buckets) {
    if (bucket > stale) continue
    for (const { signer } of submissions) {
      state.oracleSubmissions.set(signer, bucket, undefined)
    }
  }
  return previous
}

/** Buckets whose submissions are still waited for. */
const ORACLE_BUCKETS_KEPT = 3

interface Submission {
  readonly signer: string
  readonly stake: bigint
  readonly prices: OracleSubmission
}

function submissionsByBucket(state: CoreState): Map<number, Submission[]> {
  const buckets = new Map<number, Submission[]>()
  for (const [signer, submissions] of state.oracleSubmissions.owners()) {
    const stake = state.oracleSigners.get(signer)?.stake
    assert(stake !== undefined, 'a submission by someone who is no validator')
    for (const [bucket, prices] of submissions) {
      const submission = { signer, stake, prices }
      const present = buckets.get(bucket)
      if (present === undefined) buckets.set(bucket, [submission])
      else present.push(submission)
    }
  }
  return buckets
}

function hasQuorum(state: CoreState, submissions: readonly Submission[]): boolean {
  let total = 0n
  for (const [, { stake }] of state.oracleSigners.entries()) total += stake
  const submitted = submissions.reduce((sum, { stake }) => sum + stake, 0n)
  return 3n * submitted > 2n * total
}

function applyBucket(
  state: CoreState,
  bucket: number,
  submissions: readonly Submission[],
): PreviousMarks {
  const oraclePxs = new Map<number, WeightedPrice[]>()
  const perpPxs = new Map<number, WeightedPrice[]>()
  for (const { stake, prices } of submissions) {
    for (const [perp, oraclePx, perpPx] of prices) {
      append(oraclePxs, perp, { px: oraclePx, stake })
      if (perpPx > 0) append(perpPxs, perp, { px: perpPx, stake })
    }
  }
  const previous = new Map<number, number>()
  const printed: OracleUpdateEvent['prices'][number][] = []
  for (const perp of [...oraclePxs.keys()].sort((a, b) => a - b)) {
    // Its positions are settled at the mark that it was delisted at.
    if (state.delisted.has(perp)) continue
    const market = state.perpMarket(perp)
    const submitted = oraclePxs.get(perp) ?? []
    const venues = perpPxs.get(perp) ?? []
    // §7.1: fewer than half of those who gave an oracle price cannot make the price of other venues.
    const perpPx = 2n * stakeOf(venues) > stakeOf(submitted) ? weightedMedian(venues) : 0
    const oraclePx = clampStep(state, perp, weightedMedian(submitted))
    previous.set(perp, state.pricesOf(perp).markPx)
    printed.push(setPrices(state, market, { oraclePx, perpPx }))
  }
  for (const market of hyperpsOf(state)) {
    const oraclePx = renewHyperpOracle(state, market)
    previous.set(market.asset, state.pricesOf(market.asset).markPx)
    printed.push(setPrices(state, market, { oraclePx, perpPx: 0 }))
  }
  state.emit({ kind: 'oracleUpdate', bucket, prices: printed })
  return previous
}

/** Sets the oracle price, and the mark that follows from it and the book. */
function setPrices(
  state: CoreState,
  market: PerpMarket,
  { oraclePx, perpPx }: { readonly oraclePx: number; readonly perpPx: number },
): OracleUpdateEvent['prices'][number] {
  const { asset, book, coin } = market
  const { timestampMs } = state.now
  const before = state.pricesOf(asset)
  const renewed = renewMark(
    { ...state.markStateOf(asset), oracleMs: timestampMs, perpPx },
    oraclePx,
    { bid: book.bestPx(true), ask: book.bestPx(false), lastPx: before.lastPx },
    timestampMs,
  )
  const markPx = isHyperp(market)
    ? capHyperpMark(renewed.markPx, state.hyperpAverages.get(asset))
    : renewed.markPx
  state.markStates.set(asset, renewed.state)
  state.prices.set(asset, { oraclePx, markPx, lastPx: before.lastPx })
  return { coin, oraclePx: formatPx(market, oraclePx), markPx: formatPx(market, markPx) }
}

/** Whether the oracle price of a perp is older than §7.1 allows. */
export function isOracleStale(state: CoreState, perp: number): boolean {
  return state.now.timestampMs - state.markStateOf(perp).oracleMs > ORACLE_AGE_MS_MAX
}

/** One update may not more than double or halve a price, unless that is stale; §7.1. */
function clampStep(state: CoreState, perp: number, px: number): number {
  if (isOracleStale(state, perp)) return px
  const { oraclePx } = state.pricesOf(perp)
  const lowest = Math.ceil(oraclePx / ORACLE_STEP_MAX)
  const highest = Math.min(oraclePx * ORACLE_STEP_MAX, PX_TICKS_MAX)
  return Math.min(Math.max(px, lowest), highest)
}

function append(pxs: Map<number, WeightedPrice[]>, perp: number, px: WeightedPrice): void {
  const present = pxs.get(perp)
  if (present === undefined) pxs.set(perp, [px])
  else present.push(px)
}

function stakeOf(prices: readonly WeightedPrice[]): bigint {
  return prices.reduce((sum, { stake }) => sum + stake, 0n)
}

function averageHalfEven(a: number, b: number): number {
  const sum = a + b
  if (sum % 2 === 0) return sum / 2
  const floor = (sum - 1) / 2
  return floor % 2 === 0 ? floor : floor + 1
}
