import type {
  DelegatorRewardEvent,
  DelegatorUpdateEvent,
  FillEvent,
  FundingEvent,
  FundingRateEvent,
  LedgerUpdateEvent,
  OrderDetailsJson,
  OrderJson,
  OrderStatus,
  TradeEvent,
  TwapUpdateEvent,
} from '@openliquid/exchange'
import type { Address, Hash } from '@openliquid/primitives'
import type { AccountValue } from './accountValues.ts'
import type { CoreWriterResult } from './coreWriterResult.ts'
import type { CandleInterval } from './historyCandles.ts'
import type { TimeRange } from './historyKeys.ts'

/** An order and what became of it so far. */
export interface OrderRecord {
  readonly order: OrderJson
  readonly details: OrderDetailsJson
  readonly status: OrderStatus
  readonly statusTimestamp: number
}

/** Trades of one market in one interval. Prices and volumes are decimals as the APIs print them. */
export interface Candle {
  readonly startMs: number
  /** The last millisecond that belongs to it. */
  readonly endMs: number
  readonly open: string
  readonly close: string
  readonly high: string
  readonly low: string
  /** In the base. */
  readonly volume: string
  readonly tradeCount: number
}

/** What traded in the 24 hours before a time, to a quarter of an hour. */
export interface DayTotals {
  /** Price of the last trade before; the first one in it when the market is younger. */
  readonly previousPx: string | undefined
  readonly baseVolume: string
  readonly notionalVolume: string
}

/**
 * What the events of executed blocks left for the APIs. Not state: no later block depends on it.
 *
 * Lists in a range of time come oldest first unless the range says otherwise, the others newest first. All are bounded by `limit`.
 */
export interface HistoryView {
  /** What became of an action that a contract sent, by its log. */
  coreWriterResult(evmTxHash: Hash, logIndex: number): CoreWriterResult | undefined
  userFills(user: Address, limit?: number): Promise<readonly FillEvent[]>
  userFillsByTime(user: Address, range: TimeRange, limit?: number): Promise<readonly FillEvent[]>
  userFunding(user: Address, range: TimeRange, limit?: number): Promise<readonly FundingEvent[]>
  userLedgerUpdates(
    user: Address,
    range: TimeRange,
    limit?: number,
  ): Promise<readonly LedgerUpdateEvent[]>
  /** Deposits, delegations and withdrawals of stake, newest first. */
  userStakeUpdates(user: Address, limit?: number): Promise<readonly DelegatorUpdateEvent[]>
  /** Rewards and commissions, newest first. */
  userRewards(user: Address, limit?: number): Promise<readonly DelegatorRewardEvent[]>
  /** What the account was worth: hourly for a week and daily for longer, oldest first. */
  accountValues(user: Address): Promise<readonly AccountValue[]>
  /** How TWAPs began and ended. */
  userTwaps(user: Address, limit?: number): Promise<readonly TwapUpdateEvent[]>
  /** Fills of orders that were slices of a TWAP. */
  userTwapFills(user: Address, limit?: number): Promise<readonly FillEvent[]>
  userTwapFillsByTime(
    user: Address,
    range: TimeRange,
    limit?: number,
  ): Promise<readonly FillEvent[]>
  /** The orders with the highest oids. */
  userOrders(user: Address, limit?: number): Promise<readonly OrderRecord[]>
  orderByOid(user: Address, oid: number): OrderRecord | undefined
  /** The newest order of the user that has this id. */
  orderByCloid(user: Address, cloid: string): OrderRecord | undefined
  recentTrades(coin: string, limit?: number): Promise<readonly TradeEvent[]>
  fundingRates(coin: string, range: TimeRange, limit?: number): Promise<readonly FundingRateEvent[]>
  /** The last candles that begin in the range, oldest first; intervals without trades have none. */
  candles(
    coin: string,
    interval: CandleInterval,
    range: TimeRange,
    limit?: number,
  ): Promise<readonly Candle[]>
  dayTotals(coin: string, nowMs: number): Promise<DayTotals>
}
