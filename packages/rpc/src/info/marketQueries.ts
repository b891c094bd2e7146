import type { ChainView } from '@openliquid/execution'
import { bytesToHex, parseDecimal } from '@openliquid/primitives'
import {
  candleToJson,
  decimalText,
  perpContexts,
  perpContextToJson,
  spotContexts,
} from './exchangeJson.ts'
import {
  aggregationOf,
  coinOf,
  defaultDexOnly,
  type Fields,
  intervalOf,
  invalid,
  knownCoinOf,
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
  // Limits are those of builder dexes; the exchange itself has none of that kind.
  ['perpDexLimits', { weight: NORMAL, answer: ofDefaultDex(() => null) }],
  // Nobody annotates a perp on this chain.
  ['perpCategories', { weight: NORMAL, answer: () => [] }],
  ['perpConciseAnnotations', { weight: NORMAL, answer: () => [] }],
  [
    'perpAnnotation',
    {
      weight: NORMAL,
      answer: (view, fields) => {
        knownCoinOf(view, fields)
        return null
      },
    },
  ],
  ['tokenDetails', { weight: NORMAL, answer: tokenDetails }],
  ['outcomeMeta', { weight: NORMAL, answer: () => ({ outcomes: [], questions: [] }) }],
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
const USDC = 0
const SIMPLE_TABLE_ID_MAX = 49

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

/** A token by its id. Its price is that of its first pair against USDC; when and how it was deployed is not kept. */
async function tokenDetails(view: ChainView, { tokenId }: Fields): Promise<unknown> {
  if (typeof tokenId !== 'string') throw invalid('tokenId is 16 bytes of hex')
  const { tokens, universe } = view.core.spotMeta()
  const token = tokens.find((one) => one.tokenId === tokenId.toLowerCase())
  if (token === undefined) throw invalid('there is no token with this id')
  const { index, name, szDecimals, weiDecimals } = token
  const place = universe.findIndex(({ tokens: [base, quote] }) => base === index && quote === USDC)
  const context = (await spotContexts(view))[place]
  const price = index === USDC ? '1.0' : '0.0'
  const reader = view.core.reader()
  const supply = reader.tokenSupplyOf(index)
  const deployer = reader.tokenInfoOf(index)?.deployer
  const amount = (wei: bigint = 0n): string => decimalText(wei, weiDecimals)
  return {
    name,
    maxSupply: amount(supply?.maxSupply),
    totalSupply: amount(supply?.totalSupply),
    circulatingSupply: amount(supply?.circulatingSupply),
    szDecimals,
    weiDecimals,
    midPx: context?.midPx ?? context?.markPx ?? price,
    markPx: context?.markPx ?? price,
    prevDayPx: context?.prevDayPx ?? price,
    genesis: null,
    deployer: deployer?.some((byte) => byte !== 0) === true ? bytesToHex(deployer) : null,
    deployGas: null,
    deployTime: null,
    seededUsdc: '0.0',
    nonCirculatingUserBalances: (supply?.nonCirculating ?? []).map(({ user, balance }) => [
      bytesToHex(user),
      amount(balance),
    ]),
    futureEmissions: amount(supply?.futureEmissions),
  }
}

function marginTable(view: ChainView, { id }: Fields): unknown {
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) throw invalid('id is a whole number')
  // An id below 50 is a table by itself: that leverage at every size; docs/spec/hyperliquid.md §6.4.
  if (id >= 1 && id <= SIMPLE_TABLE_ID_MAX) {
    return { description: '', marginTiers: [{ lowerBound: '0.0', maxLeverage: id }] }
  }
  const entry = view.core.meta().marginTables.find(([tableId]) => tableId === id)
  if (entry === undefined) throw invalid('there is no margin table with this id')
  return entry[1]
}
