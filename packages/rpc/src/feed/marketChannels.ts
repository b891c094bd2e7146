import { type ChainView, candleSpan } from '@openliquid/execution'
import {
  candleToJson,
  contextOf,
  perpContexts,
  perpContextToJson,
  spotContexts,
} from '../info/exchangeJson.ts'
import {
  aggregationOf,
  defaultDexOnly,
  type Fields,
  flagOf,
  intervalOf,
  knownCoinOf,
} from '../info/infoFields.ts'
import type { FeedChannel, StateChannel } from './feedChannel.ts'

/** How often books and contexts are told; docs/spec/hyperliquid.md §10.2. */
export const STATE_INTERVAL_MS = 500

/** Levels a side of the short form of a book. */
const FAST_LEVELS = 5

/** A subscription and what tells equal ones from others. */
export interface ChannelRequest {
  /** Normal form of the fields that count. */
  readonly key: readonly unknown[]
  readonly channel: FeedChannel
  /** Whom it follows, in lower-case hex. */
  readonly user?: string
}

type ChannelMaker = (view: ChainView, fields: Fields) => ChannelRequest

/** Channels about markets, by subscription type. The makers run inside `ChainView.call`. */
export const marketChannels: readonly [string, ChannelMaker][] = [
  ['allMids', allMids],
  ['l2Book', l2Book],
  ['bbo', bbo],
  ['trades', trades],
  ['candle', candle],
  ['activeAssetCtx', activeAssetCtx],
  [
    'assetCtxs',
    contexts('assetCtxs', async (view) => ({ dex: '', ctxs: await perpContextsJson(view) })),
  ],
  [
    'allDexsAssetCtxs',
    contexts('allDexsAssetCtxs', async (view) => ({ ctxs: [['', await perpContextsJson(view)]] })),
  ],
  ['spotAssetCtxs', contexts('spotAssetCtxs', spotContexts)],
]

const always = (): boolean => true

/** How all markets of a kind stand. */
function contexts(type: string, read: (view: ChainView) => Promise<unknown>): ChannelMaker {
  return (_, fields) => {
    defaultDexOnly(fields)
    const channel: StateChannel = {
      kind: 'state',
      intervalMs: STATE_INTERVAL_MS,
      isTouched: always,
      read: async (view) => ({ channel: type, data: await read(view) }),
    }
    return { key: [], channel }
  }
}

async function perpContextsJson(view: ChainView): Promise<readonly unknown[]> {
  return (await perpContexts(view)).map(perpContextToJson)
}

function allMids(_: ChainView, fields: Fields): ChannelRequest {
  defaultDexOnly(fields)
  const channel: StateChannel = {
    kind: 'state',
    intervalMs: 0,
    isTouched: always,
    read: ({ core }) => ({ channel: 'allMids', data: { mids: core.allMids() } }),
  }
  return { key: [], channel }
}

function l2Book(view: ChainView, fields: Fields): ChannelRequest {
  const coin = knownCoinOf(view, fields)
  const aggregation = aggregationOf(fields)
  const isFast = flagOf(fields, 'fast')
  const channel: StateChannel = {
    kind: 'state',
    intervalMs: isFast ? 0 : STATE_INTERVAL_MS,
    isTouched: ({ changedBooks }) => changedBooks.has(coin),
    read: ({ core }) => {
      const book = core.l2Book(coin, aggregation)
      if (book === undefined) return undefined
      const [bids, asks] = book.levels
      const levels = isFast ? [bids.slice(0, FAST_LEVELS), asks.slice(0, FAST_LEVELS)] : book.levels
      return { channel: 'l2Book', data: { coin, time: book.time, levels } }
    },
  }
  return { key: [coin, aggregation?.figures, aggregation?.mantissa, isFast], channel }
}

function bbo(view: ChainView, fields: Fields): ChannelRequest {
  const coin = knownCoinOf(view, fields)
  const channel: StateChannel = {
    kind: 'state',
    intervalMs: 0,
    isTouched: ({ changedBooks }) => changedBooks.has(coin),
    read: ({ core }) => {
      const book = core.l2Book(coin)
      if (book === undefined) return undefined
      const [bids, asks] = book.levels
      const best = [bids[0] ?? null, asks[0] ?? null]
      return { channel: 'bbo', data: { coin, time: book.time, bbo: best } }
    },
  }
  return { key: [coin], channel }
}

function trades(view: ChainView, fields: Fields): ChannelRequest {
  const coin = knownCoinOf(view, fields)
  return {
    key: [coin],
    channel: {
      kind: 'events',
      opening: async () => [],
      after: ({ tradesOf }) => {
        const data = tradesOf.get(coin)?.map(({ trade }) => trade)
        return data === undefined ? [] : [{ channel: 'trades', data }]
      },
    },
  }
}

function candle(view: ChainView, fields: Fields): ChannelRequest {
  const coin = knownCoinOf(view, fields)
  const interval = intervalOf(fields)
  const channel: StateChannel = {
    kind: 'state',
    intervalMs: 0,
    isTouched: ({ tradesOf }) => tradesOf.has(coin),
    read: async ({ core, history }) => {
      const [newest] = await history.candles(coin, interval, candleSpan(interval, core.timestampMs))
      if (newest === undefined) return undefined
      return { channel: 'candle', data: candleToJson(coin, interval, newest) }
    },
  }
  return { key: [coin, interval], channel }
}

function activeAssetCtx(view: ChainView, fields: Fields): ChannelRequest {
  const coin = knownCoinOf(view, fields)
  const channel: StateChannel = {
    kind: 'state',
    intervalMs: STATE_INTERVAL_MS,
    isTouched: always,
    read: async (state) => {
      const context = await contextOf(state, coin)
      if (context === undefined) return undefined
      const name = context.kind === 'perp' ? 'activeAssetCtx' : 'activeSpotAssetCtx'
      return { channel: name, data: { coin, ctx: context.ctx } }
    },
  }
  return { key: [coin], channel }
}
