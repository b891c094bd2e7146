import { assert, InvariantError } from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import type { OracleUpdateEvent } from './events.ts'
import { markPriceOf } from './markPrice.ts'
import { formatPx } from './orderEvents.ts'
import type { OracleSubmission } from './records.ts'

/** Submissions of one bucket count together; docs/spec/hyperliquid.md §4, §7.1. */
export const ORACLE_BUCKET_MS = 3_000

export function oracleBucketOf(timestampMs: number): number {
  return Math.floor(timestampMs / ORACLE_BUCKET_MS)
}

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

/** Begin-block step ③: applies the newest bucket that more than two thirds of the stake have submitted; §2, §7.1. */
export function applyOracleQuorum(state: CoreState): void {
  const { oracleBucket, timestampMs } = state.now
  const buckets = submissionsByBucket(state)
  const newest = [...buckets.keys()]
    .filter((bucket) => bucket > oracleBucket)
    .sort((a, b) => b - a)
    .find((bucket) => hasQuorum(state, buckets.get(bucket) ?? []))
  if (newest !== undefined) {
    applyBucket(state, newest, buckets.get(newest) ?? [])
    state.clock.set(0, { ...state.now, oracleBucket: newest })
  }
  const stale = Math.max(newest ?? 0, oracleBucketOf(timestampMs) - ORACLE_BUCKETS_KEPT)
  for (const [bucket, submissions] of buckets) {
    if (bucket > stale) continue
    for (const { signer } of submissions) {
      state.oracleSubmissions.set(signer, bucket, undefined)
    }
  }
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

function applyBucket(state: CoreState, bucket: number, submissions: readonly Submission[]): void {
  const byPerp = new Map<number, WeightedPrice[]>()
  for (const { stake, prices } of submissions) {
    for (const [perp, px] of prices) {
      const weighted = byPerp.get(perp)
      if (weighted === undefined) byPerp.set(perp, [{ px, stake }])
      else weighted.push({ px, stake })
    }
  }
  const printed: OracleUpdateEvent['prices'][number][] = []
  for (const perp of [...byPerp.keys()].sort((a, b) => a - b)) {
    const market = state.perpMarket(perp)
    const oraclePx = weightedMedian(byPerp.get(perp) ?? [])
    const markPx = markPriceOf({ oraclePx })
    state.prices.set(perp, { ...state.pricesOf(perp), oraclePx, markPx })
    printed.push({
      coin: market.coin,
      oraclePx: formatPx(market, oraclePx),
      markPx: formatPx(market, markPx),
    })
  }
  state.emit({ kind: 'oracleUpdate', bucket, prices: printed })
}

function averageHalfEven(a: number, b: number): number {
  const sum = a + b
  if (sum % 2 === 0) return sum / 2
  const floor = (sum - 1) / 2
  return floor % 2 === 0 ? floor : floor + 1
}
