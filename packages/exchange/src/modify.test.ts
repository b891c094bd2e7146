import type { OrderWire } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import type { OrderUpdateEvent } from './events.ts'
import { ASSETS, TestExchange, testGenesis, testUser } from './testing/index.ts'

const { hypePerp, hype, purr } = ASSETS
const [alice, bob, carol] = [testUser(1), testUser(2), testUser(3)]

function wire(order: Partial<OrderWire> = {}): OrderWire {
  return { a: hype, b: true, p: '39', s: '1', r: false, t: { limit: { tif: 'Gtc' } }, ...order }
}

function updatesOf(x: TestExchange): [oid: number, status: string][] {
  return x
    .events()
    .filter((event): event is OrderUpdateEvent => event.kind === 'orderUpdate')
    .map(({ order, status }) => [order.oid, status])
}

describe('modify: §5', () => {
  it('cancels and places under a new oid, which is behind the others of its price', () => {
    const x = new TestExchange(testGenesis(3))
    x.order(alice, hype, 'buy', { px: '39', size: '1' })
    x.order(bob, hype, 'buy', { px: '39', size: '2' })
    x.events()
    expect(x.act(alice, { type: 'modify', oid: 1, order: wire({ s: '3' }) })).toMatchObject({
      status: 'ok',
      response: { type: 'default' },
    })
    expect(updatesOf(x)).toEqual([
      [1, 'canceled'],
      [3, 'open'],
    ])
    x.order(carol, hype, 'sell', { px: '39', size: '1' })
    expect(x.machine.view.openOrders(alice)).toMatchObject([{ oid: 3, sz: '3.0' }])
    expect(x.machine.view.frontendOpenOrders(alice)).toMatchObject([{ tif: 'Alo' }])
  })

  it('finds the order by its client order id, which the new one may keep', () => {
    const x = new TestExchange(testGenesis(1))
    const cloid = `0x${'ab'.repeat(16)}` as const
    x.order(alice, hype, 'buy', { px: '39', size: '1', cloid })
    const order = wire({ p: '38', c: cloid })
    expect(x.act(alice, { type: 'modify', oid: cloid, order })).toMatchObject({ status: 'ok' })
    expect(x.machine.view.openOrderByCloid(alice, cloid)).toMatchObject({ oid: 2, limitPx: '38.0' })
  })

  it('frees what the old order locked before it asks for what the new one needs', () => {
    const x = new TestExchange(testGenesis(1))
    x.order(alice, hype, 'buy', { px: '40', size: '25000' })
    const order = wire({ p: '39', s: '25600' })
    expect(x.act(alice, { type: 'modify', oid: 1, order })).toMatchObject({ status: 'ok' })
    expect(x.machine.view.spotClearinghouseState(alice).balances[0]?.hold).toBe('998400.0')
  })

  it('leaves the old order where it was when the new one is refused', () => {
    const x = new TestExchange(testGenesis(2))
    x.order(alice, hype, 'buy', { px: '39', size: '1' })
    x.order(bob, hype, 'sell', { px: '41', size: '1' })
    x.endBlock()
    const refused = [
      [wire({ p: '39.0000001' }), 'Price must be divisible by tick size.'],
      [wire({ p: '41' }), 'Post only order would have immediately matched, bbo was None@41.0.'],
      [wire({ s: '100000' }), 'Order has insufficient spot balance to trade'],
      [
        wire({ t: { limit: { tif: 'Ioc' } } }),
        'Modified order must be a limit order that only rests.',
      ],
      [wire({ a: purr, p: '0.2', s: '100' }), 'Cannot modify canceled or filled order.'],
    ] as const
    for (const [order, response] of refused) {
      expect(x.act(alice, { type: 'modify', oid: 1, order })).toMatchObject({
        status: 'err',
        response,
        code: 'OL_ACTION_MODIFY',
      })
    }
    const { writes, events } = x.endBlock()
    expect(writes.map(([key]) => key[1])).toEqual([0x01, 0x13, 0x75, 0x76])
    expect(events).toEqual([])
    expect(x.machine.view.openOrders(alice)).toMatchObject([{ oid: 1 }])
  })

  it("touches nobody else's order", () => {
    const x = new TestExchange(testGenesis(2))
    x.order(alice, hype, 'buy', { px: '39', size: '1' })
    expect(x.act(bob, { type: 'modify', oid: 1, order: wire() })).toMatchObject({ status: 'err' })
    expect(x.act(bob, { type: 'modify', oid: 1, order: wire(), a: true })).toMatchObject({
      status: 'ok',
    })
    expect(x.machine.view.openOrders(alice)).toHaveLength(1)
    expect(x.machine.view.openOrders(bob)).toHaveLength(1)
  })

  it('with always_place takes, and places though the old order is gone', () => {
    const x = new TestExchange(testGenesis(2))
    x.order(bob, hype, 'sell', { px: '40', size: '5' })
    x.order(alice, hype, 'buy', { px: '39', size: '1' })
    const modify = (oid: number) =>
      x.act(alice, { type: 'batchModify', modifies: [{ oid, order: wire({ p: '40' }) }], a: true })
    expect(modify(2)).toMatchObject({
      response: { type: 'order', data: { statuses: [{ filled: { totalSz: '1.0', oid: 3 } }] } },
    })
    expect(modify(2)).toMatchObject({
      response: { data: { statuses: [{ filled: { oid: 4 } }] } },
    })
  })
})

describe('batchModify: §5', () => {
  it('answers one status for each, and a refused one leaves its order and its own trace', () => {
    const x = new TestExchange(testGenesis(1))
    x.order(alice, hype, 'buy', { px: '39', size: '1' })
    x.order(alice, hype, 'buy', { px: '38', size: '1' })
    x.events()
    const modifies = [
      { oid: 1, order: wire({ p: '37' }) },
      { oid: 2, order: wire({ p: '36.0000001' }) },
      { oid: 9, order: wire({ p: '35' }) },
    ]
    expect(x.act(alice, { type: 'batchModify', modifies })).toMatchObject({
      response: {
        type: 'order',
        data: {
          statuses: [
            { resting: { oid: 3 } },
            { error: 'Price must be divisible by tick size.' },
            { error: 'Cannot modify canceled or filled order.' },
          ],
        },
      },
    })
    expect(updatesOf(x)).toEqual([
      [1, 'canceled'],
      [3, 'open'],
      [4, 'tickRejected'],
    ])
    expect(x.machine.view.openOrders(alice).map(({ oid }) => oid)).toEqual([3, 2])
    expect(x.act(alice, { type: 'batchModify', modifies: [] })).toMatchObject({
      code: 'OL_ACTION_MALFORMED',
    })
  })
})

describe('scheduleCancel: §5', () => {
  it('cancels all orders of the user in the first block of its time', () => {
    const x = new TestExchange(testGenesis(2))
    x.order(alice, hype, 'buy', { px: '39', size: '1' })
    x.order(alice, hypePerp, 'sell', { px: '41', size: '1' })
    x.order(bob, hype, 'buy', { px: '39', size: '1' })
    const time = x.timestampMs + 5_000
    expect(x.act(alice, { type: 'scheduleCancel', time: time - 1 })).toMatchObject({
      code: 'OL_ACTION_SCHEDULE',
    })
    expect(x.act(alice, { type: 'scheduleCancel', time })).toMatchObject({ status: 'ok' })
    x.endBlock(4_999)
    expect(x.machine.view.openOrders(alice)).toHaveLength(2)
    x.reload()
    expect(updatesOf(x)).toEqual([
      [1, 'scheduledCancel'],
      [2, 'scheduledCancel'],
    ])
    expect(x.machine.view.openOrders(bob)).toHaveLength(1)
  })

  it('is cleared by an absent time, and replaced by a later one', () => {
    const x = new TestExchange(testGenesis(1))
    x.order(alice, hype, 'buy', { px: '39', size: '1' })
    const schedule = (afterMs: number) =>
      x.act(alice, { type: 'scheduleCancel', time: x.timestampMs + afterMs })
    schedule(5_000)
    schedule(10_000)
    x.endBlock(6_000)
    expect(x.machine.view.openOrders(alice)).toHaveLength(1)
    x.act(alice, { type: 'scheduleCancel' })
    x.endBlock(60_000)
    expect(x.machine.view.openOrders(alice)).toHaveLength(1)
  })

  it('happens at most ten times a day', () => {
    const x = new TestExchange(testGenesis(1))
    const schedule = () =>
      x.act(alice, { type: 'scheduleCancel', time: x.timestampMs + 5_000 }).status
    for (let i = 0; i < 10; i++) {
      expect(schedule()).toBe('ok')
      x.endBlock(5_000)
    }
    expect(schedule()).toBe('err')
    x.endBlock(86_400_000)
    expect(schedule()).toBe('ok')
  })
})

describe('open-order limits: §5', () => {
  it('grow with volume, for orders that are not reduce-only', () => {
    const genesis = testGenesis(2, { limits: { addressLimits: false, openOrdersMax: 2 } })
    const x = new TestExchange(genesis)
    const place = () => x.order(alice, hypePerp, 'buy', { px: '10', size: '1' })
    x.order(bob, hypePerp, 'sell', { px: '40', size: '62500' })
    x.order(alice, hypePerp, 'buy', { px: '40', size: '62500' })
    x.order(alice, hypePerp, 'sell', { px: '40', size: '62500' })
    x.order(bob, hypePerp, 'buy', { px: '40', size: '62500' })
    const tooMany = { error: 'Too many open orders.' }
    const reduce = () => x.order(bob, hypePerp, 'buy', { px: '10', size: '1', reduceOnly: true })
    expect([place(), place(), place(), place()]).toMatchObject([{}, {}, {}, tooMany])
    x.order(bob, hypePerp, 'sell', { px: '40', size: '1' })
    expect(reduce()).toHaveProperty('error')
    expect(x.machine.view.openOrders(alice)).toHaveLength(3)
  })
})
