import type { CoreState } from './coreState.ts'
import type { OrderStatus } from './events.ts'
import { emitBookDiff, emitStatus, marketOf } from './orderEvents.ts'
import type { Order } from './records.ts'
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
