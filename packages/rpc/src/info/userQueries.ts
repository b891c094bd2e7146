import type { ChainView, OrderRecord } from '@openliquid/execution'
import { type Address, bytesToHex, equalBytes } from '@openliquid/primitives'
import {
  fillsToJson,
  fundingToJson,
  ledgerUpdateToJson,
  orderRecordToJson,
  twapFillToJson,
  twapUpdateToJson,
} from './exchangeJson.ts'
import { referral, userFees } from './feeQueries.ts'
import {
  coinOf,
  defaultDexOnly,
  type Fields,
  flagOf,
  invalid,
  timeRangeOf,
  userOf,
} from './infoFields.ts'
import type { InfoQuery } from './infoQueries.ts'
import { HEAVY, LIGHT, LIST_ITEMS, NORMAL } from './infoWeights.ts'
import { portfolio } from './portfolio.ts'
import { webData2 } from './webData.ts'

/** Answers about one user. */
export const userQueries: readonly [string, InfoQuery][] = [
  [
    'clearinghouseState',
    {
      weight: LIGHT,
      answer: ofUser((view, user, fields) => {
        defaultDexOnly(fields)
        return view.core.clearinghouseState(user)
      }),
    },
  ],
  [
    'spotClearinghouseState',
    { weight: LIGHT, answer: ofUser((view, user) => view.core.spotClearinghouseState(user)) },
  ],
  [
    'openOrders',
    {
      weight: NORMAL,
      answer: ofUser((view, user, fields) => {
        defaultDexOnly(fields)
        return view.core.openOrders(user)
      }),
    },
  ],
  [
    'frontendOpenOrders',
    {
      weight: NORMAL,
      answer: ofUser((view, user, fields) => {
        defaultDexOnly(fields)
        return view.core.frontendOpenOrders(user)
      }),
    },
  ],
  ['orderStatus', { weight: LIGHT, answer: ofUser(orderStatus) }],
  listOf('historicalOrders', async (view, user) =>
    (await view.history.userOrders(user)).map(orderRecordToJson),
  ),
  listOf('userFills', async (view, user, fields) => {
    const isAggregated = flagOf(fields, 'aggregateByTime')
    return fillsToJson(await view.history.userFills(user), isAggregated)
  }),
  listOf('userFillsByTime', async (view, user, fields) => {
    const isAggregated = flagOf(fields, 'aggregateByTime')
    const newestFirst = flagOf(fields, 'reversed')
    const range = { ...timeRangeOf(fields), newestFirst }
    return fillsToJson(await view.history.userFillsByTime(user, range), isAggregated)
  }),
  listOf('userFunding', async (view, user, fields) =>
    (await view.history.userFunding(user, timeRangeOf(fields))).map(fundingToJson),
  ),
  listOf('userNonFundingLedgerUpdates', async (view, user, fields) =>
    (await view.history.userLedgerUpdates(user, timeRangeOf(fields))).map(ledgerUpdateToJson),
  ),
  listOf('userTwapSliceFills', async (view, user) =>
    (await view.history.userTwapFills(user)).map(twapFillToJson),
  ),
  listOf('userTwapSliceFillsByTime', async (view, user, fields) =>
    (await view.history.userTwapFillsByTime(user, timeRangeOf(fields))).map(twapFillToJson),
  ),
  listOf('twapHistory', async (view, user) =>
    (await view.history.userTwaps(user)).map(twapUpdateToJson),
  ),
  [
    'userRateLimit',
    { weight: NORMAL, answer: ofUser((view, user) => view.core.userRateLimit(user)) },
  ],
  ['userFees', { weight: NORMAL, answer: ofUser(userFees) }],
  ['userRole', { weight: HEAVY, answer: ofUser((view, user) => view.core.userRole(user)) }],
  [
    'userToMultiSigSigners',
    { weight: NORMAL, answer: ofUser((view, user) => view.core.multiSigSigners(user)) },
  ],
  // There are no unified or portfolio accounts on this chain: a fact, not a placeholder.
  ['userAbstraction', { weight: NORMAL, answer: ofUser(() => 'disabled') }],
  ['userDexAbstraction', { weight: NORMAL, answer: ofUser(() => false) }],
  // Nor terms to accept, nor a programme for large traders.
  ['isVip', { weight: NORMAL, answer: ofUser(() => null) }],
  [
    'legalCheck',
    {
      weight: NORMAL,
      answer: ofUser(() => ({ acceptedTerms: true, userAllowed: true, restrictions: 'n' })),
    },
  ],
  [
    'spotDeployState',
    { weight: NORMAL, answer: ofUser((view, user) => view.core.spotDeployState(user)) },
  ],
  ['portfolio', { weight: NORMAL, answer: ofUser(portfolio) }],
  [
    'webData2',
    { weight: NORMAL, answer: ofUser((view, user) => webData2(view, user, bytesToHex(user))) },
  ],
  ['referral', { weight: NORMAL, answer: ofUser(referral) }],
  ['extraAgents', { weight: NORMAL, answer: ofUser((view, user) => view.core.extraAgents(user)) }],
  ['subAccounts', { weight: NORMAL, answer: ofUser((view, user) => view.core.subAccounts(user)) }],
  ['subAccounts2', { weight: NORMAL, answer: ofUser(subAccountsByDex) }],
  [
    'approvedBuilders',
    { weight: NORMAL, answer: ofUser((view, user) => view.core.approvedBuilders(user)) },
  ],
  [
    'maxBuilderFee',
    {
      weight: NORMAL,
      answer: ofUser((view, user, fields) =>
        view.core.maxBuilderFee(user, userOf(fields, 'builder')),
      ),
    },
  ],
  [
    'activeAssetData',
    {
      weight: NORMAL,
      answer: ofUser((view, user, fields) => {
        const asset = view.core.activeAssetData(user, coinOf(fields))
        if (asset === undefined) throw invalid('there is no such perp')
        return asset
      }),
    },
  ],
]

function ofUser(
  answer: (view: ChainView, user: Address, fields: Fields) => unknown,
): InfoQuery['answer'] {
  return (view, fields) => answer(view, userOf(fields), fields)
}

function listOf(
  type: string,
  answer: (view: ChainView, user: Address, fields: Fields) => Promise<readonly unknown[]>,
): [string, InfoQuery] {
  return [type, { weight: NORMAL, itemsPerWeight: LIST_ITEMS, answer: ofUser(answer) }]
}

/** Sub-accounts with their perp account in each dex, of which there is one. */
function subAccountsByDex(view: ChainView, user: Address): unknown {
  const subAccounts = view.core.subAccounts(user)
  if (subAccounts === null) return null
  return subAccounts.map(({ clearinghouseState, ...rest }) => ({
    ...rest,
    dexToClearinghouseState: [['', clearinghouseState]],
  }))
}

/** Open orders are state, those that ended are history. */
function orderStatus(view: ChainView, user: Address, { oid }: Fields): unknown {
  const open = openOrder(view, user, oid)
  if (open !== undefined) {
    const { timestamp } = open
    return {
      status: 'order',
      order: { order: open, status: 'open', statusTimestamp: timestamp },
    }
  }
  const record = orderRecord(view, user, oid)
  return record === undefined
    ? { status: 'unknownOid' }
    : { status: 'order', order: orderRecordToJson(record) }
}

function openOrder(
  view: ChainView,
  user: Address,
  oid: unknown,
): ReturnType<ChainView['core']['openOrderByCloid']> {
  if (isCloid(oid)) return view.core.openOrderByCloid(user, oid.toLowerCase())
  const found = view.core.openOrderByOid(oidOf(oid))
  return found !== undefined && equalBytes(found.user, user) ? found.order : undefined
}

function orderRecord(view: ChainView, user: Address, oid: unknown): OrderRecord | undefined {
  return isCloid(oid)
    ? view.history.orderByCloid(user, oid.toLowerCase())
    : view.history.orderByOid(user, oidOf(oid))
}

function isCloid(oid: unknown): oid is string {
  return typeof oid === 'string' && /^0x[0-9a-fA-F]{32}$/.test(oid)
}

function oidOf(oid: unknown): number {
  if (typeof oid === 'number' && Number.isSafeInteger(oid) && oid >= 0) return oid
  throw invalid('oid is a whole number or 16 bytes of hex')
}
