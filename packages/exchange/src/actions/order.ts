import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { BATCH_MAX } from '../limits.ts'
import { isLimitOrder, placeOrder } from '../orderPlacement.ts'
import type { User } from '../records.ts'
import { type ActionOutcome, fault, unsupported } from './outcome.ts'

/** Places the orders one after another; each has its own status. */
export function applyOrder(
  state: CoreState,
  user: User,
  { orders, grouping, builder }: Extract<Action, { type: 'order' }>,
): ActionOutcome {
  if (orders.length === 0) return fault('OL_ACTION_MALFORMED', 'Empty order batch.')
  if (orders.length > BATCH_MAX) return fault('OL_ACTION_MALFORMED', 'Order batch too large.')
  if (grouping !== 'na') return unsupported('order grouping')
  if (builder !== undefined) return unsupported('builder fee')
  const limitOrders = orders.filter(isLimitOrder)
  if (limitOrders.length < orders.length) return unsupported('trigger order')
  return {
    type: 'order',
    data: { statuses: limitOrders.map((order) => placeOrder(state, user, order)) },
  }
}
