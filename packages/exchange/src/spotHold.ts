import { product } from './decimal.ts'
import type { SpotMarket } from './market.ts'

/** Wei that an order locks: the base it sells, or the quote it may pay at its limit; §9. */
export function spotHoldOf(
  market: SpotMarket,
  order: { readonly isBuy: boolean; readonly px: number; readonly size: number },
): bigint {
  return order.isBuy ? quoteWei(market, order.px, order.size) : baseWei(market, order.size)
}

export function baseWei({ lotWei }: SpotMarket, size: number): bigint {
  return BigInt(size) * lotWei
}

/** Exact: a tick times a lot is 1e-8 quote; §1.1. */
export function quoteWei({ tickLotWei }: SpotMarket, px: number, size: number): bigint {
  return product(px, size) * tickLotWei
}
