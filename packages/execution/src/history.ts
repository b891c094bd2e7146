import type {
  ActionReceipt,
  DelegatorRewardEvent,
  DelegatorUpdateEvent,
  ExchangeEvent,
  FillEvent,
  FundingEvent,
  FundingRateEvent,
  LedgerUpdateEvent,
  OrderUpdateEvent,
  TradeEvent,
  TwapUpdateEvent,
} from '@openliquid/exchange'
import {
  type Address,
  bytesToUint,
  concatBytes,
  type Hash,
  type Height,
  hexToBytes,
  type KeyRange,
  type KeyValueStore,
  uintToBytes,
  type Write,
} from '@openliquid/primitives'
import { heightToBytes } from '@openliquid/storage'
import { type AccountValue, AccountValues } from './accountValues.ts'
import { type CoreWriterResult, coreWriterKey, coreWriterWrite } from './coreWriterResult.ts'
import { type CandleInterval, HistoryCandles } from './historyCandles.ts'
import {
  bytesToJson,
  coinList,
  HISTORY_SPACE,
  historyKey,
  jsonToBytes,
  LISTED,
  listedKey,
  type TimeRange,
  timeRangeOf,
  userList,
} from './historyKeys.ts'
import type { Candle, DayTotals, HistoryView, OrderRecord } from './historyView.ts'
import {
  CANDLES_MAX,
  HISTORY_ITEMS_MAX,
  RECENT_TRADES_MAX,
  USER_FILLS_MAX,
  USER_ORDERS_MAX,
} from './limits.ts'

/** Where a transaction ended: its place, from which the receipt is read. */
export type StoredOutcome =
  | { readonly kind: 'action'; readonly height: Height; readonly index: number }
  | { readonly kind: 'evm'; readonly height: Height; readonly evmHash: Hash }

/** What one block leaves for the APIs. */
export interface BlockHistory {
  readonly height: Height
  readonly receipts: readonly ActionReceipt[]
  readonly events: readonly ExchangeEvent[]
  readonly evm: readonly { readonly txId: Hash; readonly evmHash: Hash }[]
  /** What accounts were worth after it. */
  readonly values?: readonly (readonly [user: Address, value: AccountValue])[]
}

/** Receipts and events of executed blocks, and the lists made of them. Nothing here is state: no later block depends on it. */
export class History implements HistoryView {
  readonly #store: KeyValueStore
  readonly #candles: HistoryCandles
  readonly #values: AccountValues

  constructor(store: KeyValueStore) {
    this.#store = store
    this.#candles = new HistoryCandles(store)
    this.#values = new AccountValues(store)
  }

  outcomeOf(txId: Hash): StoredOutcome | undefined {
    const stored = this.#store.get(historyKey(HISTORY_SPACE.outcome, txId))
    if (stored === undefined) return undefined
    const height = bytesToUint(stored.subarray(1, 9))
    return stored[0] === 0
      ? { kind: 'action', height, index: Number(bytesToUint(stored.subarray(9))) }
      : { kind: 'evm', height, evmHash: stored.slice(9) }
  }

  receiptAt(height: Height, index: number): ActionReceipt | undefined {
    const stored = this.#store.get(receiptKey(height, index))
    return stored === undefined ? undefined : bytesToJson<ActionReceipt>(stored)
  }

  /** Events of a block in the order they happened. */
  eventsAt(height: Height): readonly ExchangeEvent[] {
    const stored = this.#store.get(historyKey(HISTORY_SPACE.events, heightToBytes(height)))
    return stored === undefined ? [] : bytesToJson<readonly ExchangeEvent[]>(stored)
  }

  userFills(user: Address, limit: number = USER_FILLS_MAX): Promise<readonly FillEvent[]> {
    return this.#read({ ...wholeOf(userList(user, LISTED.fill)), reverse: true, limit })
  }

  userFillsByTime(
    user: Address,
    range: TimeRange,
    limit: number = USER_FILLS_MAX,
  ): Promise<readonly FillEvent[]> {
    return this.#read({ ...timeRangeOf(userList(user, LISTED.fill), range), limit })
  }

  userFunding(
    user: Address,
    range: TimeRange,
    limit: number = HISTORY_ITEMS_MAX,
  ): Promise<readonly FundingEvent[]> {
    return this.#read({ ...timeRangeOf(userList(user, LISTED.funding), range), limit })
  }

  userLedgerUpdates(
    user: Address,
    range: TimeRange,
    limit: number = HISTORY_ITEMS_MAX,
  ): Promise<readonly LedgerUpdateEvent[]> {
    return this.#read({ ...timeRangeOf(userList(user, LISTED.ledger), range), limit })
  }

  userStakeUpdates(
    user: Address,
    limit: number = HISTORY_ITEMS_MAX,
  ): Promise<readonly DelegatorUpdateEvent[]> {
    return this.#read({ ...wholeOf(userList(user, LISTED.stake)), reverse: true, limit })
  }

  userRewards(
    user: Address,
    limit: number = HISTORY_ITEMS_MAX,
  ): Promise<readonly DelegatorRewardEvent[]> {
    return this.#read({ ...wholeOf(userList(user, LISTED.reward)), reverse: true, limit })
  }

  accountValues(user: Address): Promise<readonly AccountValue[]> {
    return this.#values.of(user)
  }

  userTwaps(user: Address, limit: number = HISTORY_ITEMS_MAX): Promise<readonly TwapUpdateEvent[]> {
    return this.#read({ ...wholeOf(userList(user, LISTED.twap)), reverse: true, limit })
  }

  userTwapFills(user: Address, limit: number = USER_FILLS_MAX): Promise<readonly FillEvent[]> {
    return this.#read({ ...wholeOf(userList(user, LISTED.slice)), reverse: true, limit })
  }

  userTwapFillsByTime(
    user: Address,
    range: TimeRange,
    limit: number = USER_FILLS_MAX,
  ): Promise<readonly FillEvent[]> {
    return this.#read({ ...timeRangeOf(userList(user, LISTED.slice), range), limit })
  }

  userOrders(user: Address, limit: number = USER_ORDERS_MAX): Promise<readonly OrderRecord[]> {
    return this.#read({
      ...wholeOf(historyKey(HISTORY_SPACE.order, user)),
      reverse: true,
      limit,
    })
  }

  orderByOid(user: Address, oid: number): OrderRecord | undefined {
    const stored = this.#store.get(orderKey(user, oid))
    return stored === undefined ? undefined : bytesToJson<OrderRecord>(stored)
  }

  orderByCloid(user: Address, cloid: string): OrderRecord | undefined {
    const oid = this.#store.get(cloidKey(user, cloid))
    return oid === undefined ? undefined : this.orderByOid(user, Number(bytesToUint(oid)))
  }

  recentTrades(coin: string, limit: number = RECENT_TRADES_MAX): Promise<readonly TradeEvent[]> {
    return this.#read({ ...wholeOf(coinList(coin, LISTED.trade)), reverse: true, limit })
  }

  fundingRates(
    coin: string,
    range: TimeRange,
    limit: number = HISTORY_ITEMS_MAX,
  ): Promise<readonly FundingRateEvent[]> {
    return this.#read({ ...timeRangeOf(coinList(coin, LISTED.fundingRate), range), limit })
  }

  candles(
    coin: string,
    interval: CandleInterval,
    range: TimeRange,
    limit: number = CANDLES_MAX,
  ): Promise<readonly Candle[]> {
    return this.#candles.candles(coin, interval, range, limit)
  }

  dayTotals(coin: string, nowMs: number): Promise<DayTotals> {
    return this.#candles.dayTotals(coin, nowMs)
  }

  coreWriterResult(evmTxHash: Hash, logIndex: number): CoreWriterResult | undefined {
    const stored = this.#store.get(coreWriterKey(evmTxHash, logIndex))
    return stored === undefined ? undefined : bytesToJson<CoreWriterResult>(stored)
  }

  /** What a block's batch must hold so that the reads above find it. Comes before the writes of the next block. */
  writesOf({ height, receipts, events, evm, values = [] }: BlockHistory): Write[] {
    const heightBytes = heightToBytes(height)
    const writes: Write[] = []
    for (const [index, receipt] of receipts.entries()) {
      const place = concatBytes(Uint8Array.of(0), heightBytes, uintToBytes(index, 4))
      writes.push([historyKey(HISTORY_SPACE.outcome, receipt.txId), place])
      writes.push([receiptKey(height, index), jsonToBytes(receipt)])
    }
    for (const { txId, evmHash } of evm) {
      const place = concatBytes(Uint8Array.of(1), heightBytes, evmHash)
      writes.push([historyKey(HISTORY_SPACE.outcome, txId), place])
    }
    if (events.length > 0) {
      writes.push([historyKey(HISTORY_SPACE.events, heightBytes), jsonToBytes(events)])
    }
    for (const [index, event] of events.entries()) writes.push(...listingOf(event, height, index))
    const trades = events.filter((event) => event.kind === 'trade')
    writes.push(...this.#candles.writesOf(trades))
    for (const [user, value] of values) writes.push(...this.#values.writesOf(user, value))
    return writes
  }

  async #read<T>(range: KeyRange): Promise<T[]> {
    const items: T[] = []
    for await (const [, value] of this.#store.entries(range)) items.push(bytesToJson<T>(value))
    return items
  }
}

/** Where an event is looked up again, beside its block. */
function listingOf(event: ExchangeEvent, height: Height, index: number): Write[] {
  const listed = (list: Uint8Array, timeMs: number): Write[] => [
    [listedKey(list, { timeMs, height, index }), jsonToBytes(event)],
  ]
  switch (event.kind) {
    case 'fill': {
      const writes = listed(userList(event.user, LISTED.fill), event.fill.time)
      if (event.fill.twapId === null) return writes
      return [...writes, ...listed(userList(event.user, LISTED.slice), event.fill.time)]
    }
    case 'twapUpdate':
      return listed(userList(event.user, LISTED.twap), event.time)
    case 'trade':
      return listed(coinList(event.trade.coin, LISTED.trade), event.trade.time)
    case 'funding':
      return listed(userList(event.user, LISTED.funding), event.time)
    case 'fundingRate':
      return listed(coinList(event.coin, LISTED.fundingRate), event.time)
    case 'ledgerUpdate':
      return listed(userList(event.user, LISTED.ledger), event.time)
    case 'delegatorUpdate':
      return listed(userList(event.user, LISTED.stake), event.time)
    case 'delegatorReward':
      return listed(userList(event.user, LISTED.reward), event.time)
    case 'orderUpdate':
      return orderWrites(event)
    case 'coreWriterDelayed':
    case 'coreWriterExecuted':
    case 'coreWriterRejected':
      return [coreWriterWrite(event, height)]
    default:
      return []
  }
}

/** The newest word on an order takes the place of the one before. */
function orderWrites({ user, order, details, status, statusTimestamp }: OrderUpdateEvent): Write[] {
  const record: OrderRecord = { order, details, status, statusTimestamp }
  const writes: Write[] = [[orderKey(user, order.oid), jsonToBytes(record)]]
  if (order.cloid !== undefined) {
    writes.push([cloidKey(user, order.cloid), uintToBytes(order.oid, 8)])
  }
  return writes
}

function orderKey(user: Address, oid: number): Uint8Array {
  return historyKey(HISTORY_SPACE.order, user, uintToBytes(oid, 8))
}

function cloidKey(user: Address, cloid: string): Uint8Array {
  return historyKey(HISTORY_SPACE.cloid, user, hexToBytes(cloid))
}

function receiptKey(height: Height, index: number): Uint8Array {
  return historyKey(HISTORY_SPACE.receipt, heightToBytes(height), uintToBytes(index, 4))
}

/** Everything with a prefix: what follows it is at most 20 bytes long. */
function wholeOf(prefix: Uint8Array): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  return { gte: prefix, lt: concatBytes(prefix, new Uint8Array(21).fill(0xff)) }
}
