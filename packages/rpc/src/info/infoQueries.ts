import type { ChainView } from '@openliquid/execution'
import type { Fields } from './infoFields.ts'
import { marketQueries } from './marketQueries.ts'
import { stakingQueries } from './stakingQueries.ts'
import { userQueries } from './userQueries.ts'
import { vaultQueries } from './vaultQueries.ts'

/** One query: what it costs and how it is answered. `answer` runs inside `ChainView.call`. */
export interface InfoQuery {
  readonly weight: number
  /** Of a list: how many items cost one more; docs/spec/hyperliquid.md §8.2. */
  readonly itemsPerWeight?: number
  answer(view: ChainView, fields: Fields): unknown
}

/** The queries of docs/spec/hyperliquid.md §10.1 that this version answers. */
export const INFO_QUERIES: ReadonlyMap<string, InfoQuery> = new Map<string, InfoQuery>([
  ...marketQueries,
  ...userQueries,
  ...stakingQueries,
  ...vaultQueries,
])

/** Queries that exchange clients know and that this version does not answer. */
export const UNSUPPORTED_INFO_TYPES: ReadonlySet<string> = new Set([
  'allBorrowLendReserveStates',
  'borrowLendReserveState',
  'borrowLendUserState',
  'gossipPriorityAuctionStatus',
  'gossipRootIps',
  'outcomeTemplates',
  'perpDexStatus',
  'preTransferCheck',
  'settledOutcome',
  'spotPairDeployAuctionStatus',
  'usdcRouting',
  'userBorrowLendInterest',
])
