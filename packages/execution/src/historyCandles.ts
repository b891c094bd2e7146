import type { TradeEvent } from '@openliquid/exchange'
import {
  formatDecimal,
  type KeyValueStore,
  parseDecimal,
  uintToBytes,
  type Write,
} from '@openliquid/primitives'
import {
  bytesToJson,
  coinBytes,
  HISTORY_SPACE,
  historyKey,
  jsonToBytes,
  type TimeRange,
  timeRangeOf,
} from './historyKeys.ts'
import type { Candle, DayTotals } from './historyView.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Intervals that are kept; every other one is a whole number of one of these. */
const KEPT_MS = { minute: MINUTE_MS, quarter: 15 * MINUTE_MS, hour: HOUR_MS, day: DAY_MS } as const
type Kept = keyof typeof KEPT_MS
const KEPT: readonly Kept[] = ['minute', 'quarter', 'hour', 'day']

/** How long a candle is. */
export type CandleInterval =
  | '1m'
  | '3m'
  | '5m'
  | '15m'
  | '30m'
  | '1h'
  | '2h'
  | '4h'
  | '8h'
  | '12h'
  | '1d'
  | '3d'
  | '1w'
  | '1M'

/** Intervals of docs/spec/hyperliquid.md §10.1. Those of fixed length count from 1970; a month is one of UTC. */
const INTERVALS: Readonly<
  Record<CandleInterval, { readonly kept: Kept; readonly count: number | 'month' }>
> = {
  '1m': { kept: 'minute', count: 1 },
  '3m': { kept: 'minute', count: 3 },
  '5m': { kept: 'minute', count: 5 },
  '15m': { kept: 'quarter', count: 1 },
  '30m': { kept: 'quarter', count: 2 },
  '1h': { kept: 'hour', count: 1 },
  '2h': { kept: 'hour', count: 2 },
  '4h': { kept: 'hour', count: 4 },
  '8h': { kept: 'hour', count: 8 },
  '12h': { kept: 'hour', count: 12 },
  '1d': { kept: 'day', count: 1 },
  '3d': { kept: 'day', count: 3 },
  '1w': { kept: 'day', count: 7 },
  '1M': { kept: 'day', count: 'month' },
}

export const CANDLE_INTERVALS: readonly CandleInterval[] = Object.keys(
  INTERVALS,
) as CandleInterval[]

/** First and last millisecond of the interval that a time lies in. */
export function candleSpan(
  interval: CandleInterval,
  timeMs: number,
): { readonly startMs: number; readonly endMs: number } {
  const { kept, count } = INTERVALS[interval]
  if (count === 'month') {
    const date = new Date(timeMs)
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
    return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) - 1 }
  }
  const lengthMs = KEPT_MS[kept] * count
  const startMs = Math.floor(timeMs / lengthMs) * lengthMs
  return { startMs, endMs: startMs + lengthMs - 1 }
}

/** Decimals that every price and size fits; docs/spec/hyperliquid.md §1.3. */
const DECIMALS = 8

/** A candle as it is summed: units of 1e-8, the notional of 1e-16. */
interface Sum {
  readonly startMs: number
  readonly open: bigint
  readonly close: bigint
  readonly high: bigint
  readonly low: bigint
  readonly volume: bigint
  readonly notional: bigint
  readonly tradeCount: number
}

/** A candle on disk: the fields of `Sum` but its time, which is in the key; integers as text. */
type StoredSum = readonly [
  open: string,
  close: string,
  high: string,
  low: string,
  volume: string,
  notional: string,
  tradeCount: number,
]

/** Candles of four lengths, kept up with every block that trades; the others are put together from them. */
export class HistoryCandles {
  readonly #store: KeyValueStore

  constructor(store: KeyValueStore) {
    this.#store = store
  }

  /** Adds the trades of one block to what is stored. */
  writesOf(trades: readonly TradeEvent[]): Write[] {
    const changed = new Map<string, { readonly key: Uint8Array; sum: Sum }>()
    for (const { trade } of trades) {
      for (const kept of KEPT) {
        const startMs = Math.floor(trade.time / KEPT_MS[kept]) * KEPT_MS[kept]
        const id = `${kept} ${startMs} ${trade.coin}`
        const known = changed.get(id)
        const key = known?.key ?? candleKey(trade.coin, kept, startMs)
        const sum = known?.sum ?? this.#stored(key, startMs)
        changed.set(id, { key, sum: join(sum, sumOfTrade(trade, startMs)) })
      }
    }
    return [...changed.values()].map(({ key, sum }) => [key, sumToBytes(sum)])
  }

  async candles(
    coin: string,
    interval: CandleInterval,
    range: TimeRange,
    limit: number,
  ): Promise<readonly Candle[]> {
    const { kept } = INTERVALS[interval]
    const newestFirst: Sum[] = []
    for await (const sum of this.#sums(coin, kept, range)) {
      const { startMs } = candleSpan(interval, sum.startMs)
      if (startMs < range.startMs) break
      const last = newestFirst.at(-1)
      if (last?.startMs === startMs) {
        newestFirst[newestFirst.length - 1] = join({ ...sum, startMs }, last)
        continue
      }
      if (newestFirst.length === limit) break
      newestFirst.push({ ...sum, startMs })
    }
    return newestFirst.reverse().map((sum) => candleOf(sum, interval))
  }

  async dayTotals(coin: string, nowMs: number): Promise<DayTotals> {
    const startMs = Math.max(0, Math.floor(nowMs / KEPT_MS.quarter) * KEPT_MS.quarter - DAY_MS)
    let day: Sum | undefined
    for await (const sum of this.#sums(coin, 'quarter', { startMs, endMs: nowMs })) {
      day = join(sum, day)
    }
    let before: Sum | undefined
    const earlier = { startMs: 0, endMs: Math.max(0, startMs - 1) }
    for await (const sum of this.#sums(coin, 'quarter', earlier, 1)) before = sum
    const previous = before?.close ?? day?.open
    return {
      previousPx: previous === undefined ? undefined : decimalText(previous, DECIMALS),
      baseVolume: decimalText(day?.volume ?? 0n, DECIMALS),
      notionalVolume: decimalText(day?.notional ?? 0n, 2 * DECIMALS),
    }
  }

  /** Newest first. */
  async *#sums(
    coin: string,
    kept: Kept,
    range: TimeRange,
    limit: number = -1,
  ): AsyncGenerator<Sum> {
    const list = candleList(coin, kept)
    const entries = this.#store.entries({ ...timeRangeOf(list, range), reverse: true, limit })
    for await (const [key, value] of entries) yield bytesToSum(value, timeAt(key, list.length))
  }

  #stored(key: Uint8Array, startMs: number): Sum | undefined {
    const stored = this.#store.get(key)
    return stored === undefined ? undefined : bytesToSum(stored, startMs)
  }
}

function candleList(coin: string, kept: Kept): Uint8Array {
  return historyKey(HISTORY_SPACE.candle, coinBytes(coin), Uint8Array.of(KEPT.indexOf(kept)))
}

function candleKey(coin: string, kept: Kept, startMs: number): Uint8Array {
  const list = candleList(coin, kept)
  const key = new Uint8Array(list.length + 8)
  key.set(list)
  key.set(uintToBytes(startMs, 8), list.length)
  return key
}

function timeAt(key: Uint8Array, offset: number): number {
  return Number(new DataView(key.buffer, key.byteOffset + offset, 8).getBigUint64(0))
}

function sumOfTrade({ px, sz }: TradeEvent['trade'], startMs: number): Sum {
  const price = parseDecimal(px, DECIMALS)
  const volume = parseDecimal(sz, DECIMALS)
  return {
    startMs,
    open: price,
    close: price,
    high: price,
    low: price,
    volume,
    notional: price * volume,
    tradeCount: 1,
  }
}

function join(earlier: Sum | undefined, later: Sum): Sum
function join(earlier: Sum, later: Sum | undefined): Sum
function join(earlier: Sum | undefined, later: Sum | undefined): Sum | undefined {
  if (earlier === undefined || later === undefined) return earlier ?? later
  return {
    startMs: earlier.startMs,
    open: earlier.open,
    close: later.close,
    high: maxOf(earlier.high, later.high),
    low: -maxOf(-earlier.low, -later.low),
    volume: earlier.volume + later.volume,
    notional: earlier.notional + later.notional,
    tradeCount: earlier.tradeCount + later.tradeCount,
  }
}

function maxOf(a: bigint, b: bigint): bigint {
  if (a > b) return a
  return b
}

function sumToBytes(sum: Sum): Uint8Array {
  const { open, close, high, low, volume, notional, tradeCount } = sum
  const stored: StoredSum = [
    open.toString(),
    close.toString(),
    high.toString(),
    low.toString(),
    volume.toString(),
    notional.toString(),
    tradeCount,
  ]
  return jsonToBytes(stored)
}

function bytesToSum(bytes: Uint8Array, startMs: number): Sum {
  const [open, close, high, low, volume, notional, tradeCount] = bytesToJson<StoredSum>(bytes)
  return {
    startMs,
    open: BigInt(open),
    close: BigInt(close),
    high: BigInt(high),
    low: BigInt(low),
    volume: BigInt(volume),
    notional: BigInt(notional),
    tradeCount,
  }
}

function candleOf(sum: Sum, interval: CandleInterval): Candle {
  return {
    ...candleSpan(interval, sum.startMs),
    open: decimalText(sum.open, DECIMALS),
    close: decimalText(sum.close, DECIMALS),
    high: decimalText(sum.high, DECIMALS),
    low: decimalText(sum.low, DECIMALS),
    volume: decimalText(sum.volume, DECIMALS),
    tradeCount: sum.tradeCount,
  }
}

/** As the exchange prints: at least one decimal. */
function decimalText(value: bigint, decimals: number): string {
  const text = formatDecimal(value, decimals)
  return text.includes('.') ? text : `${text}.0`
}
