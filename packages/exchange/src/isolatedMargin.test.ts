import type { GenesisCore } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { CoreState } from './coreState.ts'
import { CoreTree } from './coreTree.ts'
import { CoreView } from './coreView.ts'
import { applyGenesis } from './genesis.ts'
import { OrderArena } from './orderArena.ts'
import { LinkedOrderBook } from './orderBook.ts'
import {
  ASSETS,
  TestExchange,
  testCore,
  testGenesis,
  testUser,
  testUserHex,
} from './testing/index.ts'

const { eth, hypePerp } = ASSETS
const [alice, bob] = [testUser(1), testUser(2)]
const ETH_AT_50X: Partial<GenesisCore> = {
  perps: [{ name: 'ETH', szDecimals: 4, maxLeverage: 50, marginTableId: 60, oraclePx: '2985.9' }],
  marginTables: [
    { id: 60, description: '50x', marginTiers: [{ lowerBound: '0', maxLeverage: 50 }] },
  ],
  balances: [{ address: testUserHex(1), perp: '13104.514502' }],
}

/** HYPE trades isolated only. */
function onlyIsolated(marginMode?: 'strictIsolated' | 'noCross'): TestExchange {
  const perps = testCore(0).perps.map((perp) =>
    perp.name === 'HYPE'
      ? { ...perp, onlyIsolated: true, ...(marginMode === undefined ? {} : { marginMode }) }
      : perp,
  )
  return new TestExchange(testGenesis(3, { perps }))
}

function isolated(): TestExchange {
  const x = new TestExchange(testGenesis(3))
  x.act(alice, { type: 'updateLeverage', asset: eth, isCross: false, leverage: 10 })
  x.order(bob, eth, 'sell', { px: '4000', size: '10' })
  x.order(alice, eth, 'buy', { px: '4000', size: '10' })
  return x
}

const state = (x: TestExchange, user = alice) => x.machine.view.clearinghouseState(user)
const position = (x: TestExchange, user = alice) => state(x, user).assetPositions[0]?.position
const margin = (x: TestExchange, ntli: number, user = alice) =>
  x.act(user, { type: 'updateIsolatedMargin', asset: eth, isBuy: true, ntli })

it('prints the published account sample: §6.1, §6.5', () => {
  const core = new CoreState(new CoreTree(), () => new LinkedOrderBook(new OrderArena()))
  applyGenesis(core, testGenesis(0, ETH_AT_50X))
  core.positions.set(testUserHex(1), 0, {
    size: 335,
    entryNtl: 100_041_050n,
    leverage: 20,
    isIsolated: true,
    isolatedRawUsd: -95_059_824n,
    cumFunding: { allTime: 514_085_417n, sinceOpen: 0n, sinceChange: 0n },
  })
  expect(new CoreView(core).clearinghouseState(testUser(1))).toMatchObject({
    marginSummary: {
      accountValue: '13109.482328',
      totalNtlPos: '100.02765',
      totalRawUsd: '13009.454678',
      totalMarginUsed: '4.967826',
    },
    crossMarginSummary: {
      accountValue: '13104.514502',
      totalNtlPos: '0.0',
      totalRawUsd: '13104.514502',
      totalMarginUsed: '0.0',
    },
    crossMaintenanceMarginUsed: '0.0',
    withdrawable: '13104.514502',
    assetPositions: [
      {
        type: 'oneWay',
        position: {
          coin: 'ETH',
          szi: '0.0335',
          leverage: { type: 'isolated', value: 20, rawUsd: '-95.059824' },
          entryPx: '2986.3',
          positionValue: '100.02765',
          unrealizedPnl: '-0.0134',
          returnOnEquity: '-0.0026789',
          // The sample prints 2866.26936529: its collateral has digits behind the six that it shows.
          liquidationPx: '2866.26938037',
          marginUsed: '4.967826',
          maxLeverage: 50,
          cumFunding: { allTime: '514.085417', sinceOpen: '0.0', sinceChange: '0.0' },
        },
      },
    ],
  })
})

describe('isolated fills: §6.3', () => {
  it('move notional / leverage from cross to the position, and the fee to the collector', () => {
    const x = isolated()
    expect(position(x)?.leverage).toEqual({ type: 'isolated', value: 10, rawUsd: '-36000.0' })
    expect(position(x)?.marginUsed).toBe('4000.0')
    expect(state(x).crossMarginSummary.totalRawUsd).toBe('995982.0')
    expect(state(x).marginSummary.accountValue).toBe('999982.0')
    expect(x.machine.reader(1n).positionOf(alice, eth)).toMatchObject({
      isIsolated: true,
      isolatedRawUsd: -36_000_000_000n,
    })
  })

  it('take at least what the lots need at the mark', () => {
    const x = new TestExchange(testGenesis(3))
    x.act(alice, { type: 'updateLeverage', asset: eth, isCross: false, leverage: 10 })
    x.order(bob, eth, 'sell', { px: '4100', size: '10' })
    x.order(alice, eth, 'buy', { px: '4100', size: '10' })
    // 4,000 at the mark, and the 1,000 that were paid above it.
    expect(position(x)?.leverage).toEqual({ type: 'isolated', value: 10, rawUsd: '-36000.0' })
    expect(position(x)?.marginUsed).toBe('4000.0')
  })

  it('release margin and profit pro rata on closing, without the fee', () => {
    const x = isolated()
    x.order(bob, eth, 'buy', { px: '4100', size: '4' })
    x.order(alice, eth, 'sell', { px: '4100', size: '4' })
    // 1,600 of margin and 400 of profit less 7.38 come back, 2,400 stay.
    expect(position(x)).toMatchObject({
      szi: '6.0',
      leverage: { type: 'isolated', value: 10, rawUsd: '-21600.0' },
    })
    expect(state(x).crossMarginSummary.totalRawUsd).toBe('997974.62')
    x.order(bob, eth, 'buy', { px: '4000', size: '6' })
    x.order(alice, eth, 'sell', { px: '4000', size: '6' })
    expect(position(x)).toBeUndefined()
    expect(state(x).marginSummary.accountValue).toBe('1000363.82')
    expect(state(x).crossMarginSummary.totalRawUsd).toBe('1000363.82')
  })

  it('flip: the old margin comes back, the new side brings its own', () => {
    const x = isolated()
    x.order(bob, eth, 'buy', { px: '4000', size: '25' })
    x.order(alice, eth, 'sell', { px: '4000', size: '25' })
    expect(position(x)).toMatchObject({
      szi: '-15.0',
      leverage: { type: 'isolated', value: 10, rawUsd: '66000.0' },
      marginUsed: '6000.0',
    })
    expect(state(x).crossMarginSummary.totalRawUsd).toBe('993937.0')
  })

  it('never leave a loss beyond the position: what would is refused', () => {
    const x = isolated()
    x.order(bob, eth, 'buy', { px: '3600', size: '10' })
    expect(x.order(alice, eth, 'sell', { px: '3600', size: '10' })).toEqual({
      error: 'Insufficient margin to place order.',
    })
    x.order(bob, eth, 'buy', { px: '3610', size: '10' })
    expect(x.order(alice, eth, 'sell', { px: '3610', size: '10' })).toHaveProperty('filled')
    expect(state(x).marginSummary.accountValue).toBe('996065.755')
  })

  it('need the margin of all resting orders free in the cross account', () => {
    const x = new TestExchange(testGenesis(3))
    x.act(alice, { type: 'updateLeverage', asset: eth, isCross: false, leverage: 10 })
    expect(x.order(alice, eth, 'buy', { px: '4000', size: '2400' })).toHaveProperty('resting')
    expect(x.order(alice, eth, 'buy', { px: '4000', size: '200' })).toEqual({
      error: 'Insufficient margin to place order.',
    })
    expect(state(x).withdrawable).toBe('40000.0')
  })
})

describe('leverage and margin of an isolated position: §6.3', () => {
  it('margin is added from what is free and removed down to a tenth', () => {
    const x = isolated()
    expect(margin(x, 1_000_000_000)).toMatchObject({ status: 'ok' })
    expect(position(x)?.marginUsed).toBe('5000.0')
    expect(margin(x, -1_000_000_001)).toMatchObject({ code: 'OL_ACTION_MARGIN' })
    expect(margin(x, -1_000_000_000)).toMatchObject({ status: 'ok' })
    expect(margin(x, 995_982_000_001)).toMatchObject({ code: 'OL_ACTION_MARGIN' })
    expect(margin(x, 995_982_000_000)).toMatchObject({ status: 'ok' })
    expect(state(x).withdrawable).toBe('0.0')
    expect(margin(x, 0)).toMatchObject({ code: 'OL_ACTION_MALFORMED' })
    expect(margin(x, 1, bob)).toMatchObject({ code: 'OL_ACTION_MARGIN' })
    x.reload()
    expect(position(x)?.marginUsed).toBe('999982.0')
  })

  it('leverage rises freely, and falls when the position has the margin', () => {
    const x = isolated()
    const lever = (leverage: number, isCross = false) =>
      x.act(alice, { type: 'updateLeverage', asset: eth, isCross, leverage })
    expect(lever(10, true)).toMatchObject({
      response: 'Cannot switch leverage type with open position.',
    })
    expect(lever(20)).toMatchObject({ status: 'ok' })
    expect(lever(9)).toMatchObject({ code: 'OL_ACTION_MARGIN' })
    expect(lever(10)).toMatchObject({ status: 'ok' })
    margin(x, 1_000_000_000)
    expect(lever(8)).toMatchObject({ status: 'ok' })
  })

  it('isolated-only perps are never cross, and strict ones keep their margin', () => {
    for (const mode of [undefined, 'strictIsolated', 'noCross'] as const) {
      const x = onlyIsolated(mode)
      const lever = (isCross: boolean) =>
        x.act(alice, { type: 'updateLeverage', asset: hypePerp, isCross, leverage: 5 })
      expect(lever(true)).toMatchObject({ code: 'OL_ACTION_LEVERAGE' })
      expect(lever(false)).toMatchObject({ status: 'ok' })
      x.order(bob, hypePerp, 'sell', { px: '40', size: '100' })
      x.order(alice, hypePerp, 'buy', { px: '40', size: '100' })
      const topUp = (leverage: string) =>
        x.act(alice, { type: 'topUpIsolatedOnlyMargin', asset: hypePerp, leverage })
      expect(position(x)?.marginUsed).toBe('800.0')
      for (const leverage of ['0', '5', '41', '0.0000001', '18446744073709551616']) {
        expect(topUp(leverage)).toMatchObject({ code: 'OL_ACTION_LEVERAGE' })
      }
      expect(topUp('0.000001')).toMatchObject({ code: 'OL_ACTION_MARGIN' })
      expect(topUp('2.5')).toMatchObject({ status: 'ok' })
      expect(position(x)?.marginUsed).toBe('1600.0')
      const removed = x.act(alice, {
        type: 'updateIsolatedMargin',
        asset: hypePerp,
        isBuy: true,
        ntli: -100_000_000,
      })
      expect(removed.status).toBe(mode === 'noCross' ? 'ok' : 'err')
      expect(x.machine.view.meta().universe[2]).toMatchObject({
        onlyIsolated: true,
        marginMode: mode ?? 'strictIsolated',
      })
    }
  })

  it('topping up by leverage is for isolated-only perps', () => {
    const x = isolated()
    expect(
      x.act(alice, { type: 'topUpIsolatedOnlyMargin', asset: eth, leverage: '2' }),
    ).toMatchObject({ code: 'OL_ACTION_LEVERAGE' })
  })
})
