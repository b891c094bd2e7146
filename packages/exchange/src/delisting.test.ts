// docs/spec/hyperliquid.md §9: validators delist a perp; own rule.
import type { Action, Address } from '@openliquid/primitives'
import { beforeEach, expect, it } from 'vitest'
import type { FillEvent, OrderUpdateEvent } from './events.ts'
import {
  ASSETS,
  TestExchange,
  testCore,
  testGenesis,
  testUser,
  testUserHex,
} from './testing/index.ts'

const [alice, bob, carol] = [1, 2, 3].map(testUser) as [Address, Address, Address]
const { eth, hype } = ASSETS
const vote: Action = { type: 'validatorL1Vote', D: 'ETH' }
const stop: Action = {
  type: 'order',
  orders: [
    {
      a: eth,
      b: false,
      p: '3000',
      s: '1',
      r: true,
      t: { trigger: { isMarket: true, triggerPx: '3500', tpsl: 'sl' } },
    },
  ],
  grouping: 'na',
}

let x: TestExchange
beforeEach(() => {
  x = new TestExchange(testGenesis(3))
})

/** Three of four equal validators. */
function delist(): void {
  for (const signer of [1001, 1002, 1003]) expect(x.act(testUser(signer), vote).status).toBe('ok')
}

const szi = (user: Address): string | undefined =>
  x.machine.view.clearinghouseState(user).assetPositions[0]?.position.szi
const value = (user: Address): string =>
  x.machine.view.clearinghouseState(user).marginSummary.accountValue

/** Alice is long 3 ETH, bob short 1 and carol 2; alice's margin is isolated. */
function open(): void {
  x.act(alice, { type: 'updateLeverage', asset: eth, isCross: false, leverage: 5 })
  x.order(bob, eth, 'sell', { px: '4000', size: '1' })
  x.order(carol, eth, 'sell', { px: '4010', size: '2' })
  x.order(alice, eth, 'buy', { px: '4010', size: '3' })
}

it('waits for more than two thirds of the stake', () => {
  open()
  x.act(testUser(1001), vote)
  x.act(testUser(1001), vote)
  x.act(testUser(1002), vote)
  expect(x.machine.view.l1Votes()).toEqual([
    {
      coin: 'ETH',
      expireMs: x.timestampMs + 86_400_000,
      votes: [testUserHex(2001), testUserHex(2002)],
    },
  ])
  expect(szi(alice)).toBe('3.0')
  x.act(testUser(1003), vote)
  expect(szi(alice)).toBeUndefined()
  expect(x.machine.view.l1Votes()).toEqual([])
  expect(x.machine.view.meta().universe[eth]).toMatchObject({ name: 'ETH', isDelisted: true })
})

it('settles every position at the mark, and money is conserved', () => {
  open()
  x.moveOracle({ [eth]: '4200' })
  x.endBlock()
  const before = [alice, bob, carol].map(value)
  delist()
  expect([alice, bob, carol].map(value)).toEqual(before)
  expect([alice, bob, carol].map(szi)).toEqual([undefined, undefined, undefined])
  // endBlock asserts conservation.
  const fills = x.events().filter((event): event is FillEvent => event.kind === 'fill')
  expect(fills.map(({ fill }) => [fill.dir, fill.sz, fill.fee])).toEqual([
    ['Settlement', '1.0', '0.0'],
    ['Settlement', '1.0', '0.0'],
    ['Settlement', '2.0', '0.0'],
    ['Settlement', '2.0', '0.0'],
  ])
})

it('takes orders, TP/SL orders and TWAPs out: delistedCanceled', () => {
  open()
  x.order(bob, eth, 'buy', { px: '3900', size: '1' })
  x.order(carol, eth, 'sell', { px: '4500', size: '1' })
  x.order(carol, hype, 'sell', { px: '45', size: '1' })
  x.act(alice, stop)
  x.act(alice, {
    type: 'twapOrder',
    twap: { a: eth, b: true, s: '1', r: false, m: 5, t: false },
  })
  x.events()
  delist()
  const events = x.events()
  const statuses = events
    .filter((event): event is OrderUpdateEvent => event.kind === 'orderUpdate')
    .map(({ order, status }) => [order.limitPx, status])
  expect(statuses).toEqual([
    ['3000.0', 'delistedCanceled'],
    ['3900.0', 'delistedCanceled'],
    ['4500.0', 'delistedCanceled'],
  ])
  // A TWAP ends when its next slice would come.
  x.endBlock(30_000)
  expect(x.events()).toContainEqual(
    expect.objectContaining({ kind: 'twapUpdate', status: 'terminated' }),
  )
  expect(x.machine.view.openOrders(carol)).toHaveLength(1)
})

it('lets nobody trade it any more, also after a restart', () => {
  delist()
  x.reload()
  expect(x.order(alice, eth, 'buy', { px: '4000', size: '1' })).toEqual({
    error: 'Asset is delisted.',
  })
  expect(JSON.stringify(x.act(alice, stop))).toContain('Asset is delisted.')
  const twap: Action = {
    type: 'twapOrder',
    twap: { a: eth, b: true, s: '1', r: false, m: 5, t: false },
  }
  expect(JSON.stringify(x.act(alice, twap))).toContain('Asset is delisted.')
  // Prices may go on coming, hours pass.
  x.moveOracle({ [eth]: '4100' })
  x.endBlock(3_600_000)
  expect(x.act(testUser(1004), vote).response).toBe('Perp is already delisted.')
})

it('keeps the ids of perps that genesis lists as delisted', () => {
  const perps = testCore(0).perps.map((perp, i) =>
    i === eth ? { ...perp, isDelisted: true } : perp,
  )
  x = new TestExchange(testGenesis(3, { perps }))
  expect(x.order(alice, eth, 'buy', { px: '4000', size: '1' })).toEqual({
    error: 'Asset is delisted.',
  })
  expect(x.order(alice, 2, 'buy', { px: '40', size: '1' })).toHaveProperty('resting')
})

it('counts a vote for a day', () => {
  x.act(testUser(1001), vote)
  x.act(testUser(1002), vote)
  x.endBlock(86_400_001)
  expect(x.machine.view.l1Votes()).toEqual([])
  x.act(testUser(1003), vote)
  expect(x.order(alice, eth, 'buy', { px: '4000', size: '1' })).toHaveProperty('resting')
})

it.each<[string, Address, Action, string]>([
  ['somebody who signs for no validator', alice, vote, 'Signer is not the signer of a validator.'],
  [
    'a spot pair',
    testUser(1001),
    { type: 'validatorL1Vote', D: 'PURR/USDC' },
    'Perp does not exist.',
  ],
  ['nothing', testUser(1001), { type: 'validatorL1Vote', D: '' }, 'Perp does not exist.'],
])('is refused: %s', (_, user, action, text) => {
  expect(x.act(user, action).response).toBe(text)
})
