import type { GenesisBalance } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { CoreState } from './coreState.ts'
import { CoreTree } from './coreTree.ts'
import type { ExchangeEvent, FillEvent } from './events.ts'
import { applyGenesis } from './genesis.ts'
import { bankruptcyPx, liquidate } from './liquidation.ts'
import { perpMarket, roundPx } from './market.ts'
import { OrderArena } from './orderArena.ts'
import { LinkedOrderBook } from './orderBook.ts'
import { ASSETS, TestExchange, testGenesis, testUser, testUserHex } from './testing/index.ts'

const { eth, hypePerp, purr } = ASSETS
const [alice, bob, carol, dave] = [testUser(1), testUser(2), testUser(3), testUser(4)]
const vault = new Uint8Array(20).fill(0xfd)

/** Alice has 10,000 USDC, the others a million. */
function exchange(perp = '10000'): TestExchange {
  const balances = [1, 2, 3, 4].map(
    (n): GenesisBalance => ({
      address: testUserHex(n),
      perp: n === 1 ? perp : '1000000',
      spot: { USDC: '1000', PURR: '1000' },
    }),
  )
  const x = new TestExchange(testGenesis(0, { balances }))
  x.act(alice, { type: 'updateLeverage', asset: eth, isCross: true, leverage: 25 })
  return x
}

/** Alice is long 50 ETH at 4000 against bob: 200,000 with 9,910 behind it. */
function leveraged(isCross = true): TestExchange {
  const x = exchange()
  x.act(alice, { type: 'updateLeverage', asset: eth, isCross, leverage: 25 })
  x.order(bob, eth, 'sell', { px: '4000', size: '50' })
  x.order(alice, eth, 'buy', { px: '4000', size: '50' })
  expect(size(x, alice)).toBe('50.0')
  return x
}

/** Sets the oracle; what follows from it is in the next block. */
function setOracle(x: TestExchange, px: string, asset: number = eth): readonly ExchangeEvent[] {
  for (let i = 0; i < 4; i++) {
    const bucket = Math.floor(x.timestampMs / 3_000)
    x.act(testUser(1001 + i), { type: 'validatorOracle', bucket, prices: [[asset, px, null]] })
  }
  x.endBlock(3_000)
  return x.events(3_000)
}

const state = (x: TestExchange, user: Uint8Array) => x.machine.view.clearinghouseState(user)
const size = (x: TestExchange, user: Uint8Array) =>
  state(x, user).assetPositions[0]?.position.szi ?? '0.0'
const value = (x: TestExchange, user: Uint8Array) => state(x, user).marginSummary.accountValue
const fills = (events: readonly ExchangeEvent[]) =>
  events
    .filter((e): e is FillEvent => e.kind === 'fill')
    .map(({ fill: { dir, px, sz, fee, liquidation } }) => [dir, px, sz, fee, liquidation?.method])
const statuses = (events: readonly ExchangeEvent[]) =>
  events.flatMap((e) => (e.kind === 'orderUpdate' ? [[e.order.oid, e.status]] : []))

describe('market phase: §6.5', () => {
  it('leaves alone who has the maintenance margin', () => {
    const x = leveraged()
    expect(fills(setOracle(x, '3881'))).toEqual([])
    expect(state(x, alice).crossMaintenanceMarginUsed).toBe('3881.0')
    expect(value(x, alice)).toBe('3960.0')
  })

  it('sends a fifth of a great position, and within 30 s all of it', () => {
    const x = leveraged()
    x.order(bob, eth, 'buy', { px: '3850', size: '100' })
    expect(fills(setOracle(x, '3860'))).toEqual([
      ['Close Long', '3850.0', '10.0', '0.0', 'market'],
      ['Close Short', '3850.0', '10.0', '5.775', 'market'],
    ])
    expect(value(x, alice)).toBe('2810.0')
    expect(fills(setOracle(x, '3860'))[0]).toEqual([
      'Close Long',
      '3850.0',
      '40.0',
      '0.0',
      'market',
    ])
    // What is left stays with the user.
    expect(value(x, alice)).toBe('2410.0')
    expect(size(x, alice)).toBe('0.0')
  })

  it('sends a fifth again when the cooldown is over', () => {
    const x = leveraged()
    x.order(bob, eth, 'buy', { px: '3855', size: '100' })
    setOracle(x, '3860')
    expect(size(x, alice)).toBe('40.0')
    x.endBlock(30_000)
    x.reload()
    expect(fills(setOracle(x, '3860'))[0]?.[2]).toBe('8.0')
  })

  it('sends a small position whole', () => {
    const x = exchange('5000')
    x.order(bob, eth, 'sell', { px: '4000', size: '25' })
    x.order(alice, eth, 'buy', { px: '4000', size: '25' })
    x.order(bob, eth, 'buy', { px: '3860', size: '100' })
    expect(fills(setOracle(x, '3865'))[0]?.[2]).toBe('25.0')
    expect(size(x, alice)).toBe('0.0')
  })

  it('takes no price at which the account would end in debt', () => {
    const x = leveraged()
    // 2,910 behind 50: 58.2 below the mark is the end.
    x.order(bob, eth, 'buy', { px: '3801.7', size: '100' })
    expect(fills(setOracle(x, '3860'))).toEqual([])
    expect(size(x, alice)).toBe('50.0')
    x.order(carol, eth, 'buy', { px: '3801.8', size: '100' })
    expect(fills(setOracle(x, '3860'))[0]?.[1]).toBe('3801.8')
    expect(Number(value(x, alice))).toBeGreaterThan(0)
  })

  it('cancels the perp orders of the account first, and tells its owner', () => {
    const x = leveraged()
    x.order(alice, hypePerp, 'buy', { px: '39', size: '1' })
    x.order(alice, purr, 'buy', { px: '0.19', size: '1000' })
    const events = setOracle(x, '3860')
    expect(statuses(events)).toContainEqual([3, 'liquidatedCanceled'])
    expect(x.machine.view.openOrders(alice).map(({ oid }) => oid)).toEqual([4])
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: 'ledgerUpdate',
        delta: {
          type: 'liquidation',
          liquidatedNtlPos: '193000.0',
          accountValue: '2910.0',
          leverageType: 'Cross',
          liquidatedPositions: [{ coin: 'ETH', szi: '50.0' }],
        },
      }),
    )
  })

  it('liquidates in the order of health', () => {
    const x = exchange()
    x.act(carol, { type: 'updateLeverage', asset: eth, isCross: true, leverage: 25 })
    x.order(bob, eth, 'sell', { px: '4000', size: '4919' })
    x.order(alice, eth, 'buy', { px: '4000', size: '49' })
    x.order(carol, eth, 'buy', { px: '4000', size: '4870' })
    x.order(bob, eth, 'buy', { px: '3850', size: '5' })
    const [first] = setOracle(x, '3856').filter((e): e is FillEvent => e.kind === 'fill')
    // Alice has 0.7557 of her maintenance margin, carol 0.7717.
    expect(first?.user).toEqual(alice)
  })

  it('works on shorts, with the sides swapped', () => {
    const x = exchange()
    x.order(bob, eth, 'buy', { px: '4000', size: '50' })
    x.order(alice, eth, 'sell', { px: '4000', size: '50' })
    x.order(bob, eth, 'sell', { px: '4140', size: '100' })
    expect(fills(setOracle(x, '4135'))[0]).toEqual([
      'Close Short',
      '4140.0',
      '10.0',
      '0.0',
      'market',
    ])
  })
})

describe('backstop: §6.5', () => {
  it('passes positions and margin to the liquidator vault at the mark', () => {
    const x = leveraged()
    expect(fills(setOracle(x, '3840'))).toEqual([
      ['Liquidated Cross Long', '3840.0', '50.0', '0.0', 'backstop'],
      ['Open Long', '3840.0', '50.0', '0.0', 'backstop'],
    ])
    expect([value(x, alice), size(x, alice)]).toEqual(['0.0', '0.0'])
    expect([value(x, vault), size(x, vault)]).toEqual(['1910.0', '50.0'])
  })

  it('takes an isolated position alone', () => {
    const x = leveraged(false)
    const before = state(x, alice).crossMarginSummary.accountValue
    setOracle(x, '3860')
    expect(state(x, alice).crossMarginSummary.accountValue).toBe(before)
    expect(state(x, alice).assetPositions).toEqual([])
    expect([value(x, vault), size(x, vault)]).toEqual(['1000.0', '50.0'])
  })

  it('has no backstop behind it: the vault goes to the market itself', () => {
    const x = leveraged()
    setOracle(x, '3840')
    x.order(bob, eth, 'buy', { px: '3825', size: '100' })
    // 1,910 - 500 of 3,830.
    expect(fills(setOracle(x, '3830'))[0]).toEqual([
      'Close Long',
      '3825.0',
      '10.0',
      '0.0',
      'market',
    ])
    expect(size(x, vault)).toBe('40.0')
  })
})

describe('isolated liquidation on the market: §6.5', () => {
  it('leaves the margin in the position until that is safe or gone', () => {
    const x = leveraged(false)
    x.order(bob, eth, 'buy', { px: '3899', size: '100' })
    // 8,000 - 5,000 of 3,900: a fifth goes.
    expect(fills(setOracle(x, '3900'))[0]).toEqual([
      'Close Long',
      '3899.0',
      '10.0',
      '0.0',
      'market',
    ])
    const [position] = state(x, alice).assetPositions
    expect(position?.position).toMatchObject({ szi: '40.0', marginUsed: '2990.0' })
    expect(fills(setOracle(x, '3900'))[0]?.[2]).toBe('40.0')
    // 1,910 in cross, and 2,950 that came back.
    expect(state(x, alice).crossMarginSummary.accountValue).toBe('4860.0')
  })
})

describe('auto-deleveraging: §6.6', () => {
  it('closes who is in debt at the mark before, against the other side', () => {
    const x = leveraged()
    expect(fills(setOracle(x, '3000'))).toEqual([
      ['Close Long', '4000.0', '50.0', '0.0', 'backstop'],
      ['Auto-Deleveraging', '4000.0', '50.0', '0.0', 'backstop'],
    ])
    expect([value(x, alice), size(x, alice)]).toEqual(['9910.0', '0.0'])
    expect([value(x, bob), size(x, bob)]).toEqual(['999970.0', '0.0'])
  })

  it('takes the counterparties by profit and leverage, and spares who has no position', () => {
    const x = exchange()
    x.act(dave, {
      type: 'usdClassTransfer',
      signatureChainId: '0x66eee',
      hyperliquidChain: 'Testnet',
      amount: '900000',
      toPerp: false,
      nonce: 0,
    })
    x.order(bob, eth, 'sell', { px: '4000', size: '30' })
    x.order(dave, eth, 'sell', { px: '4000', size: '30' })
    x.order(alice, eth, 'buy', { px: '4000', size: '45' })
    x.order(carol, eth, 'buy', { px: '4000', size: '15' })
    // Both shorts have the same profit; dave has a tenth of the money behind his.
    const events = setOracle(x, '3000')
    const deleveraged = events.filter(
      (e): e is FillEvent => e.kind === 'fill' && e.fill.dir === 'Auto-Deleveraging',
    )
    expect(deleveraged.map(({ user, fill }) => [user, fill.sz])).toEqual([
      [dave, '30.0'],
      [bob, '15.0'],
    ])
    expect(size(x, carol)).toBe('15.0')
    expect(Number(value(x, carol))).toBeCloseTo(1_000_000 - 15_000 - 27, 6)
  })

  it('closes an isolated position without touching the rest', () => {
    const x = leveraged(false)
    setOracle(x, '3000')
    expect([value(x, alice), size(x, alice)]).toEqual(['9910.0', '0.0'])
  })

  it('goes on with counterparties whose profit it took away', () => {
    const x = exchange('21000')
    // Alice hedges a long of ETH with a short of HYPE that carol holds the other side of.
    x.act(alice, { type: 'updateLeverage', asset: hypePerp, isCross: true, leverage: 10 })
    x.order(bob, eth, 'sell', { px: '4000', size: '50' })
    x.order(alice, eth, 'buy', { px: '4000', size: '50' })
    x.order(carol, hypePerp, 'sell', { px: '40', size: '2500' })
    x.order(alice, hypePerp, 'buy', { px: '40', size: '2500' })
    for (let i = 0; i < 4; i++) {
      const bucket = Math.floor(x.timestampMs / 3_000)
      x.act(testUser(1001 + i), {
        type: 'validatorOracle',
        bucket,
        prices: [
          [eth, '2000', null],
          [hypePerp, '60', null],
        ],
      })
    }
    x.endBlock(3_000)
    // 50,000 won on HYPE, 100,000 lost on ETH: both are closed where they were.
    expect(fills(x.events()).map(([dir, px]) => [dir, px])).toEqual([
      ['Close Long', '4000.0'],
      ['Auto-Deleveraging', '4000.0'],
      ['Close Long', '40.0'],
      ['Auto-Deleveraging', '40.0'],
    ])
    expect(state(x, alice).assetPositions).toEqual([])
    expect(Number(value(x, alice))).toBeGreaterThan(20_800)
  })
})

describe('bankruptcy price: §6.5', () => {
  const market = perpMarket(
    {
      index: 0,
      name: 'X',
      szDecimals: 4,
      maxLeverage: 25,
      marginTableId: 25,
      onlyIsolated: false,
      marginMode: 'normal',
      impactNtl: 0n,
      openInterestCap: 0n,
      openInterestIncrease: 0n,
      hyperpPx: 0,
    },
    undefined,
    new LinkedOrderBook(new OrderArena()),
  )

  it('leaves nothing, toward the mark, not further than the maintenance ratio', () => {
    const px = (size: number, equity: bigint) =>
      bankruptcyPx(market, { size, markPx: 400_000, equity })
    expect(px(10, 0n)).toBe(400_000)
    expect(px(10, 9n)).toBe(400_000)
    expect(px(10, 10_119n)).toBe(398_990)
    expect(px(-10, 10_119n)).toBe(401_010)
    expect(px(10, 10n ** 15n)).toBe(392_000)
    expect(px(-10, 10n ** 15n)).toBe(408_000)
  })

  it('rounds to prices that orders may have', () => {
    expect(roundPx(123_456, market, 'up')).toBe(123_460)
    expect(roundPx(123_456, market, 'down')).toBe(123_450)
    expect(roundPx(12_345_678, market, 'down')).toBe(12_345_600)
    expect(roundPx(12_345, market, 'down')).toBe(12_345)
  })
})

it('the backstop leaves where it is what the vault could not hold: §6.5', () => {
  const core = new CoreState(new CoreTree(), (arena) => new LinkedOrderBook(arena))
  applyGenesis(core, testGenesis(1))
  const [owner, vaultUser] = [testUserHex(1), core.riskRules.liquidatorVault]
  const hold = (user: string, lots: number, equity: bigint): void => {
    const value = BigInt(lots) * BigInt(core.pricesOf(eth).markPx)
    core.positions.set(user, eth, {
      ...core.defaultPositionOf(user, core.perpMarket(eth)),
      size: lots,
      entryNtl: value,
    })
    core.accounts.set(user, { rawUsd: equity - value, usingBigBlocks: false })
  }
  const sizes = (): (number | undefined)[] =>
    [owner, vaultUser].map((user) => core.positions.get(user, eth)?.size)
  // A thousandth of a unit behind 4,000 USDC.
  hold(owner, 10_000, 1_000n)
  hold(vaultUser, Number.MAX_SAFE_INTEGER - 9_999, 1n << 80n)
  liquidate(core)
  expect(sizes()).toEqual([10_000, Number.MAX_SAFE_INTEGER - 9_999])
  hold(vaultUser, Number.MAX_SAFE_INTEGER - 10_000, 1n << 80n)
  liquidate(core)
  expect(sizes()).toEqual([undefined, Number.MAX_SAFE_INTEGER])
})
