import type { CoreState } from './coreState.ts'
import type { SpotMarket } from './market.ts'

/** Part of the spot fees that a stable pair pays: 80 % less; docs/spec/hyperliquid.md §8.1. */
const STABLE_DIVISOR = 5

/** Own rule: a pair of two quote tokens. */
export function isStablePair({ tokens }: CoreState, { base, quote }: SpotMarket): boolean {
  return tokens.get(base.index)?.isQuote === true && tokens.get(quote.index)?.isQuote === true
}

/** A spot rate in millionths on a pair that is stable or not, rounded up. */
export function spotRate(ppm: number, isStable: boolean): number {
  return isStable ? Math.ceil(ppm / STABLE_DIVISOR) : ppm
}
