import type { Action, OrderIdWire, OrderWire } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { BATCH_MAX } from '../limits.ts'
import { findOpen } from '../orderCancel.ts'
import { replaceOrder } from '../orderEntry.ts'
import { ORDER_REJECTIONS } from '../orderRejection.ts'
import type { OrderResult } from '../receipt.ts'
import type { User } from '../records.ts'
import { checkTriggerOrders } from './order.ts'
import { type ActionOutcome, DONE, fault } from './outcome.ts'

/** Replaces one order; what is refused leaves the old one; docs/spec/hyperliquid.md §5. */
export function applyModify(
  state: CoreState,
  user: User,
  action: Extract<Action, { type: 'modify' }>,
): ActionOutcome {
  const refused = checkTriggerOrders([action.order])
  if (refused !== undefined) return refused
  const result = modify(state, user, action, action.a === true)
  return typeof result === 'object' && 'error' in result
    ? fault('OL_ACTION_MODIFY', result.error)
    : DONE
}

/** Replaces orders one after another; each has its own status. */
export function applyBatchModify(
  state: CoreState,
  user: User,
  { modifies, a }: Extract<Action, { type: 'batchModify' }>,
): ActionOutcome {
  if (modifies.length === 0) return fault('OL_ACTION_MALFORMED', 'Empty modify batch.')
  if (modifies.length > BATCH_MAX) return fault('OL_ACTION_MALFORMED', 'Modify batch too large.')
  const refused = checkTriggerOrders(modifies.map(({ order }) => order))
  if (refused !== undefined) return refused
  const statuses = modifies.map((item) => modify(state, user, item, a === true))
  return { type: 'order', data: { statuses } }
}

/** `always`: place the new order though the old one is gone, and though it may match or is a trigger. */
function modify(
  state: CoreState,
  user: User,
  { oid, order }: { readonly oid: OrderIdWire; readonly order: OrderWire },
  always: boolean,
): OrderResult {
  const oldOid = typeof oid === 'number' ? oid : state.ordersOf(user).byCloid.get(oid)
  const old = oldOid === undefined ? undefined : findOpen(state, user, order.a, oldOid)
  if (always) return replaceOrder(state, old, user, order)
  if (old === undefined) return { error: ORDER_REJECTIONS.modifyGone.text }
  const tif = 'limit' in order.t ? order.t.limit.tif : undefined
  if (tif !== 'Gtc' && tif !== 'Alo') return { error: ORDER_REJECTIONS.modifyTaker.text }
  return replaceOrder(state, old, user, { ...order, t: { limit: { tif: 'Alo' } } })
}
