import type { Action, OrderIdWire, OrderWire } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { BATCH_MAX } from '../limits.ts'
import { isLimitOrder, replaceOrder } from '../orderPlacement.ts'
import { ORDER_REJECTIONS } from '../orderRejection.ts'
import type { OrderResult } from '../receipt.ts'
import type { Order, User } from '../records.ts'
import { type ActionOutcome, DONE, fault, unsupported } from './outcome.ts'

/** Replaces one order; what is refused leaves the old one; docs/spec/hyperliquid.md §5. */
export function applyModify(
  state: CoreState,
  user: User,
  action: Extract<Action, { type: 'modify' }>,
): ActionOutcome {
  if (!isLimitOrder(action.order)) return unsupported('trigger order')
  const result = modify(state, user, action, action.a === true)
  return 'error' in result ? fault('OL_ACTION_MODIFY', result.error) : DONE
}

/** Replaces orders one after another; each has its own status. */
export function applyBatchModify(
  state: CoreState,
  user: User,
  { modifies, a }: Extract<Action, { type: 'batchModify' }>,
): ActionOutcome {
  if (modifies.length === 0) return fault('OL_ACTION_MALFORMED', 'Empty modify batch.')
  if (modifies.length > BATCH_MAX) return fault('OL_ACTION_MALFORMED', 'Modify batch too large.')
  if (!modifies.every(({ order }) => isLimitOrder(order))) return unsupported('trigger order')
  const statuses = modifies.map((item) => modify(state, user, item, a === true))
  return { type: 'order', data: { statuses } }
}

/** `always`: place the new order though the old one is gone, and though it may match. */
function modify(
  state: CoreState,
  user: User,
  { oid, order }: { readonly oid: OrderIdWire; readonly order: OrderWire },
  always: boolean,
): OrderResult {
  const old = findOrder(state, user, oid, order.a)
  if (!isLimitOrder(order)) return { error: ORDER_REJECTIONS.modifyTaker.text }
  if (always) return replaceOrder(state, old, user, order)
  if (old === undefined) return { error: ORDER_REJECTIONS.modifyGone.text }
  const { tif } = order.t.limit
  if (tif !== 'Gtc' && tif !== 'Alo') return { error: ORDER_REJECTIONS.modifyTaker.text }
  return replaceOrder(state, old, user, { ...order, t: { limit: { tif: 'Alo' } } })
}

/** Only the owner's orders exist for it, each on its asset. */
function findOrder(
  state: CoreState,
  user: User,
  id: OrderIdWire,
  asset: number,
): Order | undefined {
  const oid = typeof id === 'number' ? id : state.ordersOf(user).byCloid.get(id)
  const order = oid === undefined ? undefined : state.orders.get(oid)
  return order?.user === user && order.asset === asset ? order : undefined
}
