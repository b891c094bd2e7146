import type { OrderWire } from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import type { Market } from './market.ts'
import { removeOpen } from './orderCancel.ts'
import {
  isLimitOrder,
  isRejection,
  type OrderExtras,
  type Placement,
  placeLimit,
} from './orderPlacement.ts'
import type { TriggerOrder } from './orderRecords.ts'
import { ORDER_REJECTIONS, type OrderRejection } from './orderRejection.ts'
import type { OrderResult } from './receipt.ts'
import type { BuilderFee, Order, User } from './records.ts'
import { placeTrigger, type TriggerOrderWire, type TriggerPlace } from './triggerOrders.ts'

const ALONE: TriggerPlace = {
  group: 0,
  isPositionTpsl: false,
  isChild: false,
  builder: undefined,
}

export function isTriggerOrder(order: OrderWire): order is TriggerOrderWire {
  return 'trigger' in order.t
}

/** Takes one order that stands for itself, resting or triggered, and says what came of it. */
export function placeOrder(
  state: CoreState,
  user: User,
  wire: OrderWire,
  extras: OrderExtras = {},
): OrderResult {
  const market = state.marketAt(wire.a)
  if (market === undefined) return { error: ORDER_REJECTIONS.asset.text }
  const oid = state.nextOid()
  const placed = isLimitOrder(wire)
    ? placeLimit(state, market, user, oid, wire, extras)
    : attempt(state, market, { user, oid }, wire, extras)
  return isRejection(placed)
    ? refuse(state, { user, oid }, market, wire, placed).result
    : placed.result
}

/**
 * Puts a new order in the place of an old one: both happen, or neither; docs/spec/hyperliquid.md §5.
 *
 * Only inside an action.
 */
export function replaceOrder(
  state: CoreState,
  old: Order | TriggerOrder | undefined,
  user: User,
  wire: OrderWire,
): OrderResult {
  const market = state.marketAt(wire.a)
  if (market === undefined) return { error: ORDER_REJECTIONS.asset.text }
  const placed = state.attempt(() => {
    if (old !== undefined) removeOpen(state, old, 'canceled')
    return attempt(state, market, { user, oid: state.nextOid() }, wire, {})
  }, isRejection)
  if (!isRejection(placed)) return placed.result
  return refuse(state, { user, oid: state.nextOid() }, market, wire, placed).result
}

/** Takes a parent and the TP/SL orders that wait for its fill; docs/spec/hyperliquid.md §5. */
export function placeParentAndChildren(
  state: CoreState,
  user: User,
  [parent, ...children]: readonly [OrderWire, ...TriggerOrderWire[]],
  builder: BuilderFee | undefined,
): OrderResult[] {
  let group = 0
  const entered = enter(state, user, parent, (market, oid) => {
    group = oid
    return attempt(state, market, { user, oid }, parent, {
      isParent: children.length > 0,
      builder,
    })
  })
  const resting = state.orders.get(group)
  const place: TriggerPlace = {
    group,
    isPositionTpsl: false,
    isChild: true,
    builder,
    ...(entered.end === 'resting' && resting !== undefined ? { parentPx: resting.px } : {}),
  }
  const results = children.map((child) =>
    enter(state, user, child, (market, oid) =>
      entered.end === 'refused' || entered.end === 'canceled'
        ? ORDER_REJECTIONS.parentNotFilled
        : placeTrigger(state, market, { user, oid }, child, place),
    ),
  )
  return [entered.result, ...results.map(({ result }) => result)]
}

/** Takes TP/SL orders for a position that is there; a group without parent has an id of its own; §5. */
export function placePositionTpsl(
  state: CoreState,
  user: User,
  orders: readonly TriggerOrderWire[],
  builder: BuilderFee | undefined,
): OrderResult[] {
  const group = state.nextOid()
  const place: TriggerPlace = { group, isPositionTpsl: true, isChild: false, builder }
  return orders.map(
    (order) =>
      enter(state, user, order, (market, oid) =>
        placeTrigger(state, market, { user, oid }, order, place),
      ).result,
  )
}

interface Entered {
  readonly result: OrderResult
  readonly end: Placement['end'] | 'refused'
}

/** Gives the order its id, and tells when it was refused. */
function enter(
  state: CoreState,
  user: User,
  wire: OrderWire,
  place: (market: Market, oid: number) => Placement | OrderRejection,
): Entered {
  const market = state.marketAt(wire.a)
  if (market === undefined)
    return { result: { error: ORDER_REJECTIONS.asset.text }, end: 'refused' }
  const oid = state.nextOid()
  const placed = place(market, oid)
  return isRejection(placed) ? refuse(state, { user, oid }, market, wire, placed) : placed
}

function attempt(
  state: CoreState,
  market: Market,
  owner: { readonly user: User; readonly oid: number },
  wire: OrderWire,
  extras: OrderExtras,
): Placement | OrderRejection {
  if (isLimitOrder(wire)) return placeLimit(state, market, owner.user, owner.oid, wire, extras)
  if (!isTriggerOrder(wire)) return ORDER_REJECTIONS.size
  return placeTrigger(state, market, owner, wire, { ...ALONE, builder: extras.builder })
}

/** Tells of an order that was refused under the id it used up. */
function refuse(
  state: CoreState,
  owner: { readonly user: User; readonly oid: number },
  market: Market,
  wire: OrderWire,
  rejection: OrderRejection,
): Entered {
  const handle = state.accounts.handleOf(owner.user)
  state.events.refused(handle, market.asset, owner.oid, wire, rejection)
  return { result: { error: rejection.text }, end: 'refused' }
}
