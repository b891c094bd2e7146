import type { Action, OrderWire, TimeInForce } from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { orderActions } from './actionOrder.ts'

function order(tif: TimeInForce): Action {
  const wire: OrderWire = { a: 0, b: true, p: '1', s: '1', r: false, t: { limit: { tif } } }
  return { type: 'order', orders: [wire], grouping: 'na' }
}

test('classes follow each other and keep the order of the proposer inside', () => {
  const cancel: Action = { type: 'cancel', cancels: [] }
  const actions: Action[] = [
    order('Gtc'),
    cancel,
    { type: 'noop' },
    order('Ioc'),
    cancel,
    order('Alo'),
  ]
  const ordered = orderActions(actions.map((action, i) => ({ i, action })))
  expect(ordered.map(({ i }) => i)).toEqual([2, 5, 1, 4, 0, 3])
})
