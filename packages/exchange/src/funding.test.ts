import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { formatUnits, parseUnits } from './decimal.ts'
import type { ExchangeEvent, FundingEvent } from './events.ts'
import { fundingOf, hourlyRate, premiumOf } from './fundingRate.ts'
import { impactPx } from './impactPrice.ts'
import { ORDER_PX, ORDER_SIZE, OrderArena } from './orderArena.ts'
import { LinkedOrderBook } from './orderBook.ts'
import { ASSETS, GENESIS_MS, TestExchange, testGenesis, testUser } from './testing/index.ts'

const { eth } = ASSETS
const [alice, bob, carol] = [testUser(1), testUser(2), testUser(3)]
const HOUR_MS = 3_600_000

const { cases } = JSON.parse(
  readFileSync(new URL('../vectors/funding.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly { readonly premium: string; readonly hourlyRate: string }[] }

function premium(text: string): bigint {
  const magnitude = parseUnits(text.replace('-', ''), 18) ?? 0n
  return text.startsWith('-') ? -magnitude : magnitude
}

describe('funding rate: §7.3, A6', () => {
  it.each(cases)('P = $premium gives $hourlyRate an hour', (vector) => {
    const sum = premium(vector.premium)
    expect(formatUnits(hourlyRate({ sum, count: 1 }), 10)).toBe(vector.hourlyRate)
    expect(hourlyRate({ sum: 720n * sum, count: 720 })).toBe(hourlyRate({ sum, count: 1 }))
  })

  it('without samples counts a premium of zero', () => {
    expect(hourlyRate({ sum: 0n, count: 0 })).toBe(125_000n)
  })

  it('rounds what is owed up and what is earned down', () => {
    expect(fundingOf(80_000n, 125_000n)).toEqual({ owed: 1n, earned: 1n })
    expect(fundingOf(80_001n, 125_000n)).toEqual({ owed: 2n, earned: 1n })
    expect(fundingOf(80_001n, -125_000n)).toEqual({ owed: 2n, earned: 1n })
  })
})

describe('impact price: §7.3', () => {
  const arena = new OrderArena()
  const book = new LinkedOrderBook(arena)
  const rest = (oid: number, px: number, size: number) => {
    const row = arena.take()
    arena.setOid(row, oid)
    arena.setDouble(row, ORDER_PX, px)
    arena.setDouble(row, ORDER_SIZE, size)
    book.insert(row)
  }
  rest(1, 100, 3)
  rest(2, 110, 10)
  for (let i = 0; i < 100; i++) rest(10 + i, 200 + i, 1)

  const px = (notional: bigint) => {
    const average = impactPx(book, false, notional)
    return average && Number(average.numerator) / Number(average.denominator)
  }

  it('averages over the levels that the notional needs', () => {
    expect(px(300n)).toBe(100)
    // 3 lots at 100, and 1.5 of 465 at 110.
    expect(px(465n)).toBeCloseTo(465 / 4.5, 10)
    expect(px(1_400n)).toBeCloseTo(1_400 / 13, 10)
    expect(px(20_000n)).toBeGreaterThan(200)
  })

  it('is none when the side does not hold the notional', () => {
    const total = 1_400n + BigInt(200 * 100 + 4_950)
    expect(px(total)).toBeDefined()
    expect(px(total + 1n)).toBeUndefined()
    expect(impactPx(book, true, 1n)).toBeUndefined()
  })

  it('gives premiums above and below the oracle, and none inside the spread', () => {
    const at = (numerator: bigint) => ({ numerator, denominator: 1n })
    expect(premiumOf({ bid: at(101n), ask: at(102n) }, 100)).toBe(10n ** 16n)
    expect(premiumOf({ bid: at(97n), ask: at(98n) }, 100)).toBe(-2n * 10n ** 16n)
    expect(premiumOf({ bid: at(99n), ask: at(101n) }, 100)).toBe(0n)
  })
})

/** Alice is long 10 ETH at 4000 against bob. */
function exchange(): TestExchange {
  const x = new TestExchange(testGenesis(3))
  x.order(bob, eth, 'sell', { px: '4000', size: '10' })
  x.order(alice, eth, 'buy', { px: '4000', size: '10' })
  return x
}

function setOracle(x: TestExchange, px: string, afterMs: number): void {
  for (let i = 0; i < 4; i++) {
    const bucket = Math.floor(x.timestampMs / 3_000)
    x.act(testUser(1001 + i), { type: 'validatorOracle', bucket, prices: [[eth, px, null]] })
  }
  x.endBlock(afterMs)
}

const fundings = (events: readonly ExchangeEvent[]) =>
  events.filter((e): e is FundingEvent => e.kind === 'funding').map(({ delta }) => delta)
const toNextHour = (x: TestExchange) => HOUR_MS - (x.timestampMs % HOUR_MS)
const rawUsd = (x: TestExchange, user: Uint8Array) =>
  x.machine.view.clearinghouseState(user).marginSummary.totalRawUsd

describe('funding settlement: §7.3', () => {
  it('moves money from longs to shorts on the hour, and counts it at the position', () => {
    const x = exchange()
    x.endBlock(toNextHour(x) - 1)
    expect(fundings(x.events(1))).toEqual([])
    // 40,000 at 0.0000125.
    expect(fundings(x.events())).toEqual([
      {
        type: 'funding',
        coin: 'ETH',
        usdc: '-0.5',
        szi: '10.0',
        fundingRate: '0.0000125',
        nSamples: null,
      },
      expect.objectContaining({ usdc: '0.5', szi: '-10.0' }),
    ])
    expect(rawUsd(x, alice)).toBe('959981.5')
    expect(rawUsd(x, bob)).toBe('1039994.5')
    const [position] = x.machine.view.clearinghouseState(alice).assetPositions
    expect(position?.position.cumFunding).toEqual({
      allTime: '0.5',
      sinceOpen: '0.5',
      sinceChange: '0.5',
    })
    x.order(bob, eth, 'sell', { px: '4000', size: '1' })
    x.order(alice, eth, 'buy', { px: '4000', size: '1' })
    x.reload()
    const [grown] = x.machine.view.clearinghouseState(alice).assetPositions
    expect(grown?.position.cumFunding).toEqual({
      allTime: '0.5',
      sinceOpen: '0.5',
      sinceChange: '0.0',
    })
  })

  it('averages a sample every five seconds of block time from impact prices', () => {
    const x = exchange()
    x.endBlock(toNextHour(x) - 30_000)
    x.order(carol, eth, 'buy', { px: '4040', size: '2' })
    x.order(carol, eth, 'sell', { px: '4050', size: '2' })
    setOracle(x, '4000', 3_000)
    expect(x.machine.view.perpContexts()[eth]).toMatchObject({
      premium: null,
      impactPxs: ['4040.0', '4050.0'],
    })
    x.endBlock(2_000)
    // Bids 1 % above the oracle.
    expect(x.machine.view.perpContexts()[eth]).toMatchObject({
      premium: '0.01',
      funding: '0.0011875',
    })
    x.act(carol, { type: 'cancel', cancels: [{ a: eth, o: 3 }] })
    x.endBlock(5_000)
    expect(x.machine.view.perpContexts()[eth]).toMatchObject({
      premium: null,
      funding: '0.0011875',
    })
    x.reload()
    x.endBlock(toNextHour(x))
    expect(x.events()).toMatchObject([
      { kind: 'fundingRate', coin: 'BTC', fundingRate: '0.0000125', premium: '0.0' },
      { kind: 'fundingRate', coin: 'ETH', fundingRate: '0.0011875', premium: '0.01' },
      { kind: 'fundingRate', coin: 'HYPE' },
      { kind: 'funding', delta: { usdc: '-47.5' } },
      { kind: 'funding', delta: { usdc: '47.5' } },
    ])
  })

  it('takes no sample against a stale oracle', () => {
    const x = exchange()
    x.order(carol, eth, 'buy', { px: '4040', size: '2' })
    x.order(carol, eth, 'sell', { px: '4050', size: '2' })
    x.endBlock(10_000)
    expect(x.machine.view.perpContexts()[eth]?.premium).toBeNull()
    setOracle(x, '4000', 5_000)
    expect(x.machine.view.perpContexts()[eth]?.premium).toBe('0.01')
    x.endBlock(61_000)
    expect(x.machine.view.perpContexts()[eth]?.premium).toBeNull()
  })

  it('leaves the dust of rounding with the fee account', () => {
    const x = new TestExchange(testGenesis(3))
    // 0.0079 ETH: 31.6 USDC times 0.0000125 is 395 units; a third of a unit each for odd shares.
    x.order(bob, eth, 'sell', { px: '4000', size: '0.0211' })
    x.order(carol, eth, 'sell', { px: '4000', size: '0.0210' })
    x.order(alice, eth, 'buy', { px: '4000', size: '0.0421' })
    x.endBlock(toNextHour(x))
    const paid = fundings(x.events()).map(({ usdc }) => usdc)
    // 168.4, 84.4 and 84.0 USDC: 2105, 1055, 1050 units.
    expect(paid).toEqual(['-0.002105', '0.001055', '0.00105'])
    setOracle(x, '4000.1', 3_000)
    x.endBlock(toNextHour(x))
    // 2105.05..., 1055.03..., 1050.03...: up for who pays, down for who earns.
    expect(fundings(x.events()).map(({ usdc }) => usdc)).toEqual([
      '-0.002106',
      '0.001055',
      '0.00105',
    ])
    const { totalRawUsd } = x.machine.view.clearinghouseState(
      new Uint8Array(20).fill(0xfe),
    ).marginSummary
    // Fees of 0.07578, 0.01266 and 0.0126, and one unit of dust.
    expect(totalRawUsd).toBe('0.101041')
  })

  it('takes from an isolated position what its margin holds, and receivers share it', () => {
    const x = new TestExchange(testGenesis(3))
    x.act(alice, { type: 'updateLeverage', asset: eth, isCross: false, leverage: 25 })
    x.order(bob, eth, 'sell', { px: '4000', size: '10' })
    x.order(alice, eth, 'buy', { px: '4000', size: '10' })
    // The mark leaves 0.2 USDC of its margin; 0.48 would be due.
    setOracle(x, '3840.02', toNextHour(x))
    expect(fundings(x.events()).map(({ usdc }) => usdc)).toEqual(['-0.2', '0.2'])
  })

  it('settles once, however many hours passed', () => {
    const x = exchange()
    x.endBlock(5 * HOUR_MS)
    expect(fundings(x.events())).toHaveLength(2)
    expect(GENESIS_MS % HOUR_MS).not.toBe(0)
  })
})
