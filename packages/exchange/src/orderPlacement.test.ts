import type { GroupingWire, OrderWire } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import type { FillEvent } from './events.ts'
import { ASSETS, TestExchange, testGenesis, testUser, testUserHex } from './testing/index.ts'

const { btc, eth, hypePerp, hype, purr } = ASSETS
const [alice, bob, carol] = [testUser(1), testUser(2), testUser(3)]

function exchange(): TestExchange {
  return new TestExchange(testGenesis(3))
}

function fillsOf(x: TestExchange): FillEvent[] {
  return x.events().filter((event) => event.kind === 'fill')
}

describe('matching: §5', () => {
  it('fills by price, then by time, at the price of the resting order', () => {
    const x = exchange()
    x.order(bob, hype, 'sell', { px: '41', size: '1' })
    x.order(carol, hype, 'sell', { px: '40', size: '1' })
    x.order(bob, hype, 'sell', { px: '40', size: '2' })
    expect(x.order(alice, hype, 'buy', { px: '41', size: '3.5' })).toEqual({
      filled: { totalSz: '3.5', avgPx: '40.142857', oid: 4 },
    })
    const makers = fillsOf(x).filter(({ fill }) => !fill.crossed)
    expect(makers.map(({ fill }) => [fill.oid, fill.px, fill.sz])).toEqual([
      [2, '40.0', '1.0'],
      [3, '40.0', '2.0'],
      [1, '41.0', '0.5'],
    ])
  })

  it('lets the rest of a Gtc order rest, and drops the rest of an Ioc order', () => {
    const x = exchange()
    x.order(bob, hype, 'sell', { px: '40', size: '1' })
    expect(x.order(alice, hype, 'buy', { px: '40', size: '3' })).toEqual({ resting: { oid: 2 } })
    expect(x.order(bob, hype, 'sell', { px: '40', size: '5', tif: 'Ioc' })).toEqual({
      filled: { totalSz: '2.0', avgPx: '40.0', oid: 3 },
    })
    expect(x.machine.view.l2Book('@1')?.levels).toEqual([[], []])
  })

  it('treats FrontendMarket as Ioc, and refuses an Ioc order that meets nothing', () => {
    const x = exchange()
    const error = 'Order could not immediately match against any resting orders.'
    const market = { px: '4000', size: '1', tif: 'FrontendMarket' } as const
    expect(x.order(alice, eth, 'buy', { ...market, tif: 'Ioc' })).toEqual({ error })
    expect(x.order(alice, eth, 'buy', market)).toEqual({
      error: 'No liquidity available for market order.',
    })
    x.order(bob, eth, 'sell', { px: '4001', size: '2' })
    expect(x.order(alice, eth, 'buy', market)).toEqual({ error })
    expect(x.order(alice, eth, 'buy', { ...market, px: '4002', size: '3' })).toMatchObject({
      filled: { totalSz: '2.0' },
    })
  })

  it('refuses a post-only order that would match, and shows bid and ask', () => {
    const x = exchange()
    x.order(bob, eth, 'sell', { px: '4001', size: '1' })
    const order = { px: '4001', size: '1', tif: 'Alo' } as const
    expect(x.order(alice, eth, 'buy', order)).toEqual({
      error: 'Post only order would have immediately matched, bbo was None@4001.0.',
    })
    expect(x.order(alice, eth, 'buy', { ...order, px: '4000.9' })).toEqual({ resting: { oid: 3 } })
    expect(x.order(bob, eth, 'sell', { ...order, px: '4000.9' })).toEqual({
      error: 'Post only order would have immediately matched, bbo was 4000.9@4001.0.',
    })
  })

  it('expires the maker of the same address and goes on matching', () => {
    const x = exchange()
    x.order(alice, hype, 'sell', { px: '40', size: '1' })
    x.order(bob, hype, 'sell', { px: '40', size: '1' })
    expect(x.order(alice, hype, 'buy', { px: '40', size: '1' })).toMatchObject({
      filled: { totalSz: '1.0' },
    })
    const events = x.events()
    expect(events.filter(({ kind }) => kind === 'trade')).toHaveLength(1)
    expect(
      events.flatMap((e) => (e.kind === 'orderUpdate' && e.order.oid === 1 ? [e.status] : [])),
    ).toEqual(['open', 'selfTradeCanceled'])
    expect(x.machine.view.spotClearinghouseState(alice).balances[2]?.hold).toBe('0.0')
  })
})

describe('refusals: exact strings of §4.2', () => {
  const tick = 'Price must be divisible by tick size.'
  const oracle = 'Order price too far from oracle'

  it.each([
    ['six figures', btc, { px: '100000.5', size: '1' }, tick],
    ['finer than a tick', hypePerp, { px: '40.00001', size: '1' }, tick],
    ['no price', hype, { px: '0', size: '1' }, tick],
    ['finer than a lot', hype, { px: '40', size: '1.001' }, 'Order has invalid size.'],
    ['no size', hype, { px: '40', size: '0' }, 'Order has invalid size.'],
    [
      'below 10 dollars',
      hypePerp,
      { px: '9.99', size: '1' },
      'Order must have minimum value of $10.',
    ],
    [
      'below 10 quote',
      hype,
      { px: '9.99', size: '1' },
      'Order must have minimum value of 10 USDC.',
    ],
    ['outside the band above', hypePerp, { px: '78.001', size: '1' }, oracle],
    ['outside the band below', hypePerp, { px: '1.9999', size: '100' }, oracle],
    [
      'no position to reduce',
      hypePerp,
      { px: '40', size: '1', reduceOnly: true },
      'Reduce only order would increase position.',
    ],
    [
      'reduce-only on spot',
      hype,
      { px: '40', size: '1', reduceOnly: true },
      'Reduce only order would increase position.',
    ],
    [
      'more than the quote there is',
      hype,
      { px: '40', size: '25000.01' },
      'Order has insufficient spot balance to trade',
    ],
    [
      'more than the margin there is',
      hypePerp,
      { px: '40', size: '250000' },
      'Insufficient margin to place order.',
    ],
  ] as const)('%s', (_name, asset, order, error) => {
    const x = exchange()
    expect(x.order(alice, asset, 'buy', order)).toEqual({ error })
    expect(x.machine.view.openOrders(alice)).toEqual([])
  })

  it('takes what is just inside: the band, the minimum, the balance', () => {
    const x = exchange()
    expect(x.order(alice, hypePerp, 'buy', { px: '78', size: '1' })).toHaveProperty('resting')
    expect(x.order(alice, hypePerp, 'buy', { px: '2', size: '100' })).toHaveProperty('resting')
    expect(x.order(alice, hypePerp, 'buy', { px: '10', size: '1' })).toHaveProperty('resting')
    expect(x.order(alice, hype, 'buy', { px: '40', size: '25000' })).toHaveProperty('resting')
    expect(x.order(alice, purr, 'sell', { px: '0.2', size: '500000' })).toHaveProperty('resting')
  })

  it('more than one order may be worth, by the leverage of the market: §5', () => {
    const balances = [{ address: testUserHex(1), perp: '100000000' }]
    const x = new TestExchange(testGenesis(1, { balances }))
    const place = (size: string, tif: 'Gtc' | 'FrontendMarket') =>
      x.order(alice, hypePerp, 'buy', { px: '40', size, tif })
    const error = 'Order has too large value.'
    expect(place('500000.01', 'Gtc')).toEqual({ error })
    expect(place('500000', 'Gtc')).toHaveProperty('resting')
    expect(place('50000.01', 'FrontendMarket')).toEqual({ error })
    expect(place('50000', 'FrontendMarket')).toEqual({
      error: 'No liquidity available for market order.',
    })
  })

  it('an asset that does not exist', () => {
    const x = exchange()
    expect(x.order(alice, 77, 'buy', { px: '1', size: '1' })).toEqual({
      error: 'Asset does not exist.',
    })
  })

  it('a client order id that is open already', () => {
    const x = exchange()
    const order = { px: '39', size: '1', cloid: `0x${'ab'.repeat(16)}` } as const
    expect(x.order(alice, hype, 'buy', order)).toEqual({ resting: { oid: 1, cloid: order.cloid } })
    expect(x.order(alice, hype, 'buy', order)).toHaveProperty('error')
    expect(x.order(bob, hype, 'buy', order)).toHaveProperty('resting')
  })

  it('more open orders than genesis allows', () => {
    const genesis = testGenesis(1, { limits: { addressLimits: false, openOrdersMax: 2 } })
    const x = new TestExchange(genesis)
    const place = () => x.order(alice, hype, 'buy', { px: '39', size: '1' })
    expect([place(), place()]).toEqual([{ resting: { oid: 1 } }, { resting: { oid: 2 } }])
    expect(place()).toEqual({ error: 'Too many open orders.' })
  })

  it('a size in a tier that allows less leverage', () => {
    const core = testGenesis(1, {
      balances: [{ address: testUserHex(1), perp: '100000000' }],
    })
    const x = new TestExchange(core)
    x.act(alice, { type: 'updateLeverage', asset: btc, isCross: true, leverage: 40 })
    expect(x.order(alice, btc, 'buy', { px: '100000', size: '1499' })).toHaveProperty('resting')
    expect(x.order(alice, btc, 'buy', { px: '100000', size: '1' })).toEqual({
      error: 'Order would cause position to exceed margin tier limit at current leverage',
    })
  })

  it('tells the owner under which status an order was refused: §4.3', () => {
    const x = exchange()
    x.order(alice, hype, 'buy', { px: '40.00000001', size: '1' })
    expect(x.events()).toMatchObject([
      { kind: 'orderUpdate', status: 'tickRejected', code: 'OL_ORDER_TICK', order: { oid: 1 } },
    ])
  })
})

describe('cancel', () => {
  const missing = { error: 'Order was never placed, already canceled, or filled.' }

  it('by order id: the owner, the right asset, once', () => {
    const x = exchange()
    x.order(alice, hype, 'buy', { px: '39', size: '1' })
    const cancel = (user: Uint8Array, a: number) =>
      x.act(user, { type: 'cancel', cancels: [{ a, o: 1 }] })
    expect(cancel(bob, hype)).toMatchObject({ response: { data: { statuses: [missing] } } })
    expect(cancel(alice, purr)).toMatchObject({ response: { data: { statuses: [missing] } } })
    expect(cancel(alice, hype)).toMatchObject({
      status: 'ok',
      response: { type: 'cancel', data: { statuses: ['success'] } },
    })
    expect(cancel(alice, hype)).toMatchObject({ response: { data: { statuses: [missing] } } })
    expect(x.machine.view.spotClearinghouseState(alice).balances[0]?.hold).toBe('0.0')
  })

  it('by client order id', () => {
    const x = exchange()
    const cloid = `0x${'01'.repeat(16)}` as const
    x.order(alice, hype, 'buy', { px: '39', size: '1', cloid })
    const cancels = [{ asset: hype, cloid }]
    expect(x.act(bob, { type: 'cancelByCloid', cancels })).toMatchObject({
      response: { data: { statuses: [missing] } },
    })
    expect(x.act(alice, { type: 'cancelByCloid', cancels })).toMatchObject({
      response: { data: { statuses: ['success'] } },
    })
    expect(x.machine.view.openOrderByCloid(alice, cloid)).toBeUndefined()
  })
})

describe('reduce-only: §5', () => {
  it('is clipped to the position when it takes', () => {
    const x = exchange()
    x.order(bob, hypePerp, 'sell', { px: '40', size: '10' })
    x.order(alice, hypePerp, 'buy', { px: '40', size: '2' })
    x.order(carol, hypePerp, 'buy', { px: '39', size: '10' })
    expect(
      x.order(alice, hypePerp, 'sell', { px: '39', size: '5', reduceOnly: true }),
    ).toMatchObject({ filled: { totalSz: '2.0' } })
    expect(x.machine.reader(1n).positionOf(alice, hypePerp)?.size).toBe(0n)
  })

  it('is clipped when it rests, and leaves when the position is gone', () => {
    const x = exchange()
    x.order(bob, hypePerp, 'sell', { px: '40', size: '2' })
    x.order(alice, hypePerp, 'buy', { px: '40', size: '2' })
    const resting = x.order(alice, hypePerp, 'sell', { px: '41', size: '5', reduceOnly: true })
    expect(resting).toEqual({ resting: { oid: 3 } })
    x.events()
    expect(x.order(carol, hypePerp, 'buy', { px: '41', size: '5' })).toEqual({
      resting: { oid: 4 },
    })
    const updates = x
      .events()
      .flatMap((e) => (e.kind === 'orderUpdate' ? [[e.order.oid, e.status]] : []))
    expect(updates).toContainEqual([3, 'reduceOnlyCanceled'])
    expect(x.machine.reader(1n).positionOf(alice, hypePerp)?.size).toBe(0n)
    expect(x.machine.reader(1n).positionOf(carol, hypePerp)?.size).toBe(200n)
  })

  it('may be below the minimum when it closes all', () => {
    const x = exchange()
    x.order(bob, hypePerp, 'sell', { px: '40', size: '0.3' })
    x.order(alice, hypePerp, 'buy', { px: '40', size: '0.3' })
    const close = { px: '30', reduceOnly: true } as const
    expect(x.order(alice, hypePerp, 'sell', { ...close, size: '0.2' })).toHaveProperty('error')
    expect(x.order(alice, hypePerp, 'sell', { ...close, size: '0.3' })).toHaveProperty('resting')
  })
})

describe('an order action', () => {
  it('answers one status for each order, in order', () => {
    const x = exchange()
    const order = (p: string) =>
      ({ a: hype, b: true, p, s: '1', r: false, t: { limit: { tif: 'Gtc' } } }) as const
    const receipt = x.act(alice, {
      type: 'order',
      orders: [order('39'), order('39.0000001'), order('38')],
      grouping: 'na',
    })
    expect(receipt).toMatchObject({
      status: 'ok',
      response: {
        type: 'order',
        data: {
          statuses: [
            { resting: { oid: 1 } },
            { error: 'Price must be divisible by tick size.' },
            { resting: { oid: 3 } },
          ],
        },
      },
    })
  })

  it('refuses as a whole what is empty or not supported', () => {
    const x = exchange()
    const order = {
      a: hype,
      b: true,
      p: '39',
      s: '1',
      r: false,
      t: { limit: { tif: 'Gtc' } },
    } as const
    const trigger = {
      ...order,
      t: { trigger: { isMarket: true, triggerPx: '40', tpsl: 'tp' } },
    } as const
    const refused = (code: string) => ({ status: 'err', code })
    const orders = (list: readonly OrderWire[], grouping: GroupingWire = 'na') =>
      x.act(alice, { type: 'order', orders: list, grouping })
    expect(orders([])).toMatchObject(refused('OL_ACTION_MALFORMED'))
    expect(orders([order, trigger])).toMatchObject({
      ...refused('OL_ACTION_MALFORMED'),
      response: 'TP/SL orders must be reduce only.',
    })
    expect(orders([order], { p: 1 })).toMatchObject(refused('OL_ACTION_UNSUPPORTED'))
    expect(
      x.act(alice, {
        type: 'order',
        orders: [order],
        grouping: 'na',
        builder: { b: '0x00', f: 1 },
      }),
    ).toMatchObject(refused('OL_ACTION_BUILDER'))
    expect(x.machine.view.openOrders(alice)).toEqual([])
  })
})
