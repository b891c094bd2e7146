import { assert } from '@openliquid/primitives'
import { formatUnits, product } from './decimal.ts'
import type { AccountMargin } from './margin.ts'
import { maintenanceMargin, tierAt } from './marginTiers.ts'
import type { PerpMarket } from './market.ts'

/** Decimals that the price is printed with, at most. */
const PRINTED_DECIMALS = 8

/**
 * The mark price of one perp at which the cross account would have its maintenance margin left and no more, if nothing
 * else moved; `null` when there is none above 0. For display; docs/spec/hyperliquid.md §6.5.
 *
 * Solves accountValue + side * |size| * (p - mark) = maintenance of the others + |size| * p / (2 * maxLeverage) - deduction.
 */
export function liquidationPx(
  market: PerpMarket,
  position: {
    /** Signed lots, not 0. */
    readonly size: number
    readonly markPx: number
    /** Of the whole account, this position included. */
    readonly margin: Pick<AccountMargin, 'accountValue' | 'maintenance'>
  },
): string | null {
  const { size, markPx, margin } = position
  assert(size !== 0, 'the liquidation price of no position')
  const side = size > 0 ? 1n : -1n
  const value = product(Math.abs(size), markPx)
  const { maxLeverage, deduction } = tierAt(market.tiers, value)
  const others = margin.maintenance - maintenanceMargin(market.tiers, value)
  const twice = 2n * BigInt(maxLeverage)
  const scale = 10n ** BigInt(PRINTED_DECIMALS - market.pxDecimals)
  const px =
    (scale * twice * (side * value - margin.accountValue + others - deduction)) /
    (BigInt(Math.abs(size)) * (twice * side - 1n))
  return px > 0n ? formatUnits(px, PRINTED_DECIMALS) : null
}
