// Candles of every length out of the four that are stored, and the totals of a day.
import type { TradeEvent } from '@openliquid/exchange'
import { memoryStore } from '@openliquid/storage/testing'
import { expect, test } from 'vitest'
import { candleSpan, HistoryCandles } from './historyCandles.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** 2024-01-01 00:00 UTC, a Monday. */
const NEW_YEAR_MS = 1_704_067_200_000

function trade(timeMs: number, px: string, sz: string, coin: string = 'BTC'): TradeEvent {
  const users = ['0x', '0x'] as const
  return {
    kind: 'trade',
    trade: { coin, side: 'B', px, sz, time: timeMs, hash: '0x', tid: 1, users },
  }
}

async function candlesOf(...blocks: readonly TradeEvent[][]): Promise<HistoryCandles> {
  const store = memoryStore()
  const candles = new HistoryCandles(store)
  for (const trades of blocks) await store.batch(candles.writesOf(trades), { sync: false })
  return candles
}

test('a candle has the first, last, highest and lowest price of its interval, across blocks', async () => {
  const candles = await candlesOf(
    [trade(NEW_YEAR_MS, '100.0', '1.0'), trade(NEW_YEAR_MS, '103.5', '0.5')],
    [trade(NEW_YEAR_MS + 1_000, '99.0', '0.25'), trade(NEW_YEAR_MS, '7.0', '1.0', 'BTCX')],
    [trade(NEW_YEAR_MS + 59_999, '101.0', '0.25')],
    [trade(NEW_YEAR_MS + 60_000, '102.0', '1.0')],
  )
  const all = { startMs: 0, endMs: NEW_YEAR_MS + HOUR_MS }
  expect(await candles.candles('BTC', '1m', all, 10)).toEqual([
    {
      startMs: NEW_YEAR_MS,
      endMs: NEW_YEAR_MS + 59_999,
      open: '100.0',
      close: '101.0',
      high: '103.5',
      low: '99.0',
      volume: '2.0',
      tradeCount: 4,
    },
    {
      startMs: NEW_YEAR_MS + 60_000,
      endMs: NEW_YEAR_MS + 119_999,
      open: '102.0',
      close: '102.0',
      high: '102.0',
      low: '102.0',
      volume: '1.0',
      tradeCount: 1,
    },
  ])
  const [three] = await candles.candles('BTC', '3m', all, 10)
  expect(three).toMatchObject({ open: '100.0', close: '102.0', high: '103.5', tradeCount: 5 })
  expect(await candles.candles('BTC', '1m', all, 1)).toMatchObject([{ open: '102.0' }])
  expect(await candles.candles('ETH', '1m', all, 1)).toEqual([])
})

test.each([
  ['15m', 15 * MINUTE_MS],
  ['30m', 30 * MINUTE_MS],
  ['1h', HOUR_MS],
  ['4h', 4 * HOUR_MS],
  ['12h', 12 * HOUR_MS],
  ['1d', 24 * HOUR_MS],
] as const)(
  'candles of %s hold the trades of their time and no others',
  async (interval, lengthMs) => {
    const times = [0, 1, lengthMs - 1, lengthMs, 3 * lengthMs].map((ms) => NEW_YEAR_MS + ms)
    const candles = await candlesOf(...times.map((ms) => [trade(ms, '1.0', '1.0')]))
    const range = { startMs: NEW_YEAR_MS, endMs: NEW_YEAR_MS + 4 * lengthMs }
    const found = await candles.candles('BTC', interval, range, 10)
    expect(found.map(({ startMs, tradeCount }) => [startMs - NEW_YEAR_MS, tradeCount])).toEqual([
      [0, 3],
      [lengthMs, 1],
      [3 * lengthMs, 1],
    ])
    expect(found.map(({ startMs, endMs }) => endMs - startMs)).toEqual([
      lengthMs - 1,
      lengthMs - 1,
      lengthMs - 1,
    ])
  },
)

test('a month is one of the calendar', () => {
  const { startMs, endMs } = candleSpan('1M', Date.UTC(2024, 1, 29, 23))
  expect([startMs, endMs]).toEqual([Date.UTC(2024, 1, 1), Date.UTC(2024, 2, 1) - 1])
})

test('a day sums what traded since, and starts from the price before it', async () => {
  const nowMs = NEW_YEAR_MS + 30 * HOUR_MS
  const candles = await candlesOf(
    [trade(NEW_YEAR_MS, '90.0', '5.0')],
    [trade(NEW_YEAR_MS + HOUR_MS, '95.0', '5.0')],
    [trade(NEW_YEAR_MS + 10 * HOUR_MS, '100.0', '2.0')],
    [trade(nowMs, '110.5', '2.0')],
  )
  expect(await candles.dayTotals('BTC', nowMs)).toEqual({
    previousPx: '95.0',
    baseVolume: '4.0',
    notionalVolume: '421.0',
  })
  expect(await candles.dayTotals('BTC', NEW_YEAR_MS)).toMatchObject({ previousPx: '90.0' })
  expect(await candles.dayTotals('ETH', nowMs)).toEqual({
    previousPx: undefined,
    baseVolume: '0.0',
    notionalVolume: '0.0',
  })
})
