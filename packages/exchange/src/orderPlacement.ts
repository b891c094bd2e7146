import type { OrderWire, TimeInForce } from '@openliquid/primitives'
import { openOrdersMaxOf } from './activity.ts'
import { builderPpm } from './builderFees.ts'
import type { CoreState } from './coreState.ts'
import { formatUnits, product } from './decimal.ts'
import type { OrderStatus } from './events.ts'
import { type ExactSum, exact, floorQuotient } from './exactSum.ts'
import { feeOf, nearFeeOf } from './fees.ts'
import { feeRatesOf } from './feeVolumes.ts'
import { accountMargin, leverageOf, type MarginChange, worstPositionValue } from './margin.ts'
import { tierAt } from './marginTiers.ts'
import { type Market, type PerpMarket, parsePx, parseSize, type SpotMarket } from './market.ts'
import { crosses, type MatchResult, matchOrder } from './matching.ts'
import { checkOpenInterest } from './openInterest.ts'
import { NO_ROW } from './orderArena.ts'
import { completeGroup } from './orderCancel.ts'
import { formatSize, kindOf } from './orderEvents.ts'
import {
  badAloPx,
  minTradeSpotNtl,
  ORDER_REJECTIONS,
  type OrderRejection,
} from './orderRejection.ts'
import type { NewOrder } from './orderTable.ts'
import { closableSize } from './position.ts'
import type { OrderResult } from './receipt.ts'
import type { BuilderFee, User } from './records.ts'
import { addHold, spotAvailable } from './spotClearinghouse.ts'
import { spotHoldOf } from './spotHold.ts'

/** A limit order in the units of its market; only `gtc` and `alo` rest. */
export interface OrderRequest extends NewOrder {
  /** Of a slice. */
  readonly twapId?: number
}

/** What trades without a transaction of its own has this hash. */
export const NO_CAUSE: string = `0x${'00'.repeat(32)}`

/** What came of an order: the answer, and how its life goes on. */
export interface Placement {
  readonly result: OrderResult
  readonly end: 'resting' | 'filled' | 'marginCanceled' | 'canceled'
  /** Lots that traded at once, and their notional in the smallest quote unit of §1.1. */
  readonly filled: number
  readonly notional: ExactSum
}

export type LimitOrderWire = OrderWire & {
  readonly t: { readonly limit: { readonly tif: TimeInForce } }
}

export function isLimitOrder(order: OrderWire): order is LimitOrderWire {
  return 'limit' in order.t
}

export function isRejection(placed: Placement | OrderRejection): placed is OrderRejection {
  return 'code' in placed
}

/** 10 USDC in perp units (1e-6) and in spot units (1e-8 quote); §5. */
const PERP_NTL_MIN = 10_000_000
const SPOT_NTL_MIN = 1_000_000_000n
/** A perp price may be this many hundredths away from the oracle price; §5. */
const ORACLE_BAND_PERCENT = 95

/** Twice that much and once more is a safe integer. */
const AVERAGED_NEAR_MAX = 2 ** 51

/** What an order has beside its wire form. */
export interface OrderExtras {
  /** Its TP/SL children follow. */
  readonly isParent?: boolean
  readonly builder?: BuilderFee | undefined
}

/** Checks, matches and rests one limit order; docs/spec/hyperliquid.md §5. */
export function placeLimit(
  state: CoreState,
  market: Market,
  user: User,
  oid: number,
  wire: LimitOrderWire,
  extras: OrderExtras,
): Placement | OrderRejection {
  if (isDelisted(state, market)) return ORDER_REJECTIONS.delisted
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
    kind: kindOf(wire.t.limit.tif),
    reduceOnly: wire.r,
    cloid: wire.c,
    group: extras.isParent === true ? oid : 0,
    builder: extras.builder,
  }
  return checkOrder(state, market, order) ?? executeOrder(state, market, order)
}

/** Whether nobody may trade a market any more. */
export function isDelisted({ delisted }: CoreState, { asset }: Market): boolean {
  return delisted.size > 0 && delisted.has(asset)
}

/** Whether an order may go to its book; docs/spec/hyperliquid.md §4.2, §5. */
export function checkOrder(
  state: CoreState,
  market: Market,
  order: OrderRequest,
): OrderRejection | undefined {
  return (
    (market.kind === 'perp' ? checkPerp(state, market, order) : checkSpot(state, market, order)) ??
    checkBook(state, market, order)
  )
}

/** Matches and rests an order that was checked. */
export function executeOrder(
  state: CoreState,
  market: Market,
  order: OrderRequest,
): Placement | OrderRejection {
  return settle(state, market, order, matchOrder(state, market, order))
}

/** Rests or drops what is left, and says what came of the order. */
function settle(
  state: CoreState,
  market: Market,
  request: OrderRequest,
  { filled, notional, stop }: MatchResult,
): Placement | OrderRejection {
  const left = request.size - filled
  if (left > 0 && stop === 'done' && rests(request)) {
    rest(state, market, request, left)
    return { result: { resting: named(request) }, end: 'resting', filled, notional }
  }
  if (filled === 0) {
    if (stop === 'margin') return ORDER_REJECTIONS.perpMargin
    if (stop === 'reduceOnly') return ORDER_REJECTIONS.reduceOnly
    return request.kind === 'market' && market.book.best(!request.isBuy) === NO_ROW
      ? ORDER_REJECTIONS.marketOrderNoLiquidity
      : ORDER_REJECTIONS.iocCancel
  }
  const { status, end } = endOf(left, stop)
  state.events.ended(state.accounts.handleOf(request.user), market.asset, request, {
    left,
    status,
    timestampMs: state.now.timestampMs,
  })
  // A position that is closed is as good as the whole size: nothing is left for the siblings.
  if (left === 0 || stop === 'reduceOnly') completeGroup(state, request)
  const { oid, cloid } = request
  const totalSz = formatSize(market, filled)
  const avgPx = formatUnits(averagePx(notional, filled), market.pxDecimals)
  return {
    result: {
      filled: cloid === undefined ? { totalSz, avgPx, oid } : { totalSz, avgPx, oid, cloid },
    },
    end,
    filled,
    notional,
  }
}

/** How answers name an order that rests. Written out: a spread costs more than the rest of it. */
function named({ oid, cloid }: NewOrder): { readonly oid: number; readonly cloid?: string } {
  return cloid === undefined ? { oid } : { oid, cloid }
}

/** How an order ends that traded and does not rest. */
function endOf(
  left: number,
  stop: MatchResult['stop'],
): { readonly status: OrderStatus; readonly end: Placement['end'] } {
  if (left === 0) return { status: 'filled', end: 'filled' }
  if (stop === 'margin') return { status: 'marginCanceled', end: 'marginCanceled' }
  return { status: stop === 'reduceOnly' ? 'reduceOnlyCanceled' : 'canceled', end: 'canceled' }
}

function rests({ kind }: OrderRequest): boolean {
  return kind === 'gtc' || kind === 'alo'
}

function rest(state: CoreState, market: Market, order: OrderRequest, size: number): void {
  if (market.kind === 'spot') {
    const { isBuy, px } = order
    const token = (isBuy ? market.quote : market.base).index
    addHold(state, order.user, token, spotHoldOf(market, { isBuy, px, size }))
  }
  const row = state.orders.insert(order, market.asset, size, state.now.timestampMs)
  state.events.rested(row, state.orders.extrasOf(row))
}

function checkPerp(
  state: CoreState,
  market: PerpMarket,
  order: OrderRequest,
): OrderRejection | undefined {
  const { positions, accounts } = state
  const row = positions.find(accounts.handleOf(order.user), market.asset)
  const closable = order.reduceOnly ? closableSize(positions.sizeOf(row), order.isBuy) : 0
  const closesAll = closable > 0 && order.size >= closable
  if (isBelowMinimum(order) && !closesAll) return ORDER_REJECTIONS.minTradeNtl
  if (isTooFarFromOracle(state, market, order.px)) return ORDER_REJECTIONS.oracle
  if (isAboveMaximum(market, order)) return ORDER_REJECTIONS.maxValue
  if (order.reduceOnly) return closable === 0 ? ORDER_REJECTIONS.reduceOnly : undefined
  return checkOpenInterest(state, market, order) ?? checkPerpMargin(state, market, order, row)
}

/** Largest value of a market order by the leverage of its market, 1e-6 USDC; §5. */
export const MARKET_NTL_MAX: readonly { readonly maxLeverage: number; readonly ntl: bigint }[] = [
  { maxLeverage: 25, ntl: 30_000_000_000_000n },
  { maxLeverage: 20, ntl: 5_000_000_000_000n },
  { maxLeverage: 10, ntl: 2_000_000_000_000n },
  { maxLeverage: 0, ntl: 500_000_000_000n },
]
/** What no bound is below. */
const NTL_MAX_LEAST = 500_000_000_000
/** Limit orders may be worth so many times a market order. */
const LIMIT_NTL_FACTOR = 10n

function ntlMaxOf({ perp }: PerpMarket, { kind }: OrderRequest): bigint {
  const { ntl } = MARKET_NTL_MAX.find(({ maxLeverage }) => perp.maxLeverage >= maxLeverage) ?? {
    ntl: 0n,
  }
  return kind === 'market' ? ntl : ntl * LIMIT_NTL_FACTOR
}

function isAboveMaximum(market: PerpMarket, order: OrderRequest): boolean {
  // Rounding a product to a double keeps it on its side of a bound that is a double.
  if (order.px * order.size <= NTL_MAX_LEAST) return false
  return product(order.px, order.size) > ntlMaxOf(market, order)
}

/** The slices of a TWAP may be small: its whole may not. */
function isBelowMinimum({ kind, px, size }: OrderRequest): boolean {
  return kind !== 'twapSlice' && px * size < PERP_NTL_MIN
}

export function isTooFarFromOracle(state: CoreState, market: PerpMarket, px: number): boolean {
  const { oraclePx } = state.pricesOf(market.asset)
  const distance = Math.abs(px - oraclePx)
  if (100 * (distance + oraclePx) <= Number.MAX_SAFE_INTEGER) {
    return 100 * distance > ORACLE_BAND_PERCENT * oraclePx
  }
  return product(100, distance) > product(ORACLE_BAND_PERCENT, oraclePx)
}

/** Initial margin with the order added, and its fee set aside; §6.3. An order that cannot raise it needs none. `row`: its position. */
function checkPerpMargin(
  state: CoreState,
  market: PerpMarket,
  order: OrderRequest,
  row: number,
): OrderRejection | undefined {
  const verdict = checkNearMargin(state, market, order, row)
  if (verdict !== 'unsure') return verdict
  const { user, isBuy, size } = order
  const { size: open = 0 } = state.positions.get(user, market.asset) ?? {}
  const { buy, sell } = state.positions.openingOf(user, market.asset)
  const reach = Math.abs(open) + (isBuy ? buy : sell) + size
  if (!Number.isSafeInteger(reach)) return ORDER_REJECTIONS.size

  const takerPpm = feeRatesOf(state, user).perpTakerPpm + builderPpm(order.builder)
  const change: MarginChange = {
    perp: market.asset,
    size: 0,
    buy: isBuy ? size : 0,
    sell: isBuy ? 0 : size,
    rawUsd: -feeOf(product(order.px, size), takerPpm),
  }
  const before = accountMargin(state, user)
  const after = accountMargin(state, user, change)
  if (after.initial <= before.initial) return undefined
  const tier = tierAt(market.tiers, worstPositionValue(state, user, change))
  if (tier.maxLeverage < leverageOf(state, user, market)) return ORDER_REJECTIONS.perpMaxPosition
  return after.accountValue < after.initial ? ORDER_REJECTIONS.perpMargin : undefined
}

/** The same on doubles; `unsure` when they could not hold a number of it. */
function checkNearMargin(
  state: CoreState,
  market: PerpMarket,
  { user, isBuy, size, px, builder }: OrderRequest,
  row: number,
): OrderRejection | undefined | 'unsure' {
  const { accounts, positions } = state
  const { margin } = positions
  const { asset, tiers } = market
  const [tier] = tiers
  if (state.generalOnly || tier === undefined || tiers.length > 1) return 'unsure'
  const owner = accounts.handleOf(user)
  const reach = Math.abs(positions.sizeOf(row)) + positions.openingOn(row, isBuy) + size
  if (!Number.isSafeInteger(reach)) return 'unsure'
  if (!margin.mayRaise(row, isBuy, size)) return undefined
  const takerPpm = feeRatesOf(state, user).perpTakerPpm + builderPpm(builder)
  const fee = nearFeeOf(exact(px * size), takerPpm)
  const before = margin.initialMarginOf(owner)
  margin.weigh(owner, asset, row, -fee, 0, isBuy ? size : 0, isBuy ? 0 : size)
  const after = margin.weighedInitial
  if (after <= before) return undefined
  if (!(after > before) || Number.isNaN(margin.weighedValue)) return 'unsure'
  const leverage =
    row === NO_ROW ? state.defaultPositionOf(user, market).leverage : positions.leverageOf(row)
  if (tier.maxLeverage < leverage) return ORDER_REJECTIONS.perpMaxPosition
  return margin.isWeighedCovered() ? undefined : ORDER_REJECTIONS.perpMargin
}

function checkSpot(
  state: CoreState,
  market: SpotMarket,
  order: OrderRequest,
): OrderRejection | undefined {
  if (order.kind !== 'twapSlice' && product(order.px, order.size) < SPOT_NTL_MIN)
    return minTradeSpotNtl(market.quote.name)
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
  const refused = checkOpenOrders(state, order)
  if (refused !== undefined) return refused
  if (!rests(order)) return undefined
  if (!book.hasRoom(order.isBuy, order.px, order.size)) {
    return ORDER_REJECTIONS.size
  }
  if (order.kind !== 'alo') return undefined
  const opposite = book.bestPx(!order.isBuy)
  if (opposite === 0 || !crosses(order, opposite)) return undefined
  const side = (isBuy: boolean): string => {
    const best = book.bestPx(isBuy)
    return best === 0 ? 'None' : formatUnits(best, pxDecimals)
  }
  return badAloPx(`${side(true)}@${side(false)}`)
}

/** Whether the owner may have one more order open; what reduces may only use what genesis grants; §5. */
export function checkOpenOrders(
  state: CoreState,
  order: Pick<OrderRequest, 'user' | 'cloid' | 'kind' | 'reduceOnly'>,
): OrderRejection | undefined {
  const { user, cloid, kind } = order
  if (cloid !== undefined && state.ordersOf(user).byCloid.has(cloid)) {
    return ORDER_REJECTIONS.duplicateCloid
  }
  if (kind !== 'gtc' && kind !== 'alo') return undefined
  const waiting = state.triggers.size === 0 ? 0 : state.ordersOf(user).triggers.size
  const open = state.orders.countOf(user) + waiting
  // What volume earns comes on top of what everyone has.
  if (open < state.rules.openOrdersMax) return undefined
  return order.reduceOnly || open >= openOrdersMaxOf(state, user)
    ? ORDER_REJECTIONS.tooManyOpenOrders
    : undefined
}

/** Ticks, rounded half up. */
function averagePx(notional: ExactSum, size: number): bigint | number {
  const { near } = notional
  if (near <= AVERAGED_NEAR_MAX && size <= AVERAGED_NEAR_MAX) {
    return floorQuotient(2 * near + size, 2 * size)
  }
  const lots = BigInt(size)
  return (2n * notional.value + lots) / (2n * lots)
}
