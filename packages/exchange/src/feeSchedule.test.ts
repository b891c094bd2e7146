import { type Hex, hexToBytes } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import type { FillEvent } from './events.ts'
import { assessedVolume, ratesFor, withVolume } from './feeSchedule.ts'
import {
  ASSETS,
  TestExchange,
  testCore,
  testGenesis,
  testUser,
  testUserHex,
} from './testing/index.ts'

const { eth, hype } = ASSETS
const [alice, bob] = [testUser(1), testUser(2)]
const DAY_MS = 86_400_000
const M = 1_000_000_000_000n

/** The table of §8.1. */
const MAINNET_TIERS = [
  ['5000000', 400, 120, 600, 300],
  ['25000000', 350, 80, 500, 200],
  ['100000000', 300, 40, 400, 100],
  ['500000000', 280, 0, 350, 0],
  ['2000000000', 260, 0, 300, 0],
  ['7000000000', 240, 0, 250, 0],
].map(([volume, perpTakerPpm, perpMakerPpm, spotTakerPpm, spotMakerPpm]) => ({
  volume: String(volume),
  perpTakerPpm: Number(perpTakerPpm),
  perpMakerPpm: Number(perpMakerPpm),
  spotTakerPpm: Number(spotTakerPpm),
  spotMakerPpm: Number(spotMakerPpm),
}))
const REBATES = [
  { sharePpm: 5_000, rebatePpm: 10 },
  { sharePpm: 15_000, rebatePpm: 20 },
  { sharePpm: 30_000, rebatePpm: 30 },
]
const base = { perpTakerPpm: 450, perpMakerPpm: 150, spotTakerPpm: 700, spotMakerPpm: 400 }
const schedule = {
  tiers: MAINNET_TIERS.map((tier) => ({ ...tier, volume: BigInt(tier.volume) * 1_000_000n })),
  makerRebates: REBATES,
}

describe('fee tiers: §8.1', () => {
  it.each([
    [0n, 450, 150],
    [5n * M, 450, 150],
    [5n * M + 1n, 400, 120],
    [100n * M + 1n, 300, 40],
    [7_000n * M + 1n, 240, 0],
  ])('a volume of %s pays %i and %i millionths', (taker, perpTakerPpm, perpMakerPpm) => {
    expect(ratesFor(base, schedule, { taker, maker: 0n }, 0n)).toMatchObject({
      perpTakerPpm,
      perpMakerPpm,
    })
  })

  it.each([
    [0n, 150],
    [5_000n, 150],
    [5_001n, -10],
    [15_001n, -20],
    [30_001n, -30],
  ])('%s of a million of all maker volume pays %i millionths', (maker, perpMakerPpm) => {
    const rates = ratesFor(base, schedule, { taker: 0n, maker }, 1_000_000n)
    expect(rates).toMatchObject({ perpMakerPpm, spotMakerPpm: 400 })
  })

  it('counts the 14 days before the running one', () => {
    let days = withVolume([], 100, { taker: 1n, maker: 2n })
    days = withVolume(days, 100, { taker: 10n, maker: 20n })
    expect(assessedVolume(days, 100)).toEqual({ taker: 0n, maker: 0n })
    expect(assessedVolume(days, 101)).toEqual({ taker: 11n, maker: 22n })
    expect(assessedVolume(days, 114)).toEqual({ taker: 11n, maker: 22n })
    expect(assessedVolume(days, 115)).toEqual({ taker: 0n, maker: 0n })
    expect(withVolume(days, 115, { taker: 5n, maker: 0n })).toEqual([
      { day: 115, taker: 5n, maker: 0n },
    ])
  })
})

function exchange(fees: object = { tiers: MAINNET_TIERS, makerRebates: REBATES }): TestExchange {
  const core = testCore(2)
  return new TestExchange(testGenesis(2, { fees: { ...core.fees, ...fees } }))
}

function trade(x: TestExchange, asset: number, px: string, size: string): string[] {
  x.order(bob, asset, 'sell', { px, size })
  x.order(alice, asset, 'buy', { px, size })
  return x.events().flatMap((e) => (e.kind === 'fill' ? [(e as FillEvent).fill.fee] : []))
}

describe('fees of a trade', () => {
  it('change with the UTC day, and rebates come from the taker of the trade', () => {
    const x = exchange()
    // 6,000,000 at 0.045 % and 0.015 %; the same trade the same day costs the same.
    expect(trade(x, eth, '4000', '1500')).toEqual(['2700.0', '900.0'])
    expect(trade(x, eth, '4000', '1500')).toEqual(['2700.0', '900.0'])
    x.endBlock(DAY_MS)
    x.reload()
    // Alice is in tier 1; bob made all there was to make.
    expect(trade(x, eth, '4000', '100')).toEqual(['160.0', '-12.0'])
    x.endBlock(15 * DAY_MS)
    expect(trade(x, eth, '4000', '100')).toEqual(['180.0', '60.0'])
  })

  it('are those of the master for a sub-account, and count for it', () => {
    const x = exchange()
    const created = x.act(alice, { type: 'createSubAccount', name: 'a' })
    if (created.status !== 'ok' || created.response.type !== 'createSubAccount') throw created
    const subAccountUser = created.response.data as Hex
    x.act(alice, {
      type: 'subAccountTransfer',
      subAccountUser,
      isDeposit: true,
      usd: 900_000_000_000,
    })
    const viaSub = (): string | undefined => {
      x.order(bob, eth, 'sell', { px: '4000', size: '1300' })
      const orders = [
        { a: eth, b: true, p: '4000', s: '1300', r: false, t: { limit: { tif: 'Gtc' } } },
      ] as const
      const vaultAddress = hexToBytes(subAccountUser, 20)
      x.act(alice, { type: 'order', orders, grouping: 'na' }, { vaultAddress })
      return x.events().flatMap((e) => (e.kind === 'fill' ? [e.fill.fee] : []))[0]
    }
    expect(viaSub()).toBe('2340.0')
    x.endBlock(DAY_MS)
    expect(trade(x, eth, '4000', '10')[0]).toBe('16.0')
  })

  it('count spot twice', () => {
    const x = exchange({ tiers: [{ ...base, volume: '20000', spotTakerPpm: 100 }] })
    trade(x, hype, '40', '251')
    x.endBlock(DAY_MS)
    expect(trade(x, hype, '40', '100')[0]).toBe('0.01')
  })

  it('are a fifth on a stable pair, which both of its tokens make', () => {
    const tokens = testCore(0).tokens.map((token) => ({ ...token, isQuote: token.name === 'HYPE' }))
    for (const [core, taker, maker] of [
      [{ tokens }, '0.0014', '0.032'],
      [{}, '0.007', '0.16'],
    ] as const) {
      const x = new TestExchange(testGenesis(2, core))
      x.order(alice, hype, 'sell', { px: '40', size: '10' })
      x.order(bob, hype, 'buy', { px: '40', size: '10' })
      const fills = x.events().filter((event): event is FillEvent => event.kind === 'fill')
      expect(fills.map(({ fill }) => [fill.feeToken, fill.fee])).toEqual([
        ['HYPE', taker],
        ['USDC', maker],
      ])
    }
    expect(ratesFor(base, schedule, { taker: 0n, maker: 0n }, 0n).spotTakerPpm).toBe(700)
  })

  it('tell the share in all maker volume, of who a signer acts for, from the days before', () => {
    const x = exchange()
    const shares = () => [alice, bob].map((user) => x.machine.view.makerSharePpm(user))
    trade(x, eth, '4000', '10')
    expect(shares()).toEqual([undefined, undefined])
    x.order(alice, eth, 'buy', { px: '4000', size: '30' })
    x.order(bob, eth, 'sell', { px: '4000', size: '30' })
    const agent = testUser(500)
    const agentAddress = testUserHex(500)
    const common = { signatureChainId: '0x1', hyperliquidChain: 'Testnet', nonce: 0 } as const
    x.act(bob, { type: 'approveAgent', ...common, agentAddress, agentName: '' })
    x.endBlock(DAY_MS)
    expect(shares()).toEqual([750_000, 250_000])
    expect(x.machine.view.makerSharePpm(agent)).toBe(250_000)
    expect(x.machine.view.makerSharePpm(testUser(77))).toBe(0)
  })

  it('keep no volumes where all pay the same', () => {
    const x = exchange({})
    expect(x.machine.view.makerSharePpm(alice)).toBeUndefined()
    trade(x, eth, '4000', '1')
    x.endBlock()
    expect([...x.store.values()].some(([key]) => key[1] === 0x43)).toBe(false)
  })

  it.each([
    [{ tiers: [...MAINNET_TIERS].reverse() }, 'tiers must ascend'],
    [{ makerRebates: [...REBATES].reverse() }, 'rebates must ascend'],
    [{ makerRebates: [{ sharePpm: 1, rebatePpm: 451 }] }, 'above a taker rate'],
    [{ tiers: [{ ...base, volume: '1', perpMakerPpm: -1 }] }, 'no share'],
    [{ tiers: [{ ...base, volume: 'x' }] }, 'no amount'],
  ])('refuse a genesis that contradicts itself: %j', (fees, reason) => {
    expect(() => exchange(fees)).toThrow(reason)
  })
})

describe('open interest cap: §6.7', () => {
  function capped(): TestExchange {
    const perps = testCore(0).perps.map((perp) => ({ ...perp, openInterestCap: '40000' }))
    return new TestExchange(testGenesis(3, { perps }))
  }
  const error = (text: string) => ({ error: text })
  const INCREASE = 'Order would increase open interest while open interest is capped'

  it('refuses orders that open, with the price and the position telling why', () => {
    const x = capped()
    trade(x, eth, '4000', '10')
    const carol = testUser(3)
    expect(x.order(carol, eth, 'buy', { px: '3990', size: '1' })).toEqual(error(INCREASE))
    expect(x.order(carol, eth, 'buy', { px: '4010', size: '1' })).toEqual(
      error('Order rejected due to price more aggressive than oracle while at open interest cap'),
    )
    expect(x.order(alice, eth, 'sell', { px: '4010', size: '11' })).toEqual(error(INCREASE))
    expect(x.order(alice, eth, 'sell', { px: '4010', size: '10' })).toHaveProperty('resting')
    const statuses = x.events().flatMap((e) => (e.kind === 'orderUpdate' ? [e.status] : []))
    expect(statuses).toEqual([
      'positionIncreaseAtOpenInterestCapRejected',
      'tooAggressiveAtOpenInterestCapRejected',
      'positionFlipAtOpenInterestCapRejected',
      'open',
    ])
  })

  it('takes resting orders out whose match would exceed it', () => {
    const x = capped()
    x.order(bob, eth, 'sell', { px: '4000', size: '6' })
    x.order(bob, eth, 'sell', { px: '4000', size: '5' })
    expect(x.order(alice, eth, 'buy', { px: '4000', size: '11' })).toHaveProperty('resting')
    const statuses = x.events().flatMap((e) => (e.kind === 'orderUpdate' ? [e.status] : []))
    expect(statuses).toContain('openInterestCapCanceled')
    expect(x.machine.view.perpContexts()[eth]?.openInterest).toBe('6.0')
  })
})
