import { assert } from '@openliquid/primitives'
import { ceilDivide, hasFigures, parseSafeUnits, product } from './decimal.ts'
import { PX_SIGNIFICANT_FIGURES_MAX, PX_TICKS_MAX, SIZE_LOTS_MAX } from './limits.ts'
import { MARGIN_TABLE_ID_MIN, type MarginTiers, marginTiers } from './marginTiers.ts'
import type { OrderBook } from './orderBook.ts'
import type { MarginTable, Perp, SpotPair, Token } from './records.ts'

/** First asset id of spot pairs; docs/spec/hyperliquid.md §1.2. */
export const SPOT_ASSET_MIN = 10_000
const PERP_DECIMALS = 6
const SPOT_DECIMALS = 8

interface MarketBase {
  /** Asset id of §1.2. */
  readonly asset: number
  /** How APIs name the market. */
  readonly coin: string
  /** A lot is 10^-szDecimals of the base. */
  readonly szDecimals: number
  /** A tick is 10^-pxDecimals of the quote. */
  readonly pxDecimals: number
  readonly book: OrderBook
}

export interface PerpMarket extends MarketBase {
  readonly kind: 'perp'
  readonly perp: Perp
  readonly tiers: MarginTiers
}

export interface SpotMarket extends MarketBase {
  readonly kind: 'spot'
  readonly base: Token
  readonly quote: Token
  /** Wei of the base token in one lot. */
  readonly lotWei: bigint
  /** Wei of the quote token in 1e-8 quote: what one tick times one lot is. */
  readonly tickLotWei: bigint
}

/** An asset with its book. */
export type Market = PerpMarket | SpotMarket

export function perpMarket(
  perp: Perp,
  table: MarginTable | undefined,
  book: OrderBook,
): PerpMarket {
  const single = perp.marginTableId < MARGIN_TABLE_ID_MIN
  assert(single || table !== undefined, 'a perp without its margin table')
  return {
    kind: 'perp',
    asset: perp.index,
    coin: perp.name,
    szDecimals: perp.szDecimals,
    pxDecimals: PERP_DECIMALS - perp.szDecimals,
    perp,
    tiers: marginTiers(
      table === undefined || single
        ? { description: '', tiers: [{ lowerBound: 0n, maxLeverage: perp.marginTableId }] }
        : table,
    ),
    book,
  }
}

export function spotMarket(
  pair: SpotPair,
  tokens: { readonly base: Token; readonly quote: Token },
  book: OrderBook,
): SpotMarket {
  const { base, quote } = tokens
  return {
    kind: 'spot',
    asset: SPOT_ASSET_MIN + pair.index,
    // Pair 0 goes by its name; §1.2.
    coin: pair.index === 0 ? pair.name : `@${pair.index}`,
    szDecimals: base.szDecimals,
    pxDecimals: SPOT_DECIMALS - base.szDecimals,
    base,
    quote,
    lotWei: 10n ** BigInt(base.weiDecimals - base.szDecimals),
    tickLotWei: 10n ** BigInt(quote.weiDecimals - SPOT_DECIMALS),
    book,
  }
}

/** Whether a price in ticks is one that an order may have; §1.3. */
export function isValidPx(px: number, { pxDecimals }: Market): boolean {
  return px > 0 && px <= PX_TICKS_MAX && hasFigures(px, pxDecimals, PX_SIGNIFICANT_FIGURES_MAX)
}

/** Ticks of an order's price, or `undefined` when §1.3 forbids it. */
export function parsePx(text: string, market: Market): number | undefined {
  const px = parseSafeUnits(text, market.pxDecimals, PX_TICKS_MAX)
  return px === undefined || !isValidPx(px, market) ? undefined : px
}

/** Lots of an order's size, or `undefined` when it is not a positive multiple of a lot. */
export function parseSize(text: string, { szDecimals }: Market): number | undefined {
  const size = parseSafeUnits(text, szDecimals, SIZE_LOTS_MAX)
  return size === 0 ? undefined : size
}

/** The nearest price that an order may have: not above the given one, or not below it; §1.3. */
export function roundPx(px: number, { pxDecimals }: Market, direction: 'down' | 'up'): number {
  const figures = String(px).length
  const coarse = 10 ** Math.max(0, figures - PX_SIGNIFICANT_FIGURES_MAX)
  const step = Math.min(coarse, 10 ** pxDecimals)
  const rest = px % step
  if (rest === 0) return px
  return direction === 'down' ? px - rest : px - rest + step
}

/** Worst price that an order may take which is allowed to slip from a reference price; §5. */
export function slippagePx(
  market: Market,
  px: number,
  order: { readonly isBuy: boolean; readonly slippagePercent: number },
): number {
  const { isBuy, slippagePercent } = order
  if (isBuy) {
    const worst = Number(product(px, 100 + slippagePercent) / 100n)
    return Math.min(PX_TICKS_MAX, roundPx(worst, market, 'down'))
  }
  const worst = Number(ceilDivide(product(px, 100 - slippagePercent), 100n))
  return roundPx(worst, market, 'up')
}
