import { divideHalfEven, maxOf } from './decimal.ts'
import { averageOf, type MovingAverage, withSample } from './movingAverage.ts'
import { ORACLE_BUCKET_MS } from './oracleBucket.ts'

/** What the mark price of one perp is made from, beside its book. Prices in ticks; 0 is none. */
export interface MarkState {
  /** When the oracle price was set. */
  readonly oracleMs: number
  /** Median of what validators saw on other venues. */
  readonly perpPx: number
  /** Of mid − oracle, in half ticks. */
  readonly premium: MovingAverage
  /** Of the book price, in half ticks. */
  readonly book: MovingAverage
}

/** The touch of a book and its last trade, in ticks; 0 is none. */
export interface Quotes {
  readonly bid: number
  readonly ask: number
  readonly lastPx: number
}

const PREMIUM_DECAY_MS = 150_000
const BOOK_DECAY_MS = 30_000

/**
 * The price that margin is reckoned with, renewed with the oracle; docs/spec/hyperliquid.md §7.2.
 *
 * Median of the oracle with the average premium of the book, the book itself, and the other venues. With two of the
 * three the short average of the book joins; a book counts while both of its sides quote.
 */
export function renewMark(
  state: MarkState,
  oraclePx: number,
  quotes: Quotes,
  timestampMs: number,
): { readonly markPx: number; readonly state: MarkState } {
  const bookPx = bookHalfTicks(quotes)
  const next: MarkState =
    bookPx === undefined
      ? state
      : {
          ...state,
          premium: withSample(state.premium, BigInt(quotes.bid + quotes.ask - 2 * oraclePx), {
            timestampMs,
            decayMs: PREMIUM_DECAY_MS,
            firstMs: ORACLE_BUCKET_MS,
          }),
          book: withSample(state.book, bookPx, {
            timestampMs,
            decayMs: BOOK_DECAY_MS,
            firstMs: ORACLE_BUCKET_MS,
          }),
        }
  const inputs = [2n * BigInt(oraclePx) + (averageOf(next.premium) ?? 0n)]
  if (bookPx !== undefined) inputs.push(bookPx)
  if (state.perpPx > 0) inputs.push(2n * BigInt(state.perpPx))
  const bookAverage = averageOf(next.book)
  if (inputs.length === 2 && bookAverage !== undefined) inputs.push(bookAverage)
  const markPx = Number(maxOf(1n, divideHalfEven(medianTwice(inputs), 4n)))
  return { markPx, state: next }
}

/** Median of best bid, best ask and last trade, in half ticks; the mid before the first trade. */
function bookHalfTicks({ bid, ask, lastPx }: Quotes): bigint | undefined {
  if (bid === 0 || ask === 0) return undefined
  if (lastPx === 0) return BigInt(bid + ask)
  return 2n * BigInt(Math.max(bid, Math.min(ask, lastPx)))
}

/** Twice the median: the mean of the two middle values of an even count need not be whole. */
function medianTwice(values: readonly bigint[]): bigint {
  const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0n
  return sorted.length % 2 === 1 ? 2n * upper : upper + (sorted[middle - 1] ?? 0n)
}
