// Every error string of docs/spec/hyperliquid.md §4.2, each reached once, with the id's status of §4.3. That none is
// missing is read from the specification itself.
import { readFileSync } from 'node:fs'
import type { Action, OrderWire } from '@openliquid/primitives'
import { beforeEach, describe, expect, it } from 'vitest'
import { ORDER_STATUSES, type OrderUpdateEvent } from './events.ts'
import { ASSETS, TestExchange, testCore, testGenesis, testUser } from './testing/index.ts'

const [alice, bob, carol] = [testUser(1), testUser(2), testUser(3)]
const { btc, eth, hype, hypePerp, purr } = ASSETS

let x: TestExchange
beforeEach(() => {
  x = new TestExchange(testGenesis(3))
})

function wire(order: Partial<OrderWire> = {}): OrderWire {
  return { a: eth, b: true, p: '4000', s: '1', r: false, t: { limit: { tif: 'Gtc' } }, ...order }
}

const limit = (tif: 'Gtc' | 'Ioc' | 'Alo' | 'FrontendMarket'): OrderWire['t'] => ({
  limit: { tif },
})
const trigger = (px: string, tpsl: 'tp' | 'sl'): OrderWire['t'] => ({
  trigger: { isMarket: true, triggerPx: px, tpsl },
})

/** A perp market whose open interest is at its cap: alice is long one ETH, bob short. */
function atCap(): void {
  const perps = testCore(0).perps.map((perp) => ({ ...perp, openInterestCap: '4000' }))
  x = new TestExchange(testGenesis(3, { perps }))
  x.order(bob, eth, 'sell', { px: '4000', size: '1' })
  x.order(alice, eth, 'buy', { px: '4000', size: '1' })
}

/** The text and the status that a single order of alice ends with. */
function outcomeOf(order: OrderWire): readonly [text: string, status: string | undefined] {
  x.events()
  const receipt = x.act(alice, { type: 'order', orders: [order], grouping: 'na' })
  const events = x
    .events()
    .filter((event): event is OrderUpdateEvent => event.kind === 'orderUpdate')
  if (receipt.status === 'err') return [receipt.response, events.at(-1)?.status]
  const [result] = receipt.response.type === 'order' ? receipt.response.data.statuses : []
  const text = typeof result === 'object' && 'error' in result ? result.error : ''
  return [text, events.at(-1)?.status]
}

/** Instead of an id of §4.2: the status is `rejected`. */
const OWN_RULE = ''

const CASES: readonly (readonly [id: string, text: string, reach: () => OrderWire])[] = [
  ['tick', 'Price must be divisible by tick size.', () => wire({ p: '4000.001' })],
  ['minTradeNtl', 'Order must have minimum value of $10.', () => wire({ s: '0.002' })],
  [
    'minTradeNtl',
    'Order must have minimum value of 10 USDC.',
    () => wire({ a: hype, p: '40', s: '0.2' }),
  ],
  ['perpMargin', 'Insufficient margin to place order.', () => wire({ s: '6000' })],
  ['reduceOnly', 'Reduce only order would increase position.', () => wire({ r: true })],
  [
    'badAloPx',
    'Post only order would have immediately matched, bbo was 3990.0@4000.0.',
    () => {
      x.order(bob, eth, 'sell', { px: '4000', size: '1' })
      x.order(bob, eth, 'buy', { px: '3990', size: '1' })
      return wire({ t: limit('Alo') })
    },
  ],
  [
    'badAloPx',
    'Post only order would have immediately matched, bbo was None@4000.0.',
    () => {
      x.order(bob, eth, 'sell', { px: '4000', size: '1' })
      return wire({ t: limit('Alo') })
    },
  ],
  [
    'iocCancel',
    'Order could not immediately match against any resting orders.',
    () => wire({ t: limit('Ioc') }),
  ],
  [
    'badTriggerPx',
    'Invalid TP/SL price.',
    () => {
      x.order(bob, eth, 'sell', { px: '4000', size: '1' })
      x.order(alice, eth, 'buy', { px: '4000', size: '1' })
      return wire({ b: false, r: true, p: '3000', t: trigger('4500', 'sl') })
    },
  ],
  [
    'marketOrderNoLiquidity',
    'No liquidity available for market order.',
    () => wire({ t: limit('FrontendMarket') }),
  ],
  [
    'positionIncreaseAtOpenInterestCap',
    'Order would increase open interest while open interest is capped',
    () => {
      atCap()
      return wire({ p: '3999' })
    },
  ],
  [
    'positionFlipAtOpenInterestCap',
    'Order would increase open interest while open interest is capped',
    () => {
      atCap()
      return wire({ b: false, s: '2', p: '4001' })
    },
  ],
  [
    'tooAggressiveAtOpenInterestCap',
    'Order rejected due to price more aggressive than oracle while at open interest cap',
    () => {
      atCap()
      return wire({ p: '4001' })
    },
  ],
  [
    'openInterestIncrease',
    'Order would increase open interest too quickly',
    () => {
      const perps = testCore(0).perps.map((perp) => ({ ...perp, openInterestIncrease: '10000' }))
      x = new TestExchange(testGenesis(3, { perps }))
      x.order(bob, eth, 'sell', { px: '4000', size: '1' })
      x.order(alice, eth, 'buy', { px: '4000', size: '1' })
      return wire({ s: '1.6' })
    },
  ],
  [
    'insufficientSpotBalance',
    'Order has insufficient spot balance to trade',
    () => wire({ a: purr, b: false, p: '0.2', s: '500001' }),
  ],
  ['oracle', 'Order price too far from oracle', () => wire({ p: '7801', s: '0.01' })],
  [
    'perpMaxPosition',
    'Order would cause position to exceed margin tier limit at current leverage',
    () => {
      const balances = [1, 2, 3].map((i) => ({
        address: `0x${i.toString(16).padStart(40, '0')}` as const,
        perp: '100000000',
      }))
      const marginTables = [
        {
          id: 56,
          description: 'two tiers',
          marginTiers: [
            { lowerBound: '0', maxLeverage: 40 },
            { lowerBound: '1000000', maxLeverage: 5 },
          ],
        },
      ]
      x = new TestExchange(testGenesis(0, { balances, marginTables }))
      x.act(alice, { type: 'updateLeverage', asset: btc, isCross: true, leverage: 40 })
      return wire({ a: btc, p: '100000', s: '11' })
    },
  ],
  [
    'tooManyOpenOrders',
    'Too many open orders.',
    () => {
      const limits = { addressLimits: false, openOrdersMax: 2 }
      x = new TestExchange(testGenesis(3, { limits }))
      for (const px of ['3900', '3901']) x.order(alice, eth, 'buy', { px, size: '1' })
      return wire({ p: '3902' })
    },
  ],
  [OWN_RULE, 'Order has invalid size.', () => wire({ s: '0' })],
  [OWN_RULE, 'Order has too large value.', () => wire({ s: '100000' })],
  [
    OWN_RULE,
    'An open order already has this client order id.',
    () => {
      const order = wire({ p: '3900', c: `0x${'01'.repeat(16)}` })
      x.act(alice, { type: 'order', orders: [order], grouping: 'na' })
      return order
    },
  ],
]

function statusOf(id: string): string {
  return id === OWN_RULE ? 'rejected' : `${id}Rejected`
}

describe('orders: §4.2, and the status of §4.3', () => {
  it.each(CASES)('%s: %s', (id, text, reach) => {
    const [answered, status] = outcomeOf(reach())
    expect(answered).toBe(text)
    expect(status).toBe(statusOf(id))
  })
})

const twap = (m: number, s = '1'): Action => ({
  type: 'twapOrder',
  twap: { a: eth, b: true, s, r: false, m, t: false },
})

const OTHERS: readonly (readonly [text: string, reach: () => Action])[] = [
  // There is no market that could tell a status.
  ['Asset does not exist.', () => ({ type: 'order', orders: [wire({ a: 77 })], grouping: 'na' })],
  [
    'Parent order was not filled.',
    () => {
      const stop = wire({ b: false, r: true, p: '3000', t: trigger('3500', 'sl') })
      return {
        type: 'order',
        orders: [wire({ t: limit('Ioc') }), stop],
        grouping: 'normalTpsl',
      }
    },
  ],
  [
    'Cannot modify canceled or filled order.',
    () => ({ type: 'modify', oid: 9, order: wire({ t: limit('Alo') }) }),
  ],
  [
    'Modified order must be a limit order that only rests.',
    () => {
      x.order(alice, eth, 'buy', { px: '3900', size: '1' })
      return { type: 'modify', oid: 1, order: wire({ t: limit('Ioc') }) }
    },
  ],
  [
    'Order was never placed, already canceled, or filled.',
    () => ({ type: 'cancel', cancels: [{ a: eth, o: 99 }] }),
  ],
  [
    'TWAP was never placed, already canceled, or filled.',
    () => ({ type: 'twapCancel', a: eth, t: 9 }),
  ],
  ['Invalid TWAP duration: 4 min(s)', () => twap(4)],
  ['Invalid TWAP duration: 10081 min(s)', () => twap(10_081)],
  ['TWAP order must have minimum value of $100.', () => twap(5, '0.02')],
  [
    'Too many running TWAPs.',
    () => {
      for (let i = 0; i < 20; i++) x.act(alice, twap(5))
      return twap(5)
    },
  ],
]

describe('what has no status of its own: §4.2', () => {
  it.each(OTHERS)('%s', (text, reach) => {
    expect(JSON.stringify(x.act(alice, reach()))).toContain(JSON.stringify(text))
  })
})

describe('the lists of the specification', () => {
  const spec = readFileSync(new URL('../../../docs/spec/hyperliquid.md', import.meta.url), 'utf8')
  const section = (number: string): string => {
    const from = spec.indexOf(`### ${number} `)
    return spec.slice(from, spec.indexOf('\n##', from + 1))
  }

  it('every error string of §4.2 is reached here', () => {
    const listed = [...section('4.2').matchAll(/^\|[^|]+\|[^|]+\| (.+) \|$/gm)]
      .flatMap(([, texts = '']) => texts.split(' · '))
      .filter((text) => text !== 'text')
    const reached = [...CASES.map(([, text]) => text), ...OTHERS.map(([text]) => text)]
    const isOf = (pattern: string, text: string): boolean =>
      new RegExp(`^${pattern.replace(/[.$?()]/g, '\\$&').replace(/\{\w+\}/g, '\\S+')}$`).test(text)
    expect(listed.length).toBeGreaterThan(25)
    expect(listed.filter((pattern) => !reached.some((text) => isOf(pattern, text)))).toEqual([])
    expect(reached.filter((text) => !listed.some((pattern) => isOf(pattern, text)))).toEqual([])
  })

  it('every status of §4.3 is one of ours but that of outcomes, and every refusal is reached here', () => {
    const [list = ''] = section('4.3').split('. The error id')
    const listed = list.slice(list.indexOf('\n')).match(/\w+/g) ?? []
    expect(listed).toHaveLength(32)
    const ours = [...ORDER_STATUSES, 'outcomeSettledCanceled']
    expect(ours.sort()).toEqual([...listed].sort())
    const refusals = ORDER_STATUSES.filter((status) => /^rejected$|Rejected$/.test(status))
    expect([...new Set(CASES.map(([id]) => statusOf(id)))].sort()).toEqual([...refusals].sort())
  })
})

describe('statuses of orders that left the book: §4.3', () => {
  const statusesOf = (user: Uint8Array): string[] =>
    x
      .events()
      .filter((event): event is OrderUpdateEvent => event.kind === 'orderUpdate')
      .filter((event) => event.user.join() === user.join())
      .map(({ status }) => status)

  it('open, filled, canceled, selfTradeCanceled, scheduledCancel', () => {
    x.order(alice, eth, 'sell', { px: '4000', size: '1' })
    x.order(alice, eth, 'buy', { px: '4000', size: '1' })
    expect(statusesOf(alice)).toEqual(['open', 'selfTradeCanceled', 'open'])
    x.order(bob, eth, 'sell', { px: '4000', size: '1' })
    expect(statusesOf(alice)).toEqual(['filled'])
    x.order(alice, eth, 'buy', { px: '3999', size: '1' })
    x.act(alice, { type: 'cancel', cancels: [{ a: eth, o: 4 }] })
    expect(statusesOf(alice)).toEqual(['open', 'canceled'])
    x.order(alice, eth, 'buy', { px: '3998', size: '1' })
    x.act(alice, { type: 'scheduleCancel', time: x.timestampMs + 6_000 })
    x.endBlock(6_000)
    expect(statusesOf(alice)).toEqual(['scheduledCancel'])
  })

  it('reduceOnlyCanceled, and triggered', () => {
    x.order(bob, hypePerp, 'sell', { px: '40', size: '10' })
    x.order(alice, hypePerp, 'buy', { px: '40', size: '10' })
    x.order(alice, hypePerp, 'sell', { px: '41', size: '10', reduceOnly: true })
    x.order(carol, hypePerp, 'buy', { px: '40', size: '10' })
    x.order(alice, hypePerp, 'sell', { px: '40', size: '10' })
    x.order(carol, hypePerp, 'buy', { px: '41', size: '10' })
    expect(statusesOf(alice)).toContain('reduceOnlyCanceled')

    x.order(bob, eth, 'sell', { px: '4000', size: '1' })
    x.order(alice, eth, 'buy', { px: '4000', size: '1' })
    const stop = wire({ b: false, r: true, p: '3500', t: trigger('3900', 'sl') })
    x.act(alice, { type: 'order', orders: [stop], grouping: 'na' })
    x.events()
    x.moveOracle({ [eth]: '3800' })
    expect(statusesOf(alice)).toContain('triggered')
  })
})
