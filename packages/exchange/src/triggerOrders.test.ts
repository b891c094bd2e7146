import type { GroupingWire, OrderWire } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import type { OrderUpdateEvent } from './events.ts'
import type { ExchangeTransition } from './exchangeTransition.ts'
import type { OrderResult } from './receipt.ts'
import { ASSETS, TestExchange, testGenesis, testUser } from './testing/index.ts'

const { hypePerp, hype } = ASSETS
const [alice, bob, carol] = [testUser(1), testUser(2), testUser(3)]

/** An order of alice's long position in HYPE: sells, reduce-only, at market, all 10 of it. */
function stop(
  trigger: { readonly px: string; readonly tpsl?: 'tp' | 'sl'; readonly isMarket?: boolean },
  order: Partial<OrderWire> = {},
): OrderWire {
  const { px, tpsl = 'sl', isMarket = true } = trigger
  return {
    a: hypePerp,
    b: false,
    p: px,
    s: '10',
    r: true,
    t: { trigger: { isMarket, triggerPx: px, tpsl } },
    ...order,
  }
}

function limit(order: Partial<OrderWire> = {}): OrderWire {
  return {
    a: hypePerp,
    b: true,
    p: '40',
    s: '10',
    r: false,
    t: { limit: { tif: 'Gtc' } },
    ...order,
  }
}

function place(
  x: TestExchange,
  orders: readonly OrderWire[],
  grouping: GroupingWire = 'na',
): readonly OrderResult[] {
  const receipt = x.act(alice, { type: 'order', orders, grouping })
  if (receipt.status !== 'ok' || receipt.response.type !== 'order') throw new Error('refused')
  return receipt.response.data.statuses
}

function statuses({ events }: Pick<ExchangeTransition, 'events'>): [oid: number, status: string][] {
  return events
    .filter((event): event is OrderUpdateEvent => event.kind === 'orderUpdate')
    .map(({ order, status }) => [order.oid, status])
}

function sizeOf(x: TestExchange, user: Uint8Array): bigint | undefined {
  return x.machine.reader(1n).positionOf(user, hypePerp)?.size
}

/** Alice is long 10 HYPE at 40 against bob (oids 1 and 2), and the book is empty. */
function withPosition(): TestExchange {
  const x = new TestExchange(testGenesis(3))
  x.order(bob, hypePerp, 'sell', { px: '40', size: '10' })
  x.order(alice, hypePerp, 'buy', { px: '40', size: '10' })
  x.endBlock()
  return x
}

describe('a trigger order: §5', () => {
  it('waits for the mark price, then takes as a market order', () => {
    const x = withPosition()
    expect(place(x, [stop({ px: '38' })])).toEqual([{ resting: { oid: 3 } }])
    x.order(carol, hypePerp, 'buy', { px: '36', size: '20' })
    expect(statuses(x.moveOracle({ [hypePerp]: '38.01' }))).toEqual([
      [3, 'open'],
      [4, 'open'],
    ])
    expect(sizeOf(x, alice)).toBe(1000n)
    x.moveOracle({ [hypePerp]: '38' })
    const fired = x.endBlock()
    expect(statuses(fired)).toEqual([
      [3, 'triggered'],
      [3, 'filled'],
    ])
    expect(fired.events.find(({ kind }) => kind === 'fill')).toMatchObject({
      fill: { px: '36.0', crossed: true, hash: `0x${'00'.repeat(32)}` },
    })
    expect(sizeOf(x, alice)).toBe(0n)
  })

  it.each([
    ['sell', 'sl', '38', 'Price below 38.0', 'Stop Market'],
    ['sell', 'tp', '42', 'Price above 42.0', 'Take Profit Market'],
    ['buy', 'sl', '42', 'Price above 42.0', 'Stop Market'],
    ['buy', 'tp', '38', 'Price below 38.0', 'Take Profit Market'],
  ] as const)('%s %s at %s fires when the mark gets there', (side, tpsl, px, condition, type) => {
    const x = withPosition()
    const owner = side === 'sell' ? alice : bob
    const order = stop({ px, tpsl }, { b: side === 'buy' })
    x.act(owner, { type: 'order', orders: [order], grouping: 'na' })
    expect(x.machine.view.frontendOpenOrders(owner)).toMatchObject([
      {
        oid: 3,
        isTrigger: true,
        triggerCondition: condition,
        triggerPx: `${px}.0`,
        orderType: type,
        reduceOnly: true,
        sz: '10.0',
        tif: null,
      },
    ])
    expect(x.machine.view.openOrderByOid(3)?.order.isTrigger).toBe(true)
    const away = px === '38' ? '39' : '41'
    x.moveOracle({ [hypePerp]: away })
    expect(statuses(x.endBlock())).toEqual([])
    x.moveOracle({ [hypePerp]: px })
    expect(statuses(x.endBlock())[0]).toEqual([3, 'triggered'])
  })

  it('becomes a limit order with its own price when it is not a market order', () => {
    const x = withPosition()
    place(x, [stop({ px: '38', isMarket: false }, { p: '38.5' })])
    x.moveOracle({ [hypePerp]: '38' })
    expect(statuses(x.endBlock())).toEqual([
      [3, 'triggered'],
      [3, 'open'],
    ])
    expect(x.machine.view.l2Book('HYPE')?.levels[1]).toEqual([{ px: '38.5', sz: '10.0', n: 1 }])
  })

  it('slips at most 10 % from the mark', () => {
    const x = withPosition()
    place(x, [stop({ px: '38' })])
    x.order(carol, hypePerp, 'buy', { px: '34.2', size: '4' })
    x.order(carol, hypePerp, 'buy', { px: '34.199', size: '20' })
    x.moveOracle({ [hypePerp]: '38' })
    expect(statuses(x.endBlock())).toEqual([
      [3, 'triggered'],
      [4, 'filled'],
      [3, 'canceled'],
    ])
    expect(sizeOf(x, alice)).toBe(600n)
  })

  it('is refused for want of liquidity when the book is empty', () => {
    const x = withPosition()
    place(x, [stop({ px: '38' })])
    x.moveOracle({ [hypePerp]: '38' })
    const { events } = x.endBlock()
    expect(statuses({ events })).toEqual([
      [3, 'triggered'],
      [3, 'marketOrderNoLiquidityRejected'],
    ])
    expect(events.at(-1)).toMatchObject({
      code: 'OL_ORDER_NO_LIQUIDITY',
      details: { orderType: 'Stop Market', isTrigger: true },
    })
  })

  it('is refused when the book is too far away, or its limit is', () => {
    const x = withPosition()
    place(x, [stop({ px: '38' }), stop({ px: '39', isMarket: false }, { p: '1.8' })])
    x.order(carol, hypePerp, 'buy', { px: '30', size: '20' })
    x.moveOracle({ [hypePerp]: '38' })
    const fired = statuses(x.endBlock())
    expect(fired).toContainEqual([3, 'iocCancelRejected'])
    expect(fired).toContainEqual([4, 'oracleRejected'])
    x.order(alice, hypePerp, 'sell', { px: '30', size: '10', reduceOnly: true })
    expect(sizeOf(x, alice)).toBe(0n)
  })

  it('is taken out when there is nothing left to reduce', () => {
    const x = withPosition()
    place(x, [stop({ px: '38' })])
    x.order(carol, hypePerp, 'buy', { px: '40', size: '10' })
    x.order(alice, hypePerp, 'sell', { px: '40', size: '10' })
    x.moveOracle({ [hypePerp]: '38' })
    expect(statuses(x.endBlock())).toEqual([
      [3, 'triggered'],
      [3, 'reduceOnlyCanceled'],
    ])
  })

  it('never sells more than the position', () => {
    const x = withPosition()
    place(x, [stop({ px: '38' }, { s: '25' })])
    x.order(carol, hypePerp, 'buy', { px: '38', size: '20' })
    x.moveOracle({ [hypePerp]: '38' })
    expect(statuses(x.endBlock())).toEqual([
      [3, 'triggered'],
      [3, 'reduceOnlyCanceled'],
    ])
    expect(sizeOf(x, alice)).toBe(0n)
  })

  it('fires with the others in the order of their ids', () => {
    const x = withPosition()
    place(x, [stop({ px: '37' }, { s: '4' }), stop({ px: '38' }, { s: '4' })])
    x.order(carol, hypePerp, 'buy', { px: '36', size: '20' })
    x.moveOracle({ [hypePerp]: '36' })
    expect(statuses(x.endBlock()).map(([oid]) => oid)).toEqual([3, 3, 4, 4])
  })

  it('survives a reload', () => {
    const x = withPosition()
    place(x, [stop({ px: '38' })])
    x.order(carol, hypePerp, 'buy', { px: '37', size: '20' })
    x.reload()
    x.moveOracle({ [hypePerp]: '38' })
    expect(sizeOf(x, alice)).toBe(0n)
  })

  it.each([
    ['would fire at once', stop({ px: '40' }), 'Invalid TP/SL price.'],
    ['would fire at once as take-profit', stop({ px: '39', tpsl: 'tp' }), 'Invalid TP/SL price.'],
    [
      'finer than a tick',
      stop({ px: '38.00001' }, { p: '38' }),
      'Price must be divisible by tick size.',
    ],
    ['no size', stop({ px: '38' }, { s: '0' }), 'Order has invalid size.'],
    [
      'of the wrong side',
      stop({ px: '42' }, { b: true }),
      'Reduce only order would increase position.',
    ],
    ['on spot', stop({ px: '38' }, { a: hype }), 'Reduce only order would increase position.'],
    ['too small', stop({ px: '38' }, { s: '0.2' }), 'Order must have minimum value of $10.'],
  ])('is refused when it is %s', (_name, order, error) => {
    const x = withPosition()
    expect(place(x, [order])).toEqual([{ error }])
    expect(x.machine.view.openOrders(alice)).toEqual([])
  })

  it('tells the statuses of refused trigger orders: §4.3', () => {
    const x = withPosition()
    place(x, [stop({ px: '41' })])
    expect(x.endBlock().events).toMatchObject([
      {
        kind: 'orderUpdate',
        status: 'badTriggerPxRejected',
        code: 'OL_ORDER_TRIGGER_PRICE',
        details: { triggerCondition: 'Price below 41' },
      },
    ])
  })

  it('counts as an open order, and is refused where only new volume opens more', () => {
    const limits = { addressLimits: false, openOrdersMax: 2 }
    const x = new TestExchange(testGenesis(3, { limits }))
    x.order(bob, hypePerp, 'sell', { px: '40', size: '10' })
    x.order(alice, hypePerp, 'buy', { px: '40', size: '10' })
    const order = stop({ px: '38' })
    expect(place(x, [order, order, order])).toMatchObject([
      {},
      {},
      { error: 'Too many open orders.' },
    ])
    expect(x.order(alice, hypePerp, 'buy', { px: '30', size: '1' })).toHaveProperty('error')
  })

  it('is cancelled by id, by client id, by schedule; and replaced by a modify', () => {
    const x = withPosition()
    const cloid = `0x${'cd'.repeat(16)}` as const
    place(x, [stop({ px: '38' }), stop({ px: '38' }, { c: cloid }), stop({ px: '37' })])
    const success = { response: { data: { statuses: ['success'] } } }
    expect(x.act(alice, { type: 'cancel', cancels: [{ a: hypePerp, o: 3 }] })).toMatchObject(
      success,
    )
    expect(
      x.act(alice, { type: 'cancelByCloid', cancels: [{ asset: hypePerp, cloid }] }),
    ).toMatchObject(success)
    const order = stop({ px: '36' })
    expect(x.act(alice, { type: 'modify', oid: 5, order })).toMatchObject({
      code: 'OL_ACTION_MODIFY',
    })
    expect(x.act(alice, { type: 'modify', oid: 5, order, a: true })).toMatchObject({ status: 'ok' })
    expect(x.machine.view.frontendOpenOrders(alice)).toMatchObject([{ triggerPx: '36.0' }])
    x.act(alice, { type: 'scheduleCancel', time: x.timestampMs + 5_000 })
    x.endBlock(5_000)
    expect(statuses(x.endBlock())).toEqual([[6, 'scheduledCancel']])
  })
})

describe('normalTpsl: §5', () => {
  const children = [stop({ px: '44', tpsl: 'tp' }), stop({ px: '38' })]
  const waiting = ['waitingForFill', 'waitingForFill']

  it('holds the children back until the parent is filled', () => {
    const x = new TestExchange(testGenesis(3))
    expect(place(x, [limit(), ...children], 'normalTpsl')).toEqual([
      { resting: { oid: 1 } },
      ...waiting,
    ])
    expect(x.machine.view.frontendOpenOrders(alice)).toMatchObject([
      { oid: 1, children: [{ oid: 2, isTrigger: true }, { oid: 3 }] },
    ])
    x.order(bob, hypePerp, 'sell', { px: '40', size: '4' })
    x.moveOracle({ [hypePerp]: '38' })
    expect(statuses(x.endBlock())).toEqual([])
    x.moveOracle({ [hypePerp]: '40' })
    x.order(bob, hypePerp, 'sell', { px: '40', size: '6' })
    x.reload()
    expect(x.machine.view.frontendOpenOrders(alice)).toMatchObject([
      { oid: 3, children: [] },
      { oid: 2 },
    ])
    x.order(carol, hypePerp, 'buy', { px: '38', size: '10' })
    x.endBlock()
    x.moveOracle({ [hypePerp]: '38' })
    expect(statuses(x.endBlock())).toEqual([
      [3, 'triggered'],
      [6, 'filled'],
      [3, 'filled'],
      [2, 'siblingFilledCanceled'],
    ])
    expect(sizeOf(x, alice)).toBe(0n)
  })

  it('arms the children at once when the parent fills at once', () => {
    const x = new TestExchange(testGenesis(3))
    x.order(bob, hypePerp, 'sell', { px: '40', size: '10' })
    const parent = limit({ t: { limit: { tif: 'FrontendMarket' } }, p: '44.4' })
    expect(place(x, [parent, ...children], 'normalTpsl')).toMatchObject([
      { filled: { totalSz: '10.0' } },
      'waitingForTrigger',
      'waitingForTrigger',
    ])
  })

  it.each([
    ['resting', '4'],
    ['untouched', '0'],
  ])('a %s parent that its owner cancels takes the children along', (_name, size) => {
    const x = new TestExchange(testGenesis(3))
    place(x, [limit(), ...children], 'normalTpsl')
    if (size !== '0') x.order(bob, hypePerp, 'sell', { px: '40', size })
    x.endBlock()
    x.act(alice, { type: 'cancel', cancels: [{ a: hypePerp, o: 1 }] })
    expect(statuses(x.endBlock())).toEqual([
      [1, 'canceled'],
      [2, 'canceled'],
      [3, 'canceled'],
    ])
  })

  it('arms the children of a parent that was cut short for want of margin', () => {
    const balances = [{ address: `0x${'00'.repeat(19)}01`, perp: '100' } as const]
    const genesis = testGenesis(3)
    const x = new TestExchange({
      ...genesis,
      core: { ...genesis.core, balances: [...balances, ...genesis.core.balances.slice(1)] },
    })
    x.act(alice, { type: 'updateLeverage', asset: hypePerp, isCross: true, leverage: 10 })
    expect(place(x, [limit({ s: '20' }), ...children], 'normalTpsl')[0]).toHaveProperty('resting')
    x.order(bob, hypePerp, 'sell', { px: '40', size: '10' })
    x.moveOracle({ [hypePerp]: '36' })
    x.order(bob, hypePerp, 'sell', { px: '39', size: '10' })
    expect(x.machine.view.frontendOpenOrders(alice).map(({ oid }) => oid)).toEqual([3, 2])
    expect(statuses(x.endBlock())).toContainEqual([1, 'marginCanceled'])
  })

  it('refuses the children of a parent that was refused, or that did not fill and does not rest', () => {
    const x = new TestExchange(testGenesis(3))
    const error = { error: 'Parent order was not filled.' }
    const ioc = { t: { limit: { tif: 'Ioc' } } } as const
    const unmatched = place(x, [limit(ioc), ...children], 'normalTpsl')
    expect(unmatched.slice(1)).toEqual([error, error])
    x.order(bob, hypePerp, 'sell', { px: '40', size: '4' })
    const partly = place(x, [limit(ioc), ...children], 'normalTpsl')
    expect(partly).toMatchObject([{ filled: { totalSz: '4.0' } }, error, error])
    expect(x.machine.view.openOrders(alice)).toEqual([])
  })

  it('judges the price of a child by the limit of the resting parent', () => {
    const x = new TestExchange(testGenesis(1))
    const far = limit({ p: '30' })
    expect(place(x, [far, stop({ px: '35', tpsl: 'tp' })], 'normalTpsl')[1]).toBe('waitingForFill')
    expect(place(x, [far, stop({ px: '31' })], 'normalTpsl')[1]).toEqual({
      error: 'Invalid TP/SL price.',
    })
  })

  it.each([
    ['a parent that waits itself', [stop({ px: '38' }), stop({ px: '38' })]],
    ['children of the same side', [limit(), stop({ px: '38' }, { b: true })]],
    ['children of another asset', [limit(), stop({ px: '38' }, { a: ASSETS.eth })]],
    ['two stops', [limit(), stop({ px: '38' }), stop({ px: '37' })]],
    ['a child that does not wait', [limit(), limit({ b: false })]],
  ])('refuses %s as a whole', (_name, orders) => {
    const x = new TestExchange(testGenesis(1))
    expect(x.act(alice, { type: 'order', orders, grouping: 'normalTpsl' })).toMatchObject({
      code: 'OL_ACTION_MALFORMED',
      response: 'Invalid TP/SL grouping.',
    })
  })
})

describe('positionTpsl: §5', () => {
  const orders = [stop({ px: '44', tpsl: 'tp' }, { s: '0' }), stop({ px: '38' }, { s: '0' })]

  it('follows the size of the position', () => {
    const x = withPosition()
    expect(place(x, orders, 'positionTpsl')).toEqual(['waitingForTrigger', 'waitingForTrigger'])
    expect(x.machine.view.frontendOpenOrders(alice)).toMatchObject([
      { sz: '0.0', isPositionTpsl: true },
      { sz: '0.0', isPositionTpsl: true },
    ])
    x.order(bob, hypePerp, 'sell', { px: '40', size: '5' })
    x.order(alice, hypePerp, 'buy', { px: '40', size: '5' })
    x.order(carol, hypePerp, 'buy', { px: '37', size: '50' })
    x.endBlock()
    x.moveOracle({ [hypePerp]: '38' })
    expect(statuses(x.endBlock())).toEqual([
      [5, 'triggered'],
      [4, 'siblingFilledCanceled'],
      [5, 'filled'],
    ])
    expect(sizeOf(x, alice)).toBe(0n)
  })

  it('goes with the position, and stays when that only shrinks', () => {
    const x = withPosition()
    place(x, orders, 'positionTpsl')
    x.order(carol, hypePerp, 'buy', { px: '40', size: '10' })
    x.order(alice, hypePerp, 'sell', { px: '40', size: '4' })
    expect(x.machine.view.openOrders(alice)).toHaveLength(2)
    x.endBlock()
    x.order(alice, hypePerp, 'sell', { px: '40', size: '6' })
    expect(statuses(x.endBlock()).filter(([oid]) => oid < 6)).toEqual([
      [4, 'reduceOnlyCanceled'],
      [5, 'reduceOnlyCanceled'],
    ])
  })

  it('needs a position, and nothing but trigger orders', () => {
    const x = new TestExchange(testGenesis(1))
    const error = 'Reduce only order would increase position.'
    expect(place(x, orders, 'positionTpsl')).toEqual([{ error }, { error }])
    expect(
      x.act(alice, { type: 'order', orders: [limit()], grouping: 'positionTpsl' }),
    ).toMatchObject({ code: 'OL_ACTION_MALFORMED' })
  })
})
