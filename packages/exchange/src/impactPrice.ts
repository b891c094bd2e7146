import { product } from './decimal.ts'
import type { OrderBook } from './orderBook.ts'

/** An average price as a fraction, in ticks. */
export interface AveragePx {
  readonly numerator: bigint
  readonly denominator: bigint
}

/**
 * The average price at which a notional could be traded against one side of a book now; docs/spec/hyperliquid.md §7.3.
 *
 * With S lots whole from the better levels and the rest r of the notional at price p it is N / (S + r/p).
 *
 * @param isBuy - the side that is hit
 * @param notional - 1e-6 USDC, above 0
 * @returns `undefined` when the side does not hold the notional
 */
export function impactPx(book: OrderBook, isBuy: boolean, notional: bigint): AveragePx | undefined {
  let rest = notional
  let lots = 0n
  let seen = 0
  for (let count = LEVELS_FIRST; ; count *= LEVELS_GROWTH) {
    const levels = book.levels(isBuy, count)
    for (const { px, size } of levels.slice(seen)) {
      const value = product(px, size)
      if (value >= rest) {
        const price = BigInt(px)
        return { numerator: notional * price, denominator: lots * price + rest }
      }
      rest -= value
      lots += BigInt(size)
    }
    if (levels.length < count) return undefined
    seen = levels.length
  }
}

/** How many levels are looked at first; most books need no more. */
const LEVELS_FIRST = 16
const LEVELS_GROWTH = 4
