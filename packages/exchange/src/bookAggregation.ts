import { BOOK_LEVELS_SHOWN_MAX } from './limits.ts'
import type { BookLevel, OrderBook } from './orderBook.ts'

/** How coarse the prices of a shown book are; docs/spec/hyperliquid.md §10.1. */
export interface BookAggregation {
  /** Significant figures that prices keep. */
  readonly figures: 2 | 3 | 4 | 5
  /** Steps of the last figure, with 5 figures only. */
  readonly mantissa: 1 | 2 | 5
}

/** Levels read at first; four times as many each time they do not fill the answer. */
const LEVELS_READ_MIN = 64

/**
 * The best levels of a side with prices rounded away from the touch: bids down, asks up.
 *
 * Cost follows the levels that are added up, not the whole book.
 */
export function aggregatedLevels(
  book: Pick<OrderBook, 'levels'>,
  isBuy: boolean,
  aggregation: BookAggregation,
): BookLevel[] {
  for (let count = LEVELS_READ_MIN; ; count *= 4) {
    const read = book.levels(isBuy, count)
    const levels = addUp(read, isBuy, aggregation)
    // One level more than is shown says that the last one shown is whole.
    if (levels.length > BOOK_LEVELS_SHOWN_MAX || read.length < count) {
      return levels.slice(0, BOOK_LEVELS_SHOWN_MAX)
    }
  }
}

function addUp(
  levels: readonly BookLevel[],
  isBuy: boolean,
  aggregation: BookAggregation,
): BookLevel[] {
  const sums: BookLevel[] = []
  for (const { px, size, count } of levels) {
    const rounded = roundPx(px, isBuy, aggregation)
    const last = sums.at(-1)
    if (last?.px !== rounded) sums.push({ px: rounded, size, count })
    else sums[sums.length - 1] = { px: rounded, size: last.size + size, count: last.count + count }
  }
  return sums
}

function roundPx(px: number, isBuy: boolean, { figures, mantissa }: BookAggregation): number {
  const digits = px.toString().length
  const step = digits < figures ? 1 : mantissa * 10 ** (digits - figures)
  return isBuy ? Math.floor(px / step) * step : Math.ceil(px / step) * step
}
