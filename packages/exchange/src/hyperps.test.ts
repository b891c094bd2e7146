// Perps without an outside price against docs/spec/hyperliquid.md §7.3.
import { expect, it } from 'vitest'
import type { OracleUpdateEvent } from './events.ts'
import { capHyperpMark } from './hyperps.ts'
import { ASSETS, TestExchange, testCore, testGenesis, testUser } from './testing/index.ts'

const { btc, hypePerp } = ASSETS
const [alice, bob] = [testUser(1), testUser(2)]

/** The perp HYPE is a hyperp that began at 40. */
function exchange(): TestExchange {
  const perps = testCore(0).perps.map((perp) => ({ ...perp, isHyperp: perp.name === 'HYPE' }))
  return new TestExchange(testGenesis(2, { perps }))
}

/** Oracle and mark of the hyperp, of the context. */
function prices(x: TestExchange): readonly [oraclePx: number, markPx: number] {
  const context = x.machine.view.perpContexts()[hypePerp]
  return [Number(context?.oraclePx), Number(context?.markPx)]
}

/** A book around a price, without what stood there before. */
function quote(x: TestExchange, px: number): void {
  for (const { oid } of [...x.machine.view.openOrders(bob)]) {
    x.act(bob, { type: 'cancel', cancels: [{ a: hypePerp, o: oid }] })
  }
  x.order(bob, hypePerp, 'buy', { px: String(px - 0.1), size: '1000' })
  x.order(bob, hypePerp, 'sell', { px: String(px + 0.1), size: '1000' })
}

/** Lets the validators speak of BTC once every so often. */
function pass(x: TestExchange, minutes: number): void {
  for (let i = 0; i < minutes; i++) {
    x.moveOracle({ [btc]: '100000' })
    x.endBlock(57_000)
  }
}

it('follows its own marks: the oracle price is their average over eight hours', () => {
  const x = exchange()
  quote(x, 40)
  pass(x, 2)
  expect(prices(x)).toEqual([40, 40])
  quote(x, 60)
  pass(x, 60)
  const [oracle, mark] = prices(x)
  expect(mark).toBeGreaterThan(58)
  // After an hour of some 60 the average has gone the part 1 − exp(−1/8) of the way, against three minutes of 40.
  expect(oracle).toBeGreaterThan(50)
  expect(oracle).toBeLessThan(60)
  x.reload()
  expect(prices(x)[0]).toBe(oracle)
})

it('samples a minute once, however often the others are renewed', () => {
  const [often, seldom] = [exchange(), exchange()]
  for (const x of [often, seldom]) {
    quote(x, 44)
    x.moveOracle({ [btc]: '100000' })
  }
  for (let i = 0; i < 9; i++) {
    often.moveOracle({ [btc]: '100000' })
    seldom.endBlock(3_000)
  }
  seldom.moveOracle({ [btc]: '100000' })
  often.moveOracle({ [btc]: '100000' })
  expect(prices(often)[0]).toBe(prices(seldom)[0])
})

it('lets nobody say its price', () => {
  const x = exchange()
  const { events } = x.moveOracle({ [btc]: '100000', [hypePerp]: '77' })
  expect(events).toBeDefined()
  const update = x
    .events()
    .find((event): event is OracleUpdateEvent => event.kind === 'oracleUpdate')
  expect(update?.prices).toEqual([
    { coin: 'BTC', oraclePx: '100000.0', markPx: '100000.0' },
    { coin: 'HYPE', oraclePx: '40.0', markPx: '40.0' },
  ])
})

it('never has an oracle price above four times its first, nor a mark above three times the average', () => {
  const x = exchange()
  quote(x, 40)
  pass(x, 3)
  // Ever higher: a bid in reach of the band, an ask that nobody takes.
  let highest = 0
  for (let round = 0; round < 400; round++) {
    const [oracle] = prices(x)
    quote(x, Math.floor(oracle * 1.9))
    pass(x, 10)
    const [now, mark] = prices(x)
    expect(now).toBeLessThanOrEqual(160)
    expect(mark).toBeLessThanOrEqual(3 * now + 0.1)
    highest = Math.max(highest, now)
    if (now === 160) break
  }
  expect(highest).toBe(160)
})

it('has its mark held below three times the average', () => {
  const average = { numerator: 30_000n, denominator: 1_000n, atMs: 1 }
  expect([89, 90, 91].map((px) => capHyperpMark(px, average))).toEqual([89, 90, 90])
  expect(capHyperpMark(1_000, undefined)).toBe(1_000)
})

it('counts a hundredth of the premium for funding', () => {
  const [hyperp, ordinary] = [exchange(), new TestExchange(testGenesis(2))]
  for (const x of [hyperp, ordinary]) {
    quote(x, 44)
    x.moveOracle({ [btc]: '100000', [hypePerp]: '40' })
    x.endBlock(6_000)
    x.endBlock(6_000)
  }
  const [small, whole] = [hyperp, ordinary].map((x) =>
    Number(x.machine.view.perpContexts()[hypePerp]?.premium),
  ) as [number, number]
  expect(whole).toBeCloseTo(0.0975, 9)
  expect(small).toBeCloseTo(whole / 100, 9)
})

it('is traded, reckoned and settled as any other perp', () => {
  const x = exchange()
  quote(x, 40)
  x.order(alice, hypePerp, 'buy', { px: '40.1', size: '10' })
  pass(x, 70)
  expect(x.machine.view.clearinghouseState(alice).assetPositions).toHaveLength(1)
})
