import type { ChainView } from '@openliquid/execution'
import { type Address, equalBytes, hexToBytes } from '@openliquid/primitives'
import { RpcError } from '../errors.ts'

type Fields = Readonly<Record<string, unknown>>

/** One query: what it costs and how it is answered. `answer` runs inside `ChainView.call`. */
export interface InfoQuery {
  readonly weight: number
  answer(view: ChainView, fields: Fields): unknown
}

/** Weights of docs/spec/hyperliquid.md §8.2. */
const LIGHT = 2
const NORMAL = 20
const HEAVY = 60

/** Longest coin name that is looked up. */
const COIN_LENGTH_MAX = 64

/** The queries of docs/spec/hyperliquid.md §10.1 that this version answers. */
export const INFO_QUERIES: ReadonlyMap<string, InfoQuery> = new Map<string, InfoQuery>([
  [
    'meta',
    {
      weight: NORMAL,
      answer: (view, fields) => {
        defaultDexOnly(fields)
        return view.core.meta()
      },
    },
  ],
  ['spotMeta', { weight: NORMAL, answer: (view) => view.core.spotMeta() }],
  [
    'allMids',
    {
      weight: LIGHT,
      answer: (view, fields) => {
        defaultDexOnly(fields)
        return view.core.allMids()
      },
    },
  ],
  [
    'l2Book',
    {
      weight: LIGHT,
      answer: (view, fields) => {
        for (const name of ['nSigFigs', 'mantissa']) {
          if (!isAbsent(fields[name])) throw unsupported('l2Book', `${name} is not supported yet`)
        }
        return view.core.l2Book(coinOf(fields)) ?? null
      },
    },
  ],
  [
    'openOrders',
    {
      weight: NORMAL,
      answer: (view, fields) => {
        defaultDexOnly(fields)
        return view.core.openOrders(userOf(fields))
      },
    },
  ],
  [
    'frontendOpenOrders',
    {
      weight: NORMAL,
      answer: (view, fields) => {
        defaultDexOnly(fields)
        return view.core.frontendOpenOrders(userOf(fields))
      },
    },
  ],
  ['orderStatus', { weight: LIGHT, answer: orderStatus }],
  [
    'clearinghouseState',
    {
      weight: LIGHT,
      answer: (view, fields) => {
        defaultDexOnly(fields)
        return view.core.clearinghouseState(userOf(fields))
      },
    },
  ],
  [
    'spotClearinghouseState',
    {
      weight: LIGHT,
      answer: (view, fields) => view.core.spotClearinghouseState(userOf(fields)),
    },
  ],
  ['userFills', { weight: NORMAL, answer: userFills }],
  [
    'userRole',
    {
      weight: HEAVY,
      answer: (view, fields) => ({
        role: view.core.userExists(userOf(fields)) ? 'user' : 'missing',
      }),
    },
  ],
  [
    'exchangeStatus',
    {
      weight: LIGHT,
      answer: (view) => ({ time: view.core.timestampMs, specialStatuses: null }),
    },
  ],
  ['marginTable', { weight: NORMAL, answer: marginTable }],
  // There is one exchange and no outcome market on this chain: facts, not placeholders.
  ['perpDexs', { weight: NORMAL, answer: () => [null] }],
  ['outcomeMeta', { weight: NORMAL, answer: () => ({ outcomes: [] }) }],
  ['perpsAtOpenInterestCap', { weight: NORMAL, answer: () => [] }],
])

/** Queries that exchange clients know and that this version does not answer. */
export const UNSUPPORTED_INFO_TYPES: ReadonlySet<string> = new Set([
  'metaAndAssetCtxs',
  'spotMetaAndAssetCtxs',
  'candleSnapshot',
  'recentTrades',
  'fundingHistory',
  'predictedFundings',
  'historicalOrders',
  'userFillsByTime',
  'userFunding',
  'userNonFundingLedgerUpdates',
  'userRateLimit',
  'userFees',
  'extraAgents',
  'subAccounts',
  'vaultDetails',
  'userVaultEquities',
  'activeAssetData',
  'maxBuilderFee',
  'delegations',
  'delegatorSummary',
  'delegatorHistory',
  'delegatorRewards',
  'validatorSummaries',
  'userAbstraction',
  'userTwapSliceFills',
  'twapHistory',
  'portfolio',
  'referral',
  'liquidatable',
  'leadingVaults',
  'vaultSummaries',
  'maxMarketOrderNtls',
  'spotDeployState',
  'perpDeployAuctionStatus',
  'userToMultiSigSigners',
  'validatorL1Votes',
  'webData2',
])

/** Open orders are state; what became of others is history, which this version does not keep. */
function orderStatus(view: ChainView, fields: Fields): unknown {
  const user = userOf(fields)
  const order = openOrder(view, user, fields['oid'])
  if (order === undefined) {
    throw unsupported('orderStatus', 'only open orders are found: order history is not kept yet')
  }
  return {
    status: 'order',
    order: { order, status: 'open', statusTimestamp: order.timestamp },
  }
}

function openOrder(
  view: ChainView,
  user: Address,
  oid: unknown,
): ReturnType<ChainView['core']['openOrderByCloid']> {
  if (typeof oid === 'string' && /^0x[0-9a-fA-F]{32}$/.test(oid)) {
    return view.core.openOrderByCloid(user, oid.toLowerCase())
  }
  if (typeof oid !== 'number' || !Number.isSafeInteger(oid) || oid < 0) {
    throw invalid('oid is a whole number or 16 bytes of hex')
  }
  const found = view.core.openOrderByOid(oid)
  return found !== undefined && equalBytes(found.user, user) ? found.order : undefined
}

async function userFills(view: ChainView, fields: Fields): Promise<unknown> {
  const aggregate = fields['aggregateByTime']
  if (!isAbsent(aggregate) && aggregate !== false) {
    throw unsupported('userFills', 'aggregateByTime is not supported yet')
  }
  const fills = await view.userFills(userOf(fields))
  return fills.map(({ fill }) => fill)
}

function marginTable(view: ChainView, fields: Fields): unknown {
  const id = fields['id']
  if (typeof id !== 'number') throw invalid('id is a whole number')
  const entry = view.core.meta().marginTables.find(([tableId]) => tableId === id)
  if (entry === undefined) throw invalid('there is no margin table with this id')
  return entry[1]
}

function userOf(fields: Fields): Address {
  const user = fields['user']
  if (typeof user !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(user)) {
    throw invalid('user is an address: 0x and 40 hex digits')
  }
  return hexToBytes(user)
}

function coinOf(fields: Fields): string {
  const coin = fields['coin']
  if (typeof coin !== 'string' || coin.length > COIN_LENGTH_MAX) throw invalid('coin is a name')
  return coin
}

/** The exchange without builder dexes: `dex` is absent or empty. */
function defaultDexOnly(fields: Fields): void {
  const dex = fields['dex']
  if (!isAbsent(dex) && dex !== '') throw invalid('there is no such dex')
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

function invalid(reason: string): RpcError {
  return new RpcError(reason, { code: 'OL_RPC_PARAMS', reason })
}

function unsupported(type: string, reason: string): RpcError {
  return new RpcError(reason, { code: 'OL_RPC_INFO_UNSUPPORTED', type })
}
