import { assert } from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import { formatUnits } from './decimal.ts'
import type { BookDiffEvent, OrderJson, OrderStatus } from './events.ts'
import type { Market } from './market.ts'
import type { OrderRejection } from './orderRejection.ts'
import type { Order, User } from './records.ts'

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
export function orderJson(market: Market, order: Order, size: number = order.size): OrderJson {
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

/** Tells the owner where the order stands now. */
export function emitStatus(
  state: CoreState,
  order: Order,
  status: OrderStatus,
  size: number = order.size,
): void {
  state.emit({
    kind: 'orderUpdate',
    user: state.addressOf(order.user),
    order: orderJson(marketOf(state, order), order, size),
    status,
    statusTimestamp: state.now.timestampMs,
  })
}

/** Tells the owner that an order was refused; price and size are printed as they came. */
export function emitRejection(
  state: CoreState,
  user: User,
  order: OrderJson,
  rejection: OrderRejection,
): void {
  state.emit({
    kind: 'orderUpdate',
    user: state.addressOf(user),
    order,
    status: rejection.status,
    statusTimestamp: state.now.timestampMs,
    code: rejection.code,
  })
}

/** Tells followers of the book what changed; §10.3. */
export function emitBookDiff(
  state: CoreState,
  order: Order,
  rawBookDiff: BookDiffEvent['rawBookDiff'],
): void {
  const market = marketOf(state, order)
  state.emit({
    kind: 'bookDiff',
    user: state.addressOf(order.user),
    oid: order.oid,
    coin: market.coin,
    side: sideLetter(order.isBuy),
    px: formatPx(market, order.px),
    rawBookDiff,
  })
}

export function marketOf(state: CoreState, order: Order): Market {
  const market = state.markets.get(order.asset)
  assert(market !== undefined, 'an order on an unknown asset')
  return market
}
