import type {
  Candle,
  CandleInterval,
  ChainView,
  FillEvent,
  FrontendOrderJson,
  FundingEvent,
  LedgerUpdateEvent,
  OrderDetailsJson,
  OrderJson,
  OrderRecord,
  TwapUpdateEvent,
} from '@openliquid/execution'
import { formatDecimal, parseDecimal } from '@openliquid/primitives'

// What `/info` answers and `/ws` pushes in the same form; docs/spec/hyperliquid.md §10.

type Fill = FillEvent['fill']

/** Fills as they happened, or those of one order that took several at once as one. */
export function fillsToJson(events: readonly FillEvent[], isAggregated: boolean): readonly Fill[] {
  const fills = events.map(({ fill }) => fill)
  return isAggregated ? aggregateFills(fills) : fills
}

/** Fills of one taker in one block become one at the average price; those of makers stay. */
function aggregateFills(fills: readonly Fill[]): readonly Fill[] {
  const groups = new Map<string, Fill[]>()
  for (const fill of fills) {
    const key = fill.crossed ? `${fill.oid} ${fill.time}` : `${fill.oid} ${fill.tid}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [fill])
    else group.push(fill)
  }
  return [...groups.values()].map(joinFills)
}

/** Decimals that every price, size and amount of a fill fits. */
const DECIMALS = 18

function joinFills(group: readonly Fill[]): Fill {
  const [first] = group as [Fill, ...Fill[]]
  if (group.length === 1) return first
  const size = sumOf(group, 'sz')
  let notional = 0n
  for (const { px, sz } of group) {
    notional += parseDecimal(px, DECIMALS) * parseDecimal(sz, DECIMALS)
  }
  // To 8 decimals, as fine as any tick; half up.
  const unit = 10n ** BigInt(DECIMALS - AVERAGE_DECIMALS)
  const average = (2n * notional + size * unit) / (2n * size * unit)
  return {
    ...first,
    px: decimalText(average, AVERAGE_DECIMALS),
    sz: decimalText(size, DECIMALS),
    closedPnl: decimalText(sumOf(group, 'closedPnl'), DECIMALS),
    fee: decimalText(sumOf(group, 'fee'), DECIMALS),
  }
}

const AVERAGE_DECIMALS = 8

function sumOf(fills: readonly Fill[], name: 'sz' | 'closedPnl' | 'fee'): bigint {
  return fills.reduce((sum, fill) => sum + parseDecimal(fill[name], DECIMALS), 0n)
}

/** As the exchange prints decimals: at least one place. */
export function decimalText(value: bigint, decimals: number): string {
  const text = formatDecimal(value, decimals)
  return text.includes('.') ? text : `${text}.0`
}

/** An order with what `frontendOpenOrders` adds. */
export function frontendOrderToJson(
  order: OrderJson,
  details: OrderDetailsJson,
): FrontendOrderJson {
  const { coin, side, limitPx, sz, oid, timestamp, origSz, cloid, reduceOnly } = order
  return {
    coin,
    side,
    limitPx,
    sz,
    oid,
    timestamp,
    origSz,
    ...details,
    children: [],
    reduceOnly: reduceOnly ?? false,
    cloid: cloid ?? null,
  }
}

/** An order with where it stands, as `historicalOrders` and `orderStatus` print it. */
export function orderRecordToJson(record: OrderRecord): {
  readonly order: FrontendOrderJson
  readonly status: string
  readonly statusTimestamp: number
} {
  const { order, details, status, statusTimestamp } = record
  return { order: frontendOrderToJson(order, details), status, statusTimestamp }
}

export function candleToJson(coin: string, interval: CandleInterval, candle: Candle): unknown {
  return {
    t: candle.startMs,
    T: candle.endMs,
    s: coin,
    i: interval,
    o: candle.open,
    c: candle.close,
    h: candle.high,
    l: candle.low,
    v: candle.volume,
    n: candle.tradeCount,
  }
}

export function fundingToJson({ time, hash, delta }: FundingEvent): unknown {
  return { time, hash, delta }
}

/** Funding as the WebSocket prints it: without the wrapper. */
export function fundingPushToJson({ time, delta }: FundingEvent): unknown {
  const { coin, usdc, szi, fundingRate, nSamples } = delta
  return { time, coin, usdc, szi, fundingRate, nSamples }
}

export function ledgerUpdateToJson({ time, hash, delta }: LedgerUpdateEvent): unknown {
  return { time, hash, delta }
}

export function twapFillToJson({ fill: { twapId, ...fill } }: FillEvent): unknown {
  return { fill, twapId }
}

/** Times of this list are whole seconds. */
export function twapUpdateToJson(update: TwapUpdateEvent): unknown {
  const { twapId, state, status, description, time } = update
  return { time: Math.floor(time / 1_000), state, status: { status, description }, twapId }
}

/** The contexts of all perps, in the order of `meta`. */
export function perpContexts(view: ChainView): Promise<readonly PerpContext[]> {
  const { core } = view
  return Promise.all(core.perpContexts().map((context) => withDay(view, context)))
}

/** The contexts of all pairs, in the order of `spotMeta`. */
export function spotContexts(view: ChainView): Promise<readonly SpotContext[]> {
  return Promise.all(view.core.spotContexts().map((context) => withDay(view, context)))
}

interface DayJson {
  readonly prevDayPx: string
  readonly dayNtlVlm: string
  readonly dayBaseVlm: string
}

type PerpContext = ReturnType<ChainView['core']['perpContexts']>[number] & DayJson
type SpotContext = ReturnType<ChainView['core']['spotContexts']>[number] & DayJson

/** Before the first trade the price of a day ago reads as the mark price: nothing has changed since. */
async function withDay<T extends { readonly coin: string; readonly markPx: string }>(
  view: ChainView,
  context: T,
): Promise<T & DayJson> {
  const day = await view.history.dayTotals(context.coin, view.core.timestampMs)
  return {
    ...context,
    prevDayPx: day.previousPx ?? context.markPx,
    dayNtlVlm: day.notionalVolume,
    dayBaseVlm: day.baseVolume,
  }
}

/** The context of one market, in the form of its kind. */
export async function contextOf(
  view: ChainView,
  coin: string,
): Promise<{ readonly kind: 'perp' | 'spot'; readonly ctx: unknown } | undefined> {
  const perp = view.core.perpContexts().find((context) => context.coin === coin)
  if (perp !== undefined) return { kind: 'perp', ctx: perpContextToJson(await withDay(view, perp)) }
  const spot = view.core.spotContexts().find((context) => context.coin === coin)
  return spot === undefined ? undefined : { kind: 'spot', ctx: await withDay(view, spot) }
}

/** A perp's context has no name of its own: `meta` has it at the same place. */
export function perpContextToJson({ coin: _, ...context }: PerpContext): unknown {
  return context
}
