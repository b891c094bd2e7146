import type { CoreState } from './coreState.ts'
import { divideHalfEven, maxOf, minOf } from './decimal.ts'
import { PX_TICKS_MAX } from './limits.ts'
import type { PerpMarket } from './market.ts'
import { averageOf, type MovingAverage, NO_AVERAGE, withSample } from './movingAverage.ts'

// A perp without a price outside of this exchange; docs/spec/hyperliquid.md §7.3.

/** Over what time the average of the marks forgets. */
const DECAY_MS = 8 * 3_600_000
const SAMPLE_MS = 60_000
/** Times its first price that the oracle price may be, and times the average that the mark may be. */
const ORACLE_FACTOR_MAX = 4n
const MARK_FACTOR_MAX = 3
/** Part of a premium that counts for funding. */
const PREMIUM_DIVISOR = 100n

export function isHyperp({ perp }: PerpMarket): boolean {
  return perp.hyperpPx > 0
}

/** Perps whose oracle price is the average of their own marks, ascending; not those that are delisted. */
export function hyperpsOf(state: CoreState): readonly PerpMarket[] {
  return [...state.perps.entries()]
    .filter(([index, { hyperpPx }]) => hyperpPx > 0 && !state.delisted.has(index))
    .map(([index]) => state.perpMarket(index))
    .sort((a, b) => a.asset - b.asset)
}

/** The oracle price of now, after the mark was sampled when a minute began since the last sample. In ticks. */
export function renewHyperpOracle(state: CoreState, { asset, perp }: PerpMarket): number {
  const { timestampMs } = state.now
  const average = state.hyperpAverages.get(asset) ?? NO_AVERAGE
  const isMinute = Math.floor(timestampMs / SAMPLE_MS) > Math.floor(average.atMs / SAMPLE_MS)
  const next = isMinute
    ? withSample(average, BigInt(state.pricesOf(asset).markPx), {
        timestampMs,
        decayMs: DECAY_MS,
        firstMs: SAMPLE_MS,
      })
    : average
  if (isMinute) state.hyperpAverages.set(asset, next)
  const px = averageOf(next) ?? BigInt(perp.hyperpPx)
  const most = minOf(ORACLE_FACTOR_MAX * BigInt(perp.hyperpPx), BigInt(PX_TICKS_MAX))
  return Number(minOf(maxOf(px, 1n), most))
}

/** The mark, held below three times the average. */
export function capHyperpMark(markPx: number, marks: MovingAverage | undefined): number {
  const average = averageOf(marks ?? NO_AVERAGE)
  return average === undefined ? markPx : Math.min(markPx, MARK_FACTOR_MAX * Number(average))
}

/** What a premium counts for: the oracle follows the mark, so a hundredth is enough to pull them together. */
export function fundingPremium(market: PerpMarket, premium: bigint): bigint {
  return isHyperp(market) ? divideHalfEven(premium, PREMIUM_DIVISOR) : premium
}
