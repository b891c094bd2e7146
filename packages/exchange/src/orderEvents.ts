import { type Address, assert, type OrderWire, type TimeInForce } from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import { formatUnits } from './decimal.ts'
import type {
  BookDiffEvent,
  OrderDetailsJson,
  OrderJson,
  OrderStatus,
  OrderUpdateEvent,
} from './events.ts'
import type { Market } from './market.ts'
import type { TriggerOrder } from './orderRecords.ts'
import type { OrderRejection } from './orderRejection.ts'
import type { Order } from './records.ts'
import { firesAbove } from './triggerBook.ts'

export function sideLetter(isBuy: boolean): 'A' | 'B' {
  return isBuy ? 'B' : 'A'
}

export function formatPx(market: Market, px: number): string {
  return formatUnits(px, market.pxDecimals)
}

export function formatSize(market: Market, size: number): string {
  return formatUnits(size, market.szDecimals)
}

/** An order as the APIs print it, with the size that is open. */
export function orderJson(market: Market, order: ToldOrder, size: number = order.size): OrderJson {
  return {
    coin: market.coin,
    side: sideLetter(order.isBuy),
    limitPx: formatPx(market, order.px),
    sz: formatSize(market, size),
    oid: order.oid,
    timestamp: order.timestampMs,
    origSz: formatSize(market, order.origSize),
    ...(order.cloid === undefined ? {} : { cloid: order.cloid }),
    ...(order.reduceOnly ? { reduceOnly: true } : {}),
  }
}

/** A waiting TP/SL order as the APIs print it; one for the whole position has size 0. */
export function triggerJson(market: Market, order: TriggerOrder): OrderJson {
  return orderJson(market, {
    ...order,
    origSize: order.size,
    timeInForce: 'gtc',
    reduceOnly: true,
  })
}

const NO_TRIGGER = {
  triggerCondition: 'N/A',
  isTrigger: false,
  triggerPx: '0.0',
  isPositionTpsl: false,
} as const

/** How an order stays in the book, and what it is printed as. */
export const ORDER_KINDS = ['gtc', 'ioc', 'alo', 'market', 'twapSlice'] as const
export type OrderKind = (typeof ORDER_KINDS)[number]

/** What order statuses tell beside the order itself, by the kind of order; docs/spec/hyperliquid.md §10.1. */
export const ORDER_DETAILS: Readonly<Record<OrderKind, OrderDetailsJson>> = {
  gtc: { ...NO_TRIGGER, orderType: 'Limit', tif: 'Gtc' },
  ioc: { ...NO_TRIGGER, orderType: 'Limit', tif: 'Ioc' },
  alo: { ...NO_TRIGGER, orderType: 'Limit', tif: 'Alo' },
  market: { ...NO_TRIGGER, orderType: 'Market', tif: 'FrontendMarket' },
  twapSlice: { ...NO_TRIGGER, orderType: 'Twap Slice', tif: 'Ioc' },
}

/** The same of a waiting TP/SL order. */
export function triggerDetails(
  market: Market,
  order: Pick<TriggerOrder, 'isBuy' | 'tpsl' | 'isMarket' | 'triggerPx' | 'isPositionTpsl'>,
): OrderDetailsJson {
  const triggerPx = formatPx(market, order.triggerPx)
  const name = order.tpsl === 'tp' ? 'Take Profit' : 'Stop'
  return {
    triggerCondition: `Price ${firesAbove(order) ? 'above' : 'below'} ${triggerPx}`,
    isTrigger: true,
    triggerPx,
    isPositionTpsl: order.isPositionTpsl,
    orderType: `${name} ${order.isMarket ? 'Market' : 'Limit'}`,
    tif: null,
  }
}

/** An order as events tell of it, whoever owns it. */
export type ToldOrder = Pick<
  Order,
  | 'isBuy'
  | 'px'
  | 'size'
  | 'oid'
  | 'timestampMs'
  | 'origSize'
  | 'timeInForce'
  | 'cloid'
  | 'reduceOnly'
>

/** Where an order stands. */
export function orderUpdateEvent(
  user: Address,
  market: Market,
  order: ToldOrder,
  update: {
    readonly status: OrderStatus
    readonly statusTimestamp: number
    /** Lots still open. */
    readonly size: number
    /** `undefined` is those of an order that rests. */
    readonly details: OrderDetailsJson | undefined
    readonly rejection?: OrderRejection | undefined
  },
): OrderUpdateEvent {
  const { status, statusTimestamp, size, details, rejection } = update
  return {
    kind: 'orderUpdate',
    user,
    order: orderJson(market, order, size),
    details: details ?? ORDER_DETAILS[order.timeInForce],
    status,
    statusTimestamp,
    ...(rejection === undefined ? {} : { code: rejection.code }),
  }
}

/** Tells the owner where an order that does not rest stands now. */
export function emitStatus(
  state: CoreState,
  order: Order,
  status: OrderStatus,
  options: {
    readonly details?: OrderDetailsJson
    readonly rejection?: OrderRejection
  } = {},
): void {
  const update = {
    status,
    statusTimestamp: state.now.timestampMs,
    size: order.size,
    details: options.details,
    rejection: options.rejection,
  }
  state.emit(orderUpdateEvent(state.addressOf(order.user), marketOf(state, order), order, update))
}

export function emitTriggerStatus(
  state: CoreState,
  order: TriggerOrder,
  status: OrderStatus,
): void {
  const market = marketOf(state, order)
  state.emit({
    kind: 'orderUpdate',
    user: state.addressOf(order.user),
    order: triggerJson(market, order),
    details: triggerDetails(market, order),
    status,
    statusTimestamp: state.now.timestampMs,
  })
}

/** That an order was refused; price and size are printed as they came. */
export function rejectionEvent(
  user: Address,
  market: Market,
  refused: { readonly oid: number; readonly wire: OrderWire; readonly rejection: OrderRejection },
  timestampMs: number,
): OrderUpdateEvent {
  const { oid, wire, rejection } = refused
  return {
    kind: 'orderUpdate',
    user,
    order: {
      coin: market.coin,
      side: sideLetter(wire.b),
      limitPx: wire.p,
      sz: wire.s,
      oid,
      timestamp: timestampMs,
      origSz: wire.s,
      ...(wire.c === undefined ? {} : { cloid: wire.c }),
      ...(wire.r ? { reduceOnly: true } : {}),
    },
    details: wireDetails(wire),
    status: rejection.status,
    statusTimestamp: timestampMs,
    code: rejection.code,
  }
}

/** `FrontendMarket` is what the page sends as a market order; docs/spec/hyperliquid.md §5. */
export function kindOf(tif: TimeInForce): OrderKind {
  switch (tif) {
    case 'Gtc':
      return 'gtc'
    case 'Ioc':
      return 'ioc'
    case 'Alo':
      return 'alo'
    case 'FrontendMarket':
      return 'market'
  }
}

function wireDetails(wire: OrderWire): OrderDetailsJson {
  if ('limit' in wire.t) return ORDER_DETAILS[kindOf(wire.t.limit.tif)]
  const { isMarket, triggerPx, tpsl } = wire.t.trigger
  const isAbove = firesAbove({ isBuy: wire.b, tpsl })
  return {
    triggerCondition: `Price ${isAbove ? 'above' : 'below'} ${triggerPx}`,
    isTrigger: true,
    triggerPx,
    isPositionTpsl: false,
    orderType: `${tpsl === 'tp' ? 'Take Profit' : 'Stop'} ${isMarket ? 'Market' : 'Limit'}`,
    tif: null,
  }
}

/** What changed in a book; §10.3. */
export function bookDiffEvent(
  user: Address,
  market: Market,
  order: Pick<Order, 'oid' | 'isBuy' | 'px'>,
  rawBookDiff: BookDiffEvent['rawBookDiff'],
): BookDiffEvent {
  return {
    kind: 'bookDiff',
    user,
    oid: order.oid,
    coin: market.coin,
    side: sideLetter(order.isBuy),
    px: formatPx(market, order.px),
    rawBookDiff,
  }
}

export function marketOf(state: CoreState, order: { readonly asset: number }): Market {
  const market = state.markets.get(order.asset)
  assert(market !== undefined, 'an order on an unknown asset')
  return market
}
