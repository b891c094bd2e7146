import { type Address, bytesToHex, type Hash, type OrderWire } from '@openliquid/primitives'
import type { AccountTable } from './accountTable.ts'
import { EventColumns } from './eventColumns.ts'
import { type ExchangeEvent, ORDER_STATUSES, type OrderStatus } from './events.ts'
import type { Market } from './market.ts'
import type { Taker } from './matching.ts'
import {
  doubleAt,
  ORDER_ASSET,
  ORDER_FLAGS,
  ORDER_IS_ALO,
  ORDER_IS_BUY,
  ORDER_IS_REDUCE_ONLY,
  ORDER_ORIG_SIZE,
  ORDER_OWNER,
  ORDER_PX,
  ORDER_SIZE,
  ORDER_TIMESTAMP_MS,
  type OrderArena,
  type OrderRowExtras,
  wordAt,
} from './orderArena.ts'
import {
  bookDiffEvent,
  formatSize,
  ORDER_DETAILS,
  ORDER_KINDS,
  type OrderKind,
  orderUpdateEvent,
  rejectionEvent,
} from './orderEvents.ts'
import type { OrderRejection } from './orderRejection.ts'
import type { NewOrder } from './orderTable.ts'
import type { Cloid } from './records.ts'
import { perpTradeEvents } from './tradeEvents.ts'

/** A record that is an event already. */
const OBJECT = 0
/** What happened to a resting order: see the methods. */
const RESTED = 1
const REMOVED = 2
const RESIZED = 3
const FILLED = 4
/** An order that did not rest came to its end. */
const ENDED = 5
const TRADED = 6
/** An order was refused: the objects are its wire form and why. */
const REFUSED = 7

/** In place of the id of a TWAP. */
const NO_TWAP = -1

const ORDER_CELLS = 12
/** Where the sides of a trade stand in its record: owner, id, size before, profit, fee, whether there is a client id. */
const TAKER = 7
const MAKER = 13
const TRADE_CELLS = 19
const REFUSED_CELLS = 4

/** In the flags of a record, above those of the arena: its client id is the next object. */
const HAS_CLOID = 256

// Statuses and kinds of orders stand in records as their places in the lists of them.
const OPEN = ORDER_STATUSES.indexOf('open')
const IS_FILLED = ORDER_STATUSES.indexOf('filled')

/** A place between two events. */
export interface EventMark {
  readonly cells: number
  readonly objects: number
}

/** What the events are printed from. */
export interface EventSource {
  readonly accounts: AccountTable
  readonly markets: ReadonlyMap<number, Market>
}

/**
 * What the running block did so far. The frequent events are numbers in columns, and become objects when somebody reads
 * them; the others are objects from the start.
 */
export class EventJournal {
  readonly #source: EventSource
  readonly #arena: OrderArena
  readonly #columns = new EventColumns()
  #objects: unknown[] = []
  /** Hashes of the transactions that traded. */
  #causes: (string | Hash)[] = []

  constructor(source: EventSource, arena: OrderArena) {
    this.#source = source
    this.#arena = arena
  }

  mark(): EventMark {
    return { cells: this.#columns.length, objects: this.#objects.length }
  }

  /** Forgets what came after a mark. */
  truncate({ cells, objects }: EventMark): void {
    this.#columns.truncate(cells)
    this.#objects.length = objects
  }

  push(event: ExchangeEvent): void {
    const at = this.#columns.reserve(1)
    this.#columns.cells[at] = OBJECT
    this.#objects.push(event)
  }

  /** An order came into its book. */
  rested(row: number, extras: OrderRowExtras | undefined): void {
    this.#row(RESTED, row, 0, OPEN, extras?.cloid)
  }

  /** An order left its book without a trade. */
  removed(row: number, status: OrderStatus, extras: OrderRowExtras | undefined): void {
    this.#row(REMOVED, row, 0, ORDER_STATUSES.indexOf(status), extras?.cloid)
  }

  /** A trade left so many lots of a resting order; told before the row is changed. */
  resized(row: number, left: number): void {
    this.#row(RESIZED, row, left, OPEN, undefined)
  }

  /** A trade took all of a resting order. */
  filled(row: number, extras: OrderRowExtras | undefined): void {
    this.#row(FILLED, row, 0, IS_FILLED, extras?.cloid)
  }

  /** An order that did not rest came to its end with so many lots left. */
  ended(
    owner: number,
    asset: number,
    order: NewOrder,
    end: { readonly left: number; readonly status: OrderStatus; readonly timestampMs: number },
  ): void {
    const { cloid } = order
    const at = this.#columns.reserve(ORDER_CELLS)
    const { cells } = this.#columns
    cells[at] = ENDED
    cells[at + 1] = owner
    cells[at + 2] = asset
    cells[at + 3] =
      (order.isBuy ? ORDER_IS_BUY : 0) |
      (order.reduceOnly ? ORDER_IS_REDUCE_ONLY : 0) |
      (cloid === undefined ? 0 : HAS_CLOID)
    cells[at + 4] = order.px
    cells[at + 5] = end.left
    cells[at + 6] = order.size
    cells[at + 7] = order.oid
    cells[at + 8] = end.timestampMs
    cells[at + 9] = 0
    cells[at + 10] = ORDER_STATUSES.indexOf(end.status)
    cells[at + 11] = ORDER_KINDS.indexOf(order.kind)
    if (cloid !== undefined) this.#objects.push(cloid)
  }

  /** An order was refused under the id it used up. */
  refused(
    owner: number,
    asset: number,
    oid: number,
    wire: OrderWire,
    rejection: OrderRejection,
  ): void {
    const at = this.#columns.reserve(REFUSED_CELLS)
    const { cells } = this.#columns
    cells[at] = REFUSED
    cells[at + 1] = owner
    cells[at + 2] = asset
    cells[at + 3] = oid
    this.#objects.push(wire, rejection)
  }

  /** Two orders on a perp traded, without builder and without liquidation: what is told of both; then of each side. */
  traded(
    asset: number,
    px: number,
    size: number,
    taker: Pick<Taker, 'isBuy' | 'oid' | 'cloid' | 'twapId'>,
    owner: number,
    cause: string | Hash,
  ): void {
    // The trades of an action have the same cause.
    if (this.#causes[this.#causes.length - 1] !== cause) this.#causes.push(cause)
    const { cloid } = taker
    const at = this.#columns.reserve(TRADE_CELLS)
    const { cells } = this.#columns
    cells[at] = TRADED
    cells[at + 1] = asset
    cells[at + 2] = px
    cells[at + 3] = size
    cells[at + 4] = taker.isBuy ? 1 : 0
    cells[at + 5] = taker.twapId ?? NO_TWAP
    cells[at + 6] = this.#causes.length - 1
    cells[at + TAKER] = owner
    cells[at + TAKER + 1] = taker.oid
    cells[at + TAKER + 5] = cloid === undefined ? 0 : 1
    if (cloid !== undefined) this.#objects.push(cloid)
  }

  /** Lots before the trade; profit and fee in 1e-6 USDC. */
  tradedTaker(startSize: number, closedPnl: number, fee: number): void {
    this.#tradedSide(TAKER, startSize, closedPnl, fee)
  }

  tradedMaker(
    owner: number,
    oid: number,
    cloid: Cloid | undefined,
    startSize: number,
    closedPnl: number,
    fee: number,
  ): void {
    const at = this.#columns.length - TRADE_CELLS + MAKER
    const { cells } = this.#columns
    cells[at] = owner
    cells[at + 1] = oid
    cells[at + 5] = cloid === undefined ? 0 : 1
    this.#tradedSide(MAKER, startSize, closedPnl, fee)
    if (cloid !== undefined) this.#objects.push(cloid)
  }

  #tradedSide(side: number, startSize: number, closedPnl: number, fee: number): void {
    const at = this.#columns.length - TRADE_CELLS + side
    const { cells } = this.#columns
    cells[at + 2] = startSize
    cells[at + 3] = closedPnl
    cells[at + 4] = fee
  }

  /** Hands the events over, and begins anew. */
  take(timestampMs: number): EventRecords {
    const records = new EventRecords(this.#source, {
      cells: this.#columns.take(),
      objects: this.#objects,
      causes: this.#causes,
      timestampMs,
    })
    this.#objects = []
    this.#causes = []
    return records
  }

  #row(kind: number, row: number, left: number, status: number, cloid: Cloid | undefined): void {
    const arena = this.#arena
    const { words } = arena
    const word = wordAt(row)
    const { doubles } = arena
    const double = doubleAt(row)
    const at = this.#columns.reserve(ORDER_CELLS)
    const { cells } = this.#columns
    cells[at] = kind
    cells[at + 1] = words[word + ORDER_OWNER] as number
    cells[at + 2] = words[word + ORDER_ASSET] as number
    cells[at + 3] = (words[word + ORDER_FLAGS] as number) | (cloid === undefined ? 0 : HAS_CLOID)
    cells[at + 4] = doubles[double + ORDER_PX] as number
    cells[at + 5] = doubles[double + ORDER_SIZE] as number
    cells[at + 6] = doubles[double + ORDER_ORIG_SIZE] as number
    cells[at + 7] = arena.oid(row)
    cells[at + 8] = doubles[double + ORDER_TIMESTAMP_MS] as number
    cells[at + 9] = left
    cells[at + 10] = status
    if (cloid !== undefined) this.#objects.push(cloid)
  }
}

/** What a block did, as its journal took it down. */
interface Recorded {
  readonly cells: Float64Array
  readonly objects: readonly unknown[]
  readonly causes: readonly (string | Hash)[]
  readonly timestampMs: number
}

/** The events of a block, in columns until they are read. */
export class EventRecords {
  readonly #source: EventSource
  readonly #recorded: Recorded
  /** The object that the record read next begins with. */
  #object = 0

  constructor(source: EventSource, recorded: Recorded) {
    this.#source = source
    this.#recorded = recorded
  }

  /** Makes the events. */
  read(): ExchangeEvent[] {
    const events: ExchangeEvent[] = []
    const { cells } = this.#recorded
    this.#object = 0
    for (let at = 0; at < cells.length; ) {
      switch (cells[at]) {
        case OBJECT:
          events.push(this.#next() as ExchangeEvent)
          at += 1
          break
        case TRADED:
          this.#readTrade(events, at)
          at += TRADE_CELLS
          break
        case REFUSED:
          events.push(this.#readRefused(at))
          at += REFUSED_CELLS
          break
        default:
          this.#readOrder(events, at)
          at += ORDER_CELLS
      }
    }
    return events
  }

  #next(): unknown {
    this.#object += 1
    return this.#recorded.objects[this.#object - 1]
  }

  #nextCloid(isThere: boolean): Cloid | undefined {
    return isThere ? (this.#next() as Cloid) : undefined
  }

  #readOrder(events: ExchangeEvent[], at: number): void {
    const cell = (i: number): number => this.#recorded.cells[at + i] as number
    const kind = cell(0)
    const user = this.#addressOf(cell(1))
    const market = this.#marketOf(cell(2))
    const flags = cell(3)
    const order = {
      isBuy: (flags & ORDER_IS_BUY) !== 0,
      px: cell(4),
      size: cell(5),
      origSize: cell(6),
      oid: cell(7),
      timestampMs: cell(8),
      timeInForce: (flags & ORDER_IS_ALO) !== 0 ? 'alo' : 'gtc',
      reduceOnly: (flags & ORDER_IS_REDUCE_ONLY) !== 0,
      cloid: this.#nextCloid((flags & HAS_CLOID) !== 0),
    } as const
    if (kind === RESTED) {
      const sz = formatSize(market, order.size)
      events.push(bookDiffEvent(user, market, order, { new: { sz } }))
    } else if (kind === RESIZED) {
      const [origSz, newSz] = [formatSize(market, order.size), formatSize(market, cell(9))]
      events.push(bookDiffEvent(user, market, order, { update: { origSz, newSz } }))
      return
    } else if (kind !== ENDED) {
      events.push(bookDiffEvent(user, market, order, 'remove'))
    }
    const update = {
      status: ORDER_STATUSES[cell(10)] as OrderStatus,
      size: kind === FILLED ? 0 : order.size,
      statusTimestamp: this.#recorded.timestampMs,
      details: kind === ENDED ? ORDER_DETAILS[ORDER_KINDS[cell(11)] as OrderKind] : undefined,
    }
    events.push(orderUpdateEvent(user, market, order, update))
  }

  #readRefused(at: number): ExchangeEvent {
    const cell = (i: number): number => this.#recorded.cells[at + i] as number
    const refused = {
      oid: cell(3),
      wire: this.#next() as OrderWire,
      rejection: this.#next() as OrderRejection,
    }
    return rejectionEvent(
      this.#addressOf(cell(1)),
      this.#marketOf(cell(2)),
      refused,
      this.#recorded.timestampMs,
    )
  }

  #readTrade(events: ExchangeEvent[], at: number): void {
    const { cells, causes, timestampMs } = this.#recorded
    const cell = (i: number): number => cells[at + i] as number
    const takerIsBuy = cell(4) === 1
    const side = (first: number, isBuy: boolean) => ({
      user: this.#source.accounts.userOf(cell(first)),
      address: this.#addressOf(cell(first)),
      oid: cell(first + 1),
      cloid: this.#nextCloid(cell(first + 5) === 1),
      isBuy,
      startSize: cell(first + 2),
      closedPnl: BigInt(cell(first + 3)),
      fee: BigInt(cell(first + 4)),
      builderFee: 0n,
    })
    const taker = side(TAKER, takerIsBuy)
    const maker = side(MAKER, !takerIsBuy)
    const twapId = cell(5) === NO_TWAP ? undefined : cell(5)
    const match = { taker: { ...taker, twapId }, maker, px: cell(2), size: cell(3) }
    const cause = causes[cell(6)] as string | Hash
    const hash = typeof cause === 'string' ? cause : bytesToHex(cause)
    const origin = { time: timestampMs, hash }
    events.push(...perpTradeEvents(this.#marketOf(cell(1)), match, origin))
  }

  #marketOf(asset: number): Market {
    return this.#source.markets.get(asset) as Market
  }

  #addressOf(owner: number): Address {
    return this.#source.accounts.addressOf(owner)
  }
}
