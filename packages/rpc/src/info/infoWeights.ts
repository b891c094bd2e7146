/** Weights of queries; docs/spec/hyperliquid.md §8.2. */
export const LIGHT = 2
export const NORMAL = 20
export const HEAVY = 60

/** Items of a list that cost one more. */
export const LIST_ITEMS = 20
/** Candles that cost one more. */
export const CANDLE_ITEMS = 60
