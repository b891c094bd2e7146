import type { CoreState } from './coreState.ts'
import type { OrderStatus } from './events.ts'
import { emitBookDiff, emitStatus, marketOf } from './orderEvents.ts'
import type { Order, User } from './records.ts'
import { addHold } from './spotClearinghouse.ts'
import { spotHoldOf } from './spotHold.ts'

/** Takes a resting order out of its book and frees what it locked. */
export function removeOrder(state: CoreState, order: Order, status: OrderStatus): void {
  const market = marketOf(state, order)
  if (market.kind === 'spot') {
    const token = (order.isBuy ? market.quote : market.base).index
    addHold(state, order.user, token, -spotHoldOf(market, order))
  }
  state.orders.set(order.oid, undefined)
  emitBookDiff(state, order, 'remove')
  emitStatus(state, order, status)
}

/** Takes out all orders of a user, the oldest first. */
export function cancelAllOrders(state: CoreState, user: User, status: OrderStatus): void {
  const oids = [...state.ordersOf(user).byOid.keys()].sort((a, b) => a - b)
  for (const oid of oids) {
    const order = state.orders.get(oid)
    if (order !== undefined) removeOrder(state, order, status)
  }
}
