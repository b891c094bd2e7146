import type { Action, OrderWire } from '@openliquid/primitives'
import { builderFeeOf } from '../builderFees.ts'
import type { CoreState } from '../coreState.ts'
import { BATCH_MAX } from '../limits.ts'
import {
  isTriggerOrder,
  placeOrder,
  placeParentAndChildren,
  placePositionTpsl,
} from '../orderEntry.ts'
import { isLimitOrder } from '../orderPlacement.ts'
import type { OrderResult } from '../receipt.ts'
import type { BuilderFee, User } from '../records.ts'
import type { TriggerOrderWire } from '../triggerOrders.ts'
import { type ActionFault, type ActionOutcome, fault, unsupported } from './outcome.ts'

/** Places the orders one after another; each has its own status. */
export function applyOrder(
  state: CoreState,
  user: User,
  action: Extract<Action, { type: 'order' }>,
): ActionOutcome {
  const { orders, grouping } = action
  if (orders.length === 0) return fault('OL_ACTION_MALFORMED', 'Empty order batch.')
  if (orders.length > BATCH_MAX) return fault('OL_ACTION_MALFORMED', 'Order batch too large.')
  if (typeof grouping === 'object') return unsupported('order priority fee')
  const refused = checkTriggerOrders(orders)
  if (refused !== undefined) return refused
  const builder = builderFeeOf(state, user, action)
  if (builder !== undefined && 'code' in builder) return builder
  const statuses = placeBatch(state, user, orders, { grouping, builder })
  return isStatuses(statuses) ? { type: 'order', data: { statuses } } : statuses
}

/** What the payload alone decides; docs/spec/hyperliquid.md §4.1, §5. */
export function checkTriggerOrders(orders: readonly OrderWire[]): ActionFault | undefined {
  for (const order of orders) {
    if (isTriggerOrder(order) && !order.r) {
      return fault('OL_ACTION_MALFORMED', 'TP/SL orders must be reduce only.')
    }
  }
  return undefined
}

function placeBatch(
  state: CoreState,
  user: User,
  orders: readonly OrderWire[],
  {
    grouping,
    builder,
  }: {
    readonly grouping: 'na' | 'normalTpsl' | 'positionTpsl'
    readonly builder: BuilderFee | undefined
  },
): OrderResult[] | ActionFault {
  if (grouping === 'na') {
    const extras = { builder }
    const results: OrderResult[] = []
    for (const order of orders) results.push(placeOrder(state, user, order, extras))
    return results
  }
  const [first, ...others] = orders
  const badGroup = fault('OL_ACTION_MALFORMED', 'Invalid TP/SL grouping.')
  if (first === undefined) return badGroup
  if (grouping === 'normalTpsl') {
    const children = others.filter(isTriggerOrder)
    if (!isLimitOrder(first) || first.r || !isGroup(others, children)) return badGroup
    if (children.some(({ a, b }) => a !== first.a || b === first.b)) return badGroup
    return placeParentAndChildren(state, user, [first, ...children], builder)
  }
  const triggers = orders.filter(isTriggerOrder)
  if (!isGroup(orders, triggers)) return badGroup
  if (triggers.some(({ a, b }) => a !== first.a || b !== first.b)) return badGroup
  return placePositionTpsl(state, user, triggers, builder)
}

/** Nothing but trigger orders, one take-profit and one stop at most. */
function isGroup(orders: readonly OrderWire[], triggers: readonly TriggerOrderWire[]): boolean {
  const kinds = new Set(triggers.map(({ t }) => t.trigger.tpsl))
  return triggers.length === orders.length && kinds.size === triggers.length
}

function isStatuses(statuses: OrderResult[] | ActionFault): statuses is OrderResult[] {
  return Array.isArray(statuses)
}
