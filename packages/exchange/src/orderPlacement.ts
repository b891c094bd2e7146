import type { OrderWire } from '@openliquid/primitives'
import { openOrdersMaxOf } from './activity.ts'
import type { CoreState } from './coreState.ts'
import { formatUnits, product } from './decimal.ts'
import type { OrderJson } from './events.ts'
import { feeOf } from './fees.ts'
import { accountMargin, leverageOf, type MarginChange, worstPositionValue } from './margin.ts'
import { tierAt } from './marginTiers.ts'
import { type Market, type PerpMarket, parsePx, parseSize, type SpotMarket } from './market.ts'
import { crosses, type MatchResult, matchOrder } from './matching.ts'
import { removeOrder } from './orderCancel.ts'
import { emitBookDiff, emitRejection, emitStatus, formatSize, sideLetter } from './orderEvents.ts'
import {
  badAloPx,
  minTradeSpotNtl,
  ORDER_REJECTIONS,
  type OrderRejection,
} from './orderRejection.ts'
import { closable } from './perpClearinghouse.ts'
import type { OrderResult } from './receipt.ts'
import type { Cloid, Order, User } from './records.ts'
import { addHold, spotAvailable } from './spotClearinghouse.ts'
import { spotHoldOf } from './spotHold.ts'

/** A limit order in the units of its market. */
interface OrderRequest {
  readonly user: User
  readonly oid: number
  readonly isBuy: boolean
  readonly px: number
  readonly size: number
  readonly timeInForce: 'gtc' | 'ioc' | 'alo'
  readonly reduceOnly: boolean
  readonly cloid: Cloid | undefined
}

/** What the caller must already have answered: trigger orders are not supported. */
export type LimitOrderWire = OrderWire & {
  readonly t: { readonly limit: { readonly tif: string } }
}

export function isLimitOrder(order: OrderWire): order is LimitOrderWire {
  return 'limit' in order.t
}

const TIMES_IN_FORCE: Readonly<Record<string, 'gtc' | 'ioc' | 'alo'>> = {
  Gtc: 'gtc',
  Ioc: 'ioc',
  Alo: 'alo',
  // The page's market orders; docs/spec/hyperliquid.md §5.
  FrontendMarket: 'ioc',
}
/** 10 USDC in perp units (1e-6) and in spot units (1e-8 quote); §5. */
const PERP_NTL_MIN = 10_000_000n
const SPOT_NTL_MIN = 1_000_000_000n
/** A perp price may be this many hundredths away from the oracle price; §5. */
const ORACLE_BAND_PERCENT = 95

/** Checks, matches and rests one limit order; docs/spec/hyperliquid.md §5. */
export function placeOrder(state: CoreState, user: User, wire: LimitOrderWire): OrderResult {
  const market = state.markets.get(wire.a)
  if (market === undefined) return { error: ORDER_REJECTIONS.asset.text }
  const oid = state.nextOid()
  const placed = tryPlace(state, user, oid, market, wire)
  if (!isRejection(placed)) return placed
  return refuse(state, user, oid, market, wire, placed)
}

/**
 * Puts a new order in the place of an old one: both happen, or neither; docs/spec/hyperliquid.md §5.
 *
 * Only inside an action.
 */
export function replaceOrder(
  state: CoreState,
  old: Order | undefined,
  user: User,
  wire: LimitOrderWire,
): OrderResult {
  const market = state.markets.get(wire.a)
  if (market === undefined) return { error: ORDER_REJECTIONS.asset.text }
  const placed = state.attempt(() => {
    if (old !== undefined) removeOrder(state, old, 'canceled')
    return tryPlace(state, user, state.nextOid(), market, wire)
  }, isRejection)
  if (!isRejection(placed)) return placed
  return refuse(state, user, state.nextOid(), market, wire, placed)
}

/** Tells of an order that was refused under the oid it used up. */
function refuse(
  state: CoreState,
  user: User,
  oid: number,
  market: Market,
  wire: LimitOrderWire,
  rejection: OrderRejection,
): OrderResult {
  emitRejection(state, user, rejectedOrderJson(state, oid, market, wire), rejection)
  return { error: rejection.text }
}

function isRejection(placed: OrderResult | OrderRejection): placed is OrderRejection {
  return 'code' in placed
}

function tryPlace(
  state: CoreState,
  user: User,
  oid: number,
  market: Market,
  wire: LimitOrderWire,
): OrderResult | OrderRejection {
  const px = parsePx(wire.p, market)
  if (px === undefined) return ORDER_REJECTIONS.tick
  const size = parseSize(wire.s, market)
  if (size === undefined) return ORDER_REJECTIONS.size
  const order: OrderRequest = {
    user,
    oid,
    isBuy: wire.b,
    px,
    size,
    timeInForce: TIMES_IN_FORCE[wire.t.limit.tif] ?? 'ioc',
    reduceOnly: wire.r,
    cloid: wire.c,
  }
  const rejection =
    (market.kind === 'perp' ? checkPerp(state, market, order) : checkSpot(state, market, order)) ??
    checkBook(state, market, order)
  if (rejection !== undefined) return rejection

  const match = matchOrder(state, market, order)
  return settle(state, market, order, match)
}

/** Rests or drops what is left, and says what came of the order. */
function settle(
  state: CoreState,
  market: Market,
  request: OrderRequest,
  { filled, notional, stop }: MatchResult,
): OrderResult | OrderRejection {
  const left = request.size - filled
  const order: Order = {
    oid: request.oid,
    user: request.user,
    asset: market.asset,
    isBuy: request.isBuy,
    px: request.px,
    size: left,
    origSize: request.size,
    timeInForce: request.timeInForce === 'alo' ? 'alo' : 'gtc',
    reduceOnly: request.reduceOnly,
    cloid: request.cloid,
    timestampMs: state.now.timestampMs,
  }
  const cloid = request.cloid === undefined ? {} : { cloid: request.cloid }
  if (left > 0 && stop === 'done' && request.timeInForce !== 'ioc') {
    rest(state, market, order)
    return { resting: { oid: order.oid, ...cloid } }
  }
  if (filled === 0) {
    if (stop === 'margin') return ORDER_REJECTIONS.perpMargin
    return stop === 'reduceOnly' ? ORDER_REJECTIONS.reduceOnly : ORDER_REJECTIONS.iocCancel
  }
  if (left === 0) emitStatus(state, order, 'filled', 0)
  else if (stop === 'margin') emitStatus(state, order, 'marginCanceled')
  else emitStatus(state, order, stop === 'reduceOnly' ? 'reduceOnlyCanceled' : 'canceled')
  return {
    filled: {
      totalSz: formatSize(market, filled),
      avgPx: formatUnits(averagePx(notional, filled), market.pxDecimals),
      oid: order.oid,
      ...cloid,
    },
  }
}

function rest(state: CoreState, market: Market, order: Order): void {
  if (market.kind === 'spot') {
    const token = (order.isBuy ? market.quote : market.base).index
    addHold(state, order.user, token, spotHoldOf(market, order))
  }
  state.orders.set(order.oid, order)
  emitBookDiff(state, order, { new: { sz: formatSize(market, order.size) } })
  emitStatus(state, order, 'open')
}

function checkPerp(
  state: CoreState,
  market: PerpMarket,
  order: OrderRequest,
): OrderRejection | undefined {
  const closableSize = closable(state, order.user, market.asset, order.isBuy)
  const closesAll = order.reduceOnly && closableSize > 0 && order.size >= closableSize
  if (product(order.px, order.size) < PERP_NTL_MIN && !closesAll)
    return ORDER_REJECTIONS.minTradeNtl
  const { oraclePx } = state.pricesOf(market.asset)
  const distance = Math.abs(order.px - oraclePx)
  if (product(100, distance) > product(ORACLE_BAND_PERCENT, oraclePx)) {
    return ORDER_REJECTIONS.oracle
  }
  if (order.reduceOnly) return closableSize === 0 ? ORDER_REJECTIONS.reduceOnly : undefined
  return checkPerpMargin(state, market, order)
}

/** Initial margin with the order added, and its fee set aside; §6.3. An order that cannot raise it needs none. */
function checkPerpMargin(
  state: CoreState,
  market: PerpMarket,
  order: OrderRequest,
): OrderRejection | undefined {
  const { user, isBuy, size } = order
  const { size: open = 0 } = state.positions.get(user, market.asset) ?? {}
  const { buy, sell } = state.ordersOf(user).opening.get(market.asset) ?? { buy: 0, sell: 0 }
  const reach = Math.abs(open) + (isBuy ? buy : sell) + size
  if (!Number.isSafeInteger(reach)) return ORDER_REJECTIONS.size

  const change: MarginChange = {
    perp: market.asset,
    size: 0,
    buy: isBuy ? size : 0,
    sell: isBuy ? 0 : size,
    rawUsd: -feeOf(product(order.px, size), state.rules.perpTakerPpm),
  }
  const before = accountMargin(state, user)
  const after = accountMargin(state, user, change)
  if (after.initial <= before.initial) return undefined
  const tier = tierAt(market.tiers, worstPositionValue(state, user, change))
  if (tier.maxLeverage < leverageOf(state, user, market)) return ORDER_REJECTIONS.perpMaxPosition
  return after.accountValue < after.initial ? ORDER_REJECTIONS.perpMargin : undefined
}

function checkSpot(
  state: CoreState,
  market: SpotMarket,
  order: OrderRequest,
): OrderRejection | undefined {
  if (product(order.px, order.size) < SPOT_NTL_MIN) return minTradeSpotNtl(market.quote.name)
  // There is no position on spot that a sale could be clipped to.
  if (order.reduceOnly) return ORDER_REJECTIONS.reduceOnly
  const token = (order.isBuy ? market.quote : market.base).index
  const needed = spotHoldOf(market, order)
  return spotAvailable(state, order.user, token) < needed
    ? ORDER_REJECTIONS.insufficientSpotBalance
    : undefined
}

/** What the order would do to the book. */
function checkBook(
  state: CoreState,
  { book, pxDecimals }: Market,
  order: OrderRequest,
): OrderRejection | undefined {
  const { byOid, byCloid } = state.ordersOf(order.user)
  if (order.cloid !== undefined && byCloid.has(order.cloid)) return ORDER_REJECTIONS.duplicateCloid
  if (order.timeInForce === 'ioc') return undefined
  const openMax = order.reduceOnly ? state.rules.openOrdersMax : openOrdersMaxOf(state, order.user)
  if (byOid.size >= openMax) return ORDER_REJECTIONS.tooManyOpenOrders
  if (!Number.isSafeInteger(book.sizeAt(order.isBuy, order.px) + order.size)) {
    return ORDER_REJECTIONS.size
  }
  if (order.timeInForce !== 'alo') return undefined
  const opposite = book.best(!order.isBuy)
  if (opposite === undefined || !crosses(order, opposite.px)) return undefined
  const side = (isBuy: boolean): string => {
    const best = book.best(isBuy)
    return best === undefined ? 'None' : formatUnits(best.px, pxDecimals)
  }
  return badAloPx(`${side(true)}@${side(false)}`)
}

/** Ticks, rounded half up. */
function averagePx(notional: bigint, size: number): bigint {
  const lots = BigInt(size)
  return (2n * notional + lots) / (2n * lots)
}

function rejectedOrderJson(
  state: CoreState,
  oid: number,
  market: Market,
  wire: LimitOrderWire,
): OrderJson {
  return {
    coin: market.coin,
    side: sideLetter(wire.b),
    limitPx: wire.p,
    sz: wire.s,
    oid,
    timestamp: state.now.timestampMs,
    origSz: wire.s,
    ...(wire.c === undefined ? {} : { cloid: wire.c }),
    ...(wire.r ? { reduceOnly: true } : {}),
  }
}
