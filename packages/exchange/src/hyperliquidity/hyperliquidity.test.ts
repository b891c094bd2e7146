// HIP-2 against docs/spec/hyperliquid.md §9: the ladder, the inventory on it, and what flips.
import type { SpotDeployAction } from '@openliquid/primitives'
import { beforeEach, describe, expect, it } from 'vitest'
import { prng, TestExchange, TOKENS, testGenesis, testUser, testUserHex } from '../testing/index.ts'

const [deployer, alice, bob] = [testUser(1), testUser(2), testUser(3)]
const HYPERLIQUIDITY = `0x${'ff'.repeat(20)}` as const
const TOKEN = 3
/** Pair 2, the first free one. */
const PAIR = 2
const ASSET = 10_002
const COIN = '@2'

let x: TestExchange
beforeEach(() => {
  x = new TestExchange(testGenesis(3))
})

const deploy = (step: Omit<SpotDeployAction, 'type'>) =>
  x.act(deployer, { type: 'spotDeploy', ...step })

/** A token of one decimal, so many whole ones for the strategy and 1,000 for Bob, with a pair. */
function launch(strategyTokens: number): void {
  const steps: Omit<SpotDeployAction, 'type'>[] = [
    { registerToken2: { spec: { name: 'NEW', szDecimals: 1, weiDecimals: 6 }, maxGas: 1e11 } },
    {
      userGenesis: {
        token: TOKEN,
        userAndWei: [
          ...(strategyTokens === 0
            ? []
            : ([[HYPERLIQUIDITY, String(strategyTokens * 1e6)]] as const)),
          [testUserHex(3), '1000000000'],
        ],
        existingTokenAndWei: [],
      },
    },
    {
      genesis: {
        token: TOKEN,
        maxSupply: String(strategyTokens * 1e6 + 1e9),
        ...(strategyTokens === 0 ? { noHyperliquidity: true } : {}),
      },
    },
    { registerSpot: { tokens: [TOKEN, TOKENS.usdc] } },
  ]
  for (const step of steps) expect(deploy(step)).toMatchObject({ status: 'ok' })
}

const register = (fields: object = {}) =>
  deploy({
    registerHyperliquidity: { spot: PAIR, startPx: '2', orderSz: '10', nOrders: 10, ...fields },
  })

/** `[bids, asks]` as price and size, best first. */
function book(): [px: string, sz: string][][] {
  const levels = x.machine.view.l2Book(COIN)?.levels ?? []
  return levels.map((side) => side.map(({ px, sz }) => [px, sz]))
}
function trade(side: 'buy' | 'sell', size: string): void {
  x.order(side === 'buy' ? alice : bob, ASSET, side, {
    px: side === 'buy' ? '3' : '1',
    size,
    tif: 'Ioc',
  })
}

describe('registerHyperliquidity: §9', () => {
  it('offers what it has from the start price up, each level 0.3 % above the one before', () => {
    launch(100)
    expect(register()).toMatchObject({ status: 'ok' })
    expect(book()).toEqual([[], []])
    x.endBlock()
    const pxs = '2.0 2.006 2.012 2.018 2.0241 2.0302 2.0363 2.0424 2.0485 2.0546'.split(' ')
    expect(book()).toEqual([[], pxs.map((px) => [px, '10.0'])])
  })

  it('bids on the levels that the deployer seeded, for their price', () => {
    launch(70)
    const usdc = () => x.machine.reader(0n).spotBalanceOf(deployer, TOKENS.usdc)?.total ?? 0n
    const before = usdc()
    expect(register({ nSeededLevels: 3 })).toMatchObject({ status: 'ok' })
    expect(before - usdc()).toBe(10n * (200_000_000n + 200_600_000n + 201_200_000n))
    x.endBlock()
    const [bids, asks] = book()
    expect(bids).toEqual([
      ['2.012', '10.0'],
      ['2.006', '10.0'],
      ['2.0', '10.0'],
    ])
    expect(asks?.[0]).toEqual(['2.018', '10.0'])
  })

  it('turns what was sold into bids and what was bought into asks, three seconds later', () => {
    launch(100)
    register()
    x.endBlock()
    trade('buy', '24')
    x.endBlock(2_900)
    expect(book()).toEqual([[], expect.arrayContaining([['2.012', '6.0']])])
    x.endBlock(100)
    x.endBlock()
    expect(book()[0]).toEqual([
      ['2.006', '10.0'],
      ['2.0', '10.0'],
    ])
    expect(book()[1]?.slice(0, 2)).toEqual([
      ['2.012', '6.0'],
      ['2.018', '10.0'],
    ])
    trade('sell', '13')
    x.endBlock(3_000)
    x.endBlock()
    // 9 lots of a token more than the asks had: the partial ask is full again, and a new one stands below it.
    expect(book()[1]?.slice(0, 3)).toEqual([
      ['2.006', '9.0'],
      ['2.012', '10.0'],
      ['2.018', '10.0'],
    ])
    expect(book()[0]?.map(([px]) => px)).toEqual(['2.0'])
  })

  it('leaves an order for later that would trade with somebody', () => {
    launch(100)
    register()
    x.order(alice, ASSET, 'buy', { px: '2.01', size: '7' })
    x.endBlock()
    expect(book()).toEqual([[['2.01', '7.0']], expect.arrayContaining([['2.012', '10.0']])])
    expect(book()[1]).toHaveLength(8)
    x.act(alice, {
      type: 'cancel',
      cancels: [{ a: ASSET, o: x.machine.view.openOrders(alice)[0]?.oid ?? 0 }],
    })
    x.endBlock(3_000)
    x.endBlock()
    expect(book()[1]).toHaveLength(10)
  })

  it('pays no fee, and keeps every unit through any trades and reloads', () => {
    launch(80)
    register({ nSeededLevels: 2 })
    const next = prng(5)
    for (let round = 0; round < 60; round++) {
      trade(next(2) === 0 ? 'buy' : 'sell', String(1 + next(300) / 10))
      if (round % 7 === 3) x.reload(3_100)
      else x.endBlock(next(4_000))
    }
    x.endBlock(10_000)
    x.endBlock()
    const [bids, asks] = book() as [[string, string][], [string, string][]]
    const lots = (side: [string, string][]) => side.reduce((sum, [, sz]) => sum + Number(sz), 0)
    const sold = Number(asks.at(0)?.[1])
    // One level is the border between both: everything else is full.
    expect([...bids, ...asks].filter(([, sz]) => sz !== '10.0').length).toBeLessThanOrEqual(2)
    expect(lots(asks) + 10 * bids.length + (sold === 10 ? 0 : 10 - sold)).toBeCloseTo(100, 6)
  })

  it('with no orders is the empty step of a deployment without hyperliquidity', () => {
    launch(0)
    const { root } = x
    expect(register({ startPx: '1', orderSz: '0', nOrders: 0 })).toMatchObject({ status: 'ok' })
    x.endBlock(5_000)
    expect(root).not.toEqual(x.root)
    expect(book()).toEqual([[], []])
  })

  it.each<[string, object]>([
    ['Spot pair does not exist.', { spot: 9 }],
    ['Only the deployer of the token may do this.', { spot: 0 }],
    ['Invalid start price.', { startPx: '0' }],
    ['Invalid start price.', { startPx: '2.00001' }],
    ['Invalid start price.', { startPx: '0.0000001', orderSz: '0.1' }],
    ['Invalid start price.', { startPx: '999999999999999', nOrders: 3 }],
    ['Invalid order size.', { orderSz: '0' }],
    ['Invalid order size.', { orderSz: '0.01' }],
    ['Invalid order size.', { startPx: '1000000', orderSz: '100000' }],
    ['Invalid number of orders.', { nOrders: 1_001 }],
    ['Invalid number of orders.', { nSeededLevels: 11 }],
    ['Hyperliquidity has too few tokens for its orders.', { nOrders: 11 }],
  ])('refuses: %s %j', (text, fields) => {
    launch(100)
    expect(register(fields)).toMatchObject({ status: 'err', response: text })
  })

  it('refuses a stranger, a second time, and a seed that is not there', () => {
    launch(100)
    expect(
      x.act(alice, {
        type: 'spotDeploy',
        registerHyperliquidity: { spot: PAIR, startPx: '2', orderSz: '10', nOrders: 10 },
      }),
    ).toMatchObject({ response: 'Only the deployer of the token may do this.' })
    expect(register({ startPx: '20000', nSeededLevels: 10 })).toMatchObject({
      code: 'OL_ACTION_BALANCE',
    })
    expect(register()).toMatchObject({ status: 'ok' })
    expect(register()).toMatchObject({ response: 'Pair already has hyperliquidity.' })
  })

  it('asks at genesis for the tokens that it says it has', () => {
    for (const [gift, noHyperliquidity, text] of [
      [HYPERLIQUIDITY, true, 'Hyperliquidity has tokens.'],
      [testUserHex(3), undefined, 'Hyperliquidity has no tokens.'],
    ] as const) {
      x = new TestExchange(testGenesis(3))
      deploy({
        registerToken2: { spec: { name: 'NEW', szDecimals: 1, weiDecimals: 6 }, maxGas: 1e11 },
      })
      deploy({
        userGenesis: { token: TOKEN, userAndWei: [[gift, '500']], existingTokenAndWei: [] },
      })
      const state = x.machine.view.spotDeployState(deployer).states[0]
      expect(state?.hyperliquidityGenesisBalance).toBe(gift === HYPERLIQUIDITY ? '500' : '0')
      const genesis = { token: TOKEN, maxSupply: '500' }
      expect(
        deploy({ genesis: noHyperliquidity ? { ...genesis, noHyperliquidity } : genesis }),
      ).toMatchObject({ response: text })
    }
  })

  it('updates so many strategies a block, the others in the next ones', () => {
    const tokens = 9
    x = new TestExchange(
      testGenesis(3, {
        balances: [{ address: testUserHex(1), perp: '0', spot: { HYPE: '10000000' } }],
      }),
    )
    for (let i = 0; i < tokens; i++) {
      const [token, name] = [TOKEN + i, `N${i}`]
      x.endBlock(32 * 3_600_000)
      deploy({ registerToken2: { spec: { name, szDecimals: 1, weiDecimals: 6 }, maxGas: 1e11 } })
      deploy({
        userGenesis: { token, userAndWei: [[HYPERLIQUIDITY, '10000000']], existingTokenAndWei: [] },
      })
      deploy({ genesis: { token, maxSupply: '10000000' } })
      deploy({ registerSpot: { tokens: [token, TOKENS.usdc] } })
    }
    for (let i = 0; i < tokens; i++) {
      expect(
        deploy({
          registerHyperliquidity: { spot: PAIR + i, startPx: '2', orderSz: '1', nOrders: 10 },
        }),
      ).toMatchObject({ status: 'ok' })
    }
    const quoted = () =>
      Array.from({ length: tokens }, (_, i) => x.machine.view.l2Book(`@${PAIR + i}`)).filter(
        (one) => one?.levels[1].length === 10,
      ).length
    x.endBlock()
    expect(quoted()).toBe(8)
    x.endBlock()
    expect(quoted()).toBe(9)
  })
})
