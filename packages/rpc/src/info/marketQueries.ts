import type { ChainView } from '@openliquid/execution'
import { parseDecimal } from '@openliquid/primitives'
import { candleToJson, perpContexts, perpContextToJson, spotContexts } from './exchangeJson.ts'
import {
  aggregationOf,
  coinOf,
  defaultDexOnly,
  type Fields,
  intervalOf,
  invalid,
  timeRangeOf,
} from './infoFields.ts'
import type { InfoQuery } from './infoQueries.ts'
import { CANDLE_ITEMS, HEAVY, LIGHT, LIST_ITEMS, NORMAL } from './infoWeights.ts'

/** Answers about markets and the exchange as a whole. */
export const marketQueries: readonly [string, InfoQuery][] = [
  ['meta', { weight: NORMAL, answer: ofDefaultDex((view) => view.core.meta()) }],
  ['spotMeta', { weight: NORMAL, answer: (view) => view.core.spotMeta() }],
  [
    'metaAndAssetCtxs',
    {
      weight: NORMAL,
      answer: ofDefaultDex(async (view) => [
        view.core.meta(),
        (await perpContexts(view)).map(perpContextToJson),
      ]),
    },
  ],
  [
    'spotMetaAndAssetCtxs',
    {
      weight: NORMAL,
      answer: async (view) => [view.core.spotMeta(), await spotContexts(view)],
    },
  ],
  ['allMids', { weight: LIGHT, answer: ofDefaultDex((view) => view.core.allMids()) }],
  [
    'l2Book',
    {
      weight: LIGHT,
      answer: (view, fields) => {
        const aggregation = aggregationOf(fields)
        return view.core.l2Book(coinOf(fields), aggregation) ?? null
      },
    },
  ],
  [
    'recentTrades',
    {
      weight: NORMAL,
      itemsPerWeight: LIST_ITEMS,
      answer: async (view, fields) => {
        const trades = await view.history.recentTrades(coinOf(fields))
        return trades.map(({ trade }) => trade)
      },
    },
  ],
  ['candleSnapshot', { weight: NORMAL, itemsPerWeight: CANDLE_ITEMS, answer: candleSnapshot }],
  [
    'fundingHistory',
    {
      weight: NORMAL,
      itemsPerWeight: LIST_ITEMS,
      answer: async (view, fields) => {
        const rates = await view.history.fundingRates(coinOf(fields), timeRangeOf(fields))
        return rates.map(({ coin, fundingRate, premium, time }) => ({
          coin,
          fundingRate,
          premium,
          time,
        }))
      },
    },
  ],
  ['predictedFundings', { weight: NORMAL, answer: predictedFundings }],
  ['marginTable', { weight: NORMAL, answer: marginTable }],
  [
    'exchangeStatus',
    {
      weight: LIGHT,
      answer: (view) => ({ time: view.core.timestampMs, specialStatuses: null }),
    },
  ],
  ['liquidatable', { weight: HEAVY, answer: (view) => view.core.liquidatable() }],
  ['maxMarketOrderNtls', { weight: NORMAL, answer: (view) => view.core.maxMarketOrderNtls() }],
  ['perpsAtOpenInterestCap', { weight: NORMAL, answer: ofDefaultDex(perpsAtCap) }],
  // There is one exchange and no outcome market on this chain: facts, not placeholders.
  ['perpDexs', { weight: NORMAL, answer: () => [null] }],
  ['allPerpMetas', { weight: NORMAL, answer: (view) => [view.core.meta()] }],
  ['outcomeMeta', { weight: NORMAL, answer: () => ({ outcomes: [] }) }],
  // Perps are listed by the genesis file, so their auction has never begun.
  [
    'perpDeployAuctionStatus',
    {
      weight: NORMAL,
      answer: () => ({
        startTimeSeconds: 0,
        durationSeconds: 0,
        startGas: '0.0',
        currentGas: null,
        endGas: null,
      }),
    },
  ],
]

function ofDefaultDex(answer: (view: ChainView) => unknown): InfoQuery['answer'] {
  return (view, fields) => {
    defaultDexOnly(fields)
    return answer(view)
  }
}

async function candleSnapshot(view: ChainView, { req }: Fields): Promise<unknown> {
  if (typeof req !== 'object' || req === null) throw invalid('req is an object')
  const fields = req as Fields
  const [coin, interval] = [coinOf(fields), intervalOf(fields)]
  const candles = await view.history.candles(coin, interval, timeRangeOf(fields))
  return candles.map((candle) => candleToJson(coin, interval, candle))
}

const HOUR_MS = 3_600_000

/** The rate of the running hour, of this exchange alone: it knows no other venue. */
function predictedFundings(view: ChainView): unknown {
  const nextFundingTime = (Math.floor(view.core.timestampMs / HOUR_MS) + 1) * HOUR_MS
  return view.core
    .perpContexts()
    .map(({ coin, funding }) => [coin, [['HlPerp', { fundingRate: funding, nextFundingTime }]]])
}

/** Decimals that prices and sizes fit. */
const DECIMALS = 8

export function perpsAtCap(view: ChainView): readonly string[] {
  const caps = new Map(
    view.chain.genesis.core.perps.map(({ name, openInterestCap }) => [name, openInterestCap]),
  )
  const atCap = view.core.perpContexts().filter(({ coin, openInterest, markPx }) => {
    const cap = caps.get(coin)
    if (cap === undefined) return false
    const notional = parseDecimal(openInterest, DECIMALS) * parseDecimal(markPx, DECIMALS)
    return notional >= parseDecimal(cap, 2 * DECIMALS)
  })
  return atCap.map(({ coin }) => coin)
}

function marginTable(view: ChainView, { id }: Fields): unknown {
  if (typeof id !== 'number') throw invalid('id is a whole number')
  const entry = view.core.meta().marginTables.find(([tableId]) => tableId === id)
  if (entry === undefined) throw invalid('there is no margin table with this id')
  return entry[1]
}
