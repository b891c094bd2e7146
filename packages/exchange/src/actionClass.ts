import type { Action, OrderWire } from '@openliquid/primitives'

/** 1: what places no taker order, 2: cancels, 3: what may take; executed in this order; docs/spec/hyperliquid.md §2. */
export type ActionClass = 1 | 2 | 3

/** Which class a block executes an action in. A modify is classed by the order it places. */
export function actionClass(action: Action): ActionClass {
  switch (action.type) {
    case 'order':
      return action.orders.some(mayTake) ? 3 : 1
    case 'modify':
      return mayTake(action.order) ? 3 : 1
    case 'batchModify':
      return action.modifies.some(({ order }) => mayTake(order)) ? 3 : 1
    case 'multiSig':
      return actionClass(action.payload.action)
    case 'cancel':
    case 'cancelByCloid':
      return 2
    default:
      return 1
  }
}

function mayTake({ t }: OrderWire): boolean {
  return 'limit' in t && t.limit.tif !== 'Alo'
}
