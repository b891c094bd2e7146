import type { Action, OrderWire } from '@openliquid/primitives'

/** Which part of a block an action runs in; docs/spec/hyperliquid.md §2. */
export type ActionClass = 1 | 2 | 3

/**
 * 1: neither a GTC nor an IOC order in it. 2: cancels. 3: at least one GTC or IOC order.
 *
 * A modify is classed by the order it places. So makers can cancel and post before takers of the same block arrive.
 */
export function actionClassOf(action: Action): ActionClass {
  switch (action.type) {
    case 'cancel':
    case 'cancelByCloid':
      return 2
    case 'order':
      return action.orders.some(canTake) ? 3 : 1
    case 'modify':
      return canTake(action.order) ? 3 : 1
    case 'batchModify':
      return action.modifies.some(({ order }) => canTake(order)) ? 3 : 1
    default:
      return 1
  }
}

/** Stable: inside a class the proposer's order stays. */
export function orderActions<T extends { readonly action: Action }>(actions: readonly T[]): T[] {
  const classes: Record<ActionClass, T[]> = { 1: [], 2: [], 3: [] }
  for (const entry of actions) classes[actionClassOf(entry.action)].push(entry)
  return [...classes[1], ...classes[2], ...classes[3]]
}

function canTake({ t }: OrderWire): boolean {
  return 'limit' in t && t.limit.tif !== 'Alo'
}
