import type { Action, OrderWire, TimeInForce } from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { actionClassOf, orderActions } from './actionOrder.ts'

function order(tif: TimeInForce): OrderWire {
  return { a: 0, b: true, p: '1', s: '1', r: false, t: { limit: { tif } } }
}

const trigger: OrderWire = {
  ...order('Gtc'),
  t: { trigger: { isMarket: true, triggerPx: '1', tpsl: 'sl' } },
}

const orders = (...list: OrderWire[]): Action => ({ type: 'order', orders: list, grouping: 'na' })

test.each<[string, Action, number]>([
  ['a noop', { type: 'noop' }, 1],
  ['only post-only orders', orders(order('Alo'), order('Alo')), 1],
  ['a trigger order', orders(trigger), 1],
  ['one GTC order among post-only ones', orders(order('Alo'), order('Gtc')), 3],
  ['an IOC order', orders(order('Ioc')), 3],
  ['a market order of the web page', orders(order('FrontendMarket')), 3],
  ['a cancel', { type: 'cancel', cancels: [{ a: 0, o: 1 }] }, 2],
  ['a cancel by client order id', { type: 'cancelByCloid', cancels: [] }, 2],
  ['a modify to a post-only order', { type: 'modify', oid: 1, order: order('Alo') }, 1],
  ['a modify to a GTC order', { type: 'modify', oid: 1, order: order('Gtc') }, 3],
  [
    'modifies with an IOC order',
    { type: 'batchModify', modifies: [{ oid: 1, order: order('Ioc') }] },
    3,
  ],
])('%s has its class', (_, action, expected) => {
  expect(actionClassOf(action)).toBe(expected)
})

test('classes follow each other and keep the order of the proposer inside', () => {
  const cancel: Action = { type: 'cancel', cancels: [] }
  const actions = [
    orders(order('Gtc')),
    cancel,
    { type: 'noop' },
    orders(order('Ioc')),
    cancel,
    orders(order('Alo')),
  ]
  const ordered = orderActions(actions.map((action, i) => ({ i, action: action as Action })))
  expect(ordered.map(({ i }) => i)).toEqual([2, 5, 1, 4, 0, 3])
})
