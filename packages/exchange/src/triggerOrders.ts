import type { OrderWire } from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import { product } from './decimal.ts'
import type { OrderStatus } from './events.ts'
import { ExactSum } from './exactSum.ts'
import { TRIGGERS_PER_BLOCK_MAX } from './limits.ts'
import { type Market, parsePx, parseSize, slippagePx } from './market.ts'
import {
  emitStatus,
  emitTriggerStatus,
  marketOf,
  ORDER_DETAILS,
  triggerDetails,
} from './orderEvents.ts'
import {
  checkOpenOrders,
  executeOrder,
  isDelisted,
  isRejection,
  isTooFarFromOracle,
  NO_CAUSE,
  type OrderRequest,
  type Placement,
} from './orderPlacement.ts'
import type { TriggerOrder } from './orderRecords.ts'
import { ORDER_REJECTIONS, type OrderRejection } from './orderRejection.ts'
import { closable } from './perpClearinghouse.ts'
import type { OrderResult } from './receipt.ts'
import type { BuilderFee, User } from './records.ts'
import { type Armed, firesAt } from './triggerBook.ts'

/** What a market order may slip from the mark price at which it fires; docs/spec/hyperliquid.md §5. */
export const TRIGGER_SLIPPAGE_PERCENT = 10
/** 10 USDC in 1e-6; §5. */
const NTL_MIN = 10_000_000n

export type TriggerOrderWire = OrderWire & {
  readonly t: {
    readonly trigger: {
      readonly isMarket: boolean
      readonly triggerPx: string
      readonly tpsl: 'tp' | 'sl'
    }
  }
}

/** Where a trigger order stands among others. */
export interface TriggerPlace {
  /** 0 is none. */
  readonly group: number
  readonly isPositionTpsl: boolean
  /** Limit of the resting parent whose fill it waits for, in ticks. */
  readonly parentPx?: number
  /** Size of its parent stands behind it instead of a position. */
  readonly isChild: boolean
  readonly builder: BuilderFee | undefined
}

/** Checks a TP/SL order and lets it wait; docs/spec/hyperliquid.md §5. */
export function placeTrigger(
  state: CoreState,
  market: Market,
  owner: { readonly user: User; readonly oid: number },
  wire: TriggerOrderWire,
  place: TriggerPlace,
): Placement | OrderRejection {
  if (isDelisted(state, market)) return ORDER_REJECTIONS.delisted
  const { isMarket, tpsl } = wire.t.trigger
  const [px, triggerPx] = [parsePx(wire.p, market), parsePx(wire.t.trigger.triggerPx, market)]
  if (px === undefined || triggerPx === undefined) return ORDER_REJECTIONS.tick
  const isWhole = place.isPositionTpsl && /^0(\.0+)?$/.test(wire.s)
  const size = isWhole ? 0 : parseSize(wire.s, market)
  if (size === undefined) return ORDER_REJECTIONS.size
  const order: TriggerOrder = {
    ...owner,
    asset: market.asset,
    isBuy: wire.b,
    px,
    size,
    triggerPx,
    tpsl,
    isMarket,
    isPositionTpsl: place.isPositionTpsl,
    isArmed: place.parentPx === undefined,
    group: place.group,
    cloid: wire.c,
    builder: place.builder,
    timestampMs: state.now.timestampMs,
  }
  const rejection = checkTrigger(state, market, order, place)
  if (rejection !== undefined) return rejection
  state.triggers.set(order.oid, order)
  emitTriggerStatus(state, order, 'open')
  return { result: waitingResult(order), end: 'resting', filled: 0, notional: new ExactSum() }
}

/**
 * Begin-block step ④: fires what the mark prices reach, by order id; §2.
 *
 * What fires now may arm or take out others: those are looked at in the next block, and so is what is too much for this
 * one, at the mark that there is then.
 */
export function fireTriggers(state: CoreState): void {
  const due: Armed[] = []
  for (const [asset, book] of state.triggerBooks) {
    if (book.size === 0 || state.delisted.has(asset)) continue
    for (const order of book.due(state.pricesOf(asset).markPx)) due.push(order)
  }
  state.causeId = NO_CAUSE
  for (const { oid } of due.sort((a, b) => a.oid - b.oid).slice(0, TRIGGERS_PER_BLOCK_MAX)) {
    const order = state.triggers.get(oid)
    if (order !== undefined) fire(state, order)
  }
}

function waitingResult({ oid, cloid, group, isArmed }: TriggerOrder): OrderResult {
  if (group !== 0) return isArmed ? 'waitingForTrigger' : 'waitingForFill'
  return { resting: { oid, ...(cloid === undefined ? {} : { cloid }) } }
}

function checkTrigger(
  state: CoreState,
  market: Market,
  order: TriggerOrder,
  place: TriggerPlace,
): OrderRejection | undefined {
  // There is no position on spot that could be protected.
  if (market.kind === 'spot') return ORDER_REJECTIONS.reduceOnly
  const closableSize = closable(state, order.user, order.asset, order.isBuy)
  if (!place.isChild && closableSize === 0) return ORDER_REJECTIONS.reduceOnly
  const referencePx = place.parentPx ?? state.pricesOf(order.asset).markPx
  if (firesAt(order, referencePx)) return ORDER_REJECTIONS.badTriggerPx
  const closesAll = order.size === 0 || (!place.isChild && order.size >= closableSize)
  const px = order.isMarket ? order.triggerPx : order.px
  if (product(px, order.size) < NTL_MIN && !closesAll) return ORDER_REJECTIONS.minTradeNtl
  return checkOpenOrders(state, { ...order, kind: 'gtc', reduceOnly: true })
}

function fire(state: CoreState, order: TriggerOrder): void {
  const market = marketOf(state, order)
  state.triggers.set(order.oid, undefined)
  emitTriggerStatus(state, order, 'triggered')
  const closableSize = closable(state, order.user, order.asset, order.isBuy)
  if (closableSize === 0) {
    emitTriggerStatus(state, order, 'reduceOnlyCanceled')
    return
  }
  const { markPx } = state.pricesOf(order.asset)
  const slippage = { isBuy: order.isBuy, slippagePercent: TRIGGER_SLIPPAGE_PERCENT }
  const request: OrderRequest = {
    user: order.user,
    oid: order.oid,
    isBuy: order.isBuy,
    px: order.isMarket ? slippagePx(market, markPx, slippage) : order.px,
    size: order.size === 0 ? closableSize : order.size,
    kind: order.isMarket ? 'market' : 'gtc',
    reduceOnly: true,
    cloid: order.cloid,
    group: order.group,
    builder: order.builder,
  }
  const placed = attemptFired(state, market, request)
  if (isRejection(placed)) emitRefused(state, market, request, order, placed)
}

function attemptFired(
  state: CoreState,
  market: Market,
  request: OrderRequest,
): Placement | OrderRejection {
  if (market.kind === 'perp' && isTooFarFromOracle(state, market, request.px)) {
    return ORDER_REJECTIONS.oracle
  }
  return executeOrder(state, market, request)
}

/** The order that a trigger became was refused: its owner learns it under the same id. */
function emitRefused(
  state: CoreState,
  market: Market,
  request: OrderRequest,
  { triggerPx, tpsl, isMarket, isPositionTpsl, isBuy }: TriggerOrder,
  rejection: OrderRejection,
): void {
  const status: OrderStatus =
    rejection === ORDER_REJECTIONS.reduceOnly ? 'reduceOnlyCanceled' : rejection.status
  const details = isMarket
    ? triggerDetails(market, { triggerPx, tpsl, isMarket, isPositionTpsl, isBuy })
    : ORDER_DETAILS.gtc
  emitStatus(
    state,
    {
      ...request,
      asset: market.asset,
      origSize: request.size,
      timeInForce: 'gtc',
      timestampMs: state.now.timestampMs,
    },
    status,
    { details, rejection },
  )
}
