// What the APIs show of markets, and of the room that a user has in them.
import { expect, it } from 'vitest'
import {
  ASSETS,
  TestExchange,
  testCore,
  testGenesis,
  testUser,
  testUserHex,
} from './testing/index.ts'

const { eth } = ASSETS
const [alice, bob] = [testUser(1), testUser(2)]

it('shows what a user may still trade: more against a position than with it', () => {
  const x = new TestExchange(testGenesis(3))
  const before = x.machine.view.activeAssetData(alice, 'ETH')
  expect(before).toMatchObject({ user: testUserHex(1), coin: 'ETH', markPx: '4000.0' })
  expect(before?.availableToTrade[0]).toBe(before?.availableToTrade[1])

  x.order(bob, eth, 'sell', { px: '4000', size: '1' })
  x.order(alice, eth, 'buy', { px: '4000', size: '1' })
  const after = x.machine.view.activeAssetData(alice, 'ETH')
  const [buy = 0, sell = 0] = after?.availableToTrade.map(Number) ?? []
  const leverage = after?.leverage.value ?? 0
  expect(sell - buy).toBeCloseTo((2 * 4_000) / leverage, 3)
  expect(Number(after?.maxTradeSzs[0])).toBeCloseTo((buy * leverage) / 4_000, 3)
  expect(x.machine.view.activeAssetData(alice, 'PURR/USDC')).toBeUndefined()
  expect(x.machine.view.activeAssetData(alice, 'NOPE')).toBeUndefined()
})

it('shows pairs with their price and supply, and requests by volume', () => {
  const x = new TestExchange(testGenesis(3))
  expect(x.machine.view.spotContexts()).toMatchObject([
    { coin: 'PURR/USDC', markPx: '0.2', midPx: null },
    { coin: '@1', markPx: '40.0', midPx: null },
  ])
  x.order(bob, eth, 'sell', { px: '4000', size: '1' })
  x.order(alice, eth, 'buy', { px: '4000', size: '1' })
  expect(x.machine.view.userRateLimit(alice)).toMatchObject({
    cumVlm: '4000.0',
    nRequestsCap: 14_000,
    nRequestsSurplus: 0,
  })
})

it('adds up a book on request', () => {
  const x = new TestExchange(testGenesis(3))
  for (const px of ['3990.1', '3990.2', '3980']) x.order(bob, eth, 'buy', { px, size: '1' })
  const book = x.machine.view.l2Book('ETH', { figures: 3, mantissa: 1 })
  expect(book?.levels).toEqual([
    [
      { px: '3990.0', sz: '2.0', n: 2 },
      { px: '3980.0', sz: '1.0', n: 1 },
    ],
    [],
  ])
  expect(x.machine.view.l2Book('ETH')?.levels[0]).toHaveLength(3)
})

it('shows fees of a user beside those of everyone', () => {
  const x = new TestExchange(testGenesis(3))
  const fees = x.machine.view.userFees(alice)
  expect(fees.user).toEqual(fees.base)
  expect(Object.keys(fees.base)).toEqual([
    'perpTakerPpm',
    'perpMakerPpm',
    'spotTakerPpm',
    'spotMakerPpm',
  ])
  expect([fees.tiers, fees.makerRebates, fees.days]).toEqual([[], [], []])
  const tier = {
    volume: '100',
    perpTakerPpm: 400,
    perpMakerPpm: 120,
    spotTakerPpm: 600,
    spotMakerPpm: 300,
  }
  const tiered = new TestExchange(testGenesis(3, { fees: { ...testCore(0).fees, tiers: [tier] } }))
  tiered.order(bob, eth, 'sell', { px: '4000', size: '1' })
  tiered.order(alice, eth, 'buy', { px: '4000', size: '1' })
  expect(tiered.machine.view.userFees(alice)).toMatchObject({
    tiers: [{ ...tier, volume: '100.0' }],
    days: [{ taker: '4000.0', maker: '0.0', exchange: '4000.0' }],
  })
})
