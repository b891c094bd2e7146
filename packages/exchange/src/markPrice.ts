/** What a mark price is made from. */
export interface MarkInputs {
  readonly oraclePx: number
}

/**
 * The price that margin is reckoned with, renewed with the oracle; docs/spec/hyperliquid.md §7.2.
 *
 * It is the oracle price: the first of the three inputs of §7.2 with a premium of zero. The average premium of the
 * book and the prices of other venues are not yet inputs, so nobody can move the mark by trading.
 */
export function markPriceOf({ oraclePx }: MarkInputs): number {
  return oraclePx
}
