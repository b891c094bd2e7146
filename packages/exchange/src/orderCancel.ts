import type { CoreState } from './coreState.ts'
import type { OrderStatus } from './events.ts'
import { emitTriggerStatus, marketOf } from './orderEvents.ts'
import type { TriggerOrder } from './orderRecords.ts'
import { closable } from './perpClearinghouse.ts'
import type { Order, User } from './records.ts'
import { addHold } from './spotClearinghouse.ts'
import { spotHoldOf } from './spotHold.ts'

/** Takes a resting order out of its book and frees what it locked; a parent takes its children along. */
export function removeOrder(state: CoreState, order: Order, status: OrderStatus): void {
  const market = marketOf(state, order)
  if (market.kind === 'spot') {
    const token = (order.isBuy ? market.quote : market.base).index
    addHold(state, order.user, token, -spotHoldOf(market, order))
  }
  const row = state.orders.find(order.oid)
  state.events.removed(row, status, state.orders.extrasOf(row))
  state.orders.remove(row)
  if (order.group !== order.oid) return
  // §5: children live on when their parent was cut short for want of margin.
  if (status === 'marginCanceled' && order.size < order.origSize) armChildren(state, order)
  else cancelChildren(state, order)
}

export function removeTrigger(state: CoreState, order: TriggerOrder, status: OrderStatus): void {
  state.triggers.set(order.oid, undefined)
  emitTriggerStatus(state, order, status)
}

/** An open order of a user on an asset, resting or waiting for its trigger. */
export function findOpen(
  state: CoreState,
  user: User,
  asset: number,
  oid: number,
): Order | TriggerOrder | undefined {
  const order = state.orders.get(oid) ?? state.triggers.get(oid)
  return order?.user === user && order.asset === asset ? order : undefined
}

/** Takes out whatever `findOpen` found. */
export function removeOpen(
  state: CoreState,
  order: Order | TriggerOrder,
  status: OrderStatus,
): void {
  if ('tpsl' in order) removeTrigger(state, order, status)
  else removeOrder(state, order, status)
}

/** Takes out all orders of a user, the oldest first; returns how many there were. */
export function cancelAllOrders(state: CoreState, user: User, status: OrderStatus): number {
  const { triggers } = state.ordersOf(user)
  const oids = [...state.orders.oidsOf(user), ...triggers.keys()].sort(ascending)
  for (const oid of oids) {
    const order = state.orders.get(oid) ?? state.triggers.get(oid)
    // A parent may have taken it along.
    if (order !== undefined) removeOpen(state, order, status)
  }
  return oids.length
}

/** What an order that traded to its end means for its TP/SL group; docs/spec/hyperliquid.md §5. */
export function completeGroup(
  state: CoreState,
  order: { readonly user: User; readonly oid: number; readonly group: number },
): void {
  if (order.group === 0) return
  if (order.group === order.oid) armChildren(state, order)
  else cancelSiblings(state, order)
}

/**
 * Takes out the TP/SL orders of a position that is closed or turned around: they follow it; §5.
 *
 * The siblings of the order that closed it go as such.
 */
export function releasePositionTpsl(
  state: CoreState,
  user: User,
  asset: number,
  closingGroup: number,
): void {
  const { triggers } = state.ordersOf(user)
  if (triggers.size === 0) return
  const gone = [...triggers.values()].filter(
    (order) =>
      order.isPositionTpsl &&
      order.asset === asset &&
      closable(state, user, asset, order.isBuy) === 0,
  )
  for (const order of gone.sort((a, b) => a.oid - b.oid)) {
    const isSibling = order.group !== 0 && order.group === closingGroup
    removeTrigger(state, order, isSibling ? 'siblingFilledCanceled' : 'reduceOnlyCanceled')
  }
}

interface Member {
  readonly user: User
  readonly oid: number
  readonly group: number
}

function armChildren(state: CoreState, parent: Omit<Member, 'group'>): void {
  for (const oid of membersOf(state, { ...parent, group: parent.oid })) {
    const child = state.triggers.get(oid)
    if (child !== undefined) state.triggers.set(oid, { ...child, isArmed: true })
  }
}

function cancelChildren(state: CoreState, parent: Member): void {
  for (const oid of membersOf(state, parent)) {
    const child = state.triggers.get(oid)
    if (child !== undefined) removeTrigger(state, child, 'canceled')
  }
}

function cancelSiblings(state: CoreState, child: Member): void {
  for (const oid of membersOf(state, child)) {
    const sibling = state.orders.get(oid) ?? state.triggers.get(oid)
    if (sibling !== undefined) removeOpen(state, sibling, 'siblingFilledCanceled')
  }
}

/** The others of a group, oldest first. */
function membersOf(state: CoreState, { user, oid, group }: Member): number[] {
  const members = state.ordersOf(user).groups.get(group) ?? []
  return [...members].filter((member) => member !== oid && member !== group).sort(ascending)
}

function ascending(a: number, b: number): number {
  return a - b
}
