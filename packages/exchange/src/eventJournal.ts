import type { Address, OrderWire } from '@openliquid/primitives'
import type { AccountTable } from './accountTable.ts'
import { EventColumns } from './eventColumns.ts'
import type { ExchangeEvent, OrderDetailsJson, OrderStatus } from './events.ts'
import type { Market } from './market.ts'
import type { Taker } from './matching.ts'
import {
  ORDER_IS_ALO,
  ORDER_IS_BUY,
  ORDER_IS_REDUCE_ONLY,
  type OrderArena,
  type OrderRowExtras,
} from './orderArena.ts'
import { bookDiffEvent, formatSize, orderUpdateEvent, rejectionEvent } from './orderEvents.ts'
import type { OrderRejection } from './orderRejection.ts'
import type { Cloid, Order } from './records.ts'
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

const ORDER_CELLS = 10
/** Where the sides of a trade stand in its record: owner, id, size before, profit, fee. */
const TAKER = 6
const MAKER = 11
const TRADE_CELLS = 16
const REFUSED_CELLS = 4

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
    this.#columns.cells[this.#columns.reserve(1)] = OBJECT
    this.#objects.push(event)
  }

  /** An order came into its book. */
  rested(row: number, extras: OrderRowExtras | undefined): void {
    this.#row(RESTED, row, 0, 'open', extras)
  }

  /** An order left its book without a trade. */
  removed(row: number, status: OrderStatus, extras: OrderRowExtras | undefined): void {
    this.#row(REMOVED, row, 0, status, extras)
  }

  /** A trade left so many lots of a resting order; told before the row is changed. */
  resized(row: number, left: number): void {
    this.#row(RESIZED, row, left, 'open', undefined)
  }

  /** A trade took all of a resting order. */
  filled(row: number, extras: OrderRowExtras | undefined): void {
    this.#row(FILLED, row, 0, 'filled', extras)
  }

  /** An order that did not rest came to its end with so many lots left. */
  ended(
    owner: number,
    order: Omit<Order, 'user'>,
    status: OrderStatus,
    details: OrderDetailsJson,
  ): void {
    const flags = (order.isBuy ? ORDER_IS_BUY : 0) | (order.reduceOnly ? ORDER_IS_REDUCE_ONLY : 0)
    const at = this.#columns.reserve(ORDER_CELLS)
    const { cells } = this.#columns
    cells[at] = ENDED
    cells[at + 1] = owner
    cells[at + 2] = order.asset
    cells[at + 3] = flags
    cells[at + 4] = order.px
    cells[at + 5] = order.size
    cells[at + 6] = order.origSize
    cells[at + 7] = order.oid
    cells[at + 8] = order.timestampMs
    cells[at + 9] = 0
    this.#objects.push(status, order.cloid, details)
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
    cause: string,
  ): void {
    const at = this.#columns.reserve(TRADE_CELLS)
    const { cells } = this.#columns
    cells[at] = TRADED
    cells[at + 1] = asset
    cells[at + 2] = px
    cells[at + 3] = size
    cells[at + 4] = taker.isBuy ? 1 : 0
    cells[at + 5] = taker.twapId ?? NO_TWAP
    cells[at + TAKER] = owner
    cells[at + TAKER + 1] = taker.oid
    this.#objects.push(cause, taker.cloid)
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
    this.#columns.cells[at] = owner
    this.#columns.cells[at + 1] = oid
    this.#tradedSide(MAKER, startSize, closedPnl, fee)
    this.#objects.push(cloid)
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
    const cells = this.#columns.take()
    const records = new EventRecords(this.#source, cells, this.#objects, timestampMs)
    this.#objects = []
    return records
  }

  #row(
    kind: number,
    row: number,
    left: number,
    status: OrderStatus,
    extras: OrderRowExtras | undefined,
  ): void {
    const arena = this.#arena
    const at = this.#columns.reserve(ORDER_CELLS)
    const { cells } = this.#columns
    cells[at] = kind
    cells[at + 1] = arena.owner[row] as number
    cells[at + 2] = arena.asset[row] as number
    cells[at + 3] = arena.flags[row] as number
    cells[at + 4] = arena.px[row] as number
    cells[at + 5] = arena.size[row] as number
    cells[at + 6] = arena.origSize[row] as number
    cells[at + 7] = arena.oid[row] as number
    cells[at + 8] = arena.timestampMs[row] as number
    cells[at + 9] = left
    this.#objects.push(status, extras?.cloid, undefined)
  }
}

/** The events of a block, in columns until they are read. */
export class EventRecords {
  readonly #source: EventSource
  readonly #cells: Float64Array
  readonly #objects: readonly unknown[]
  readonly #timestampMs: number

  constructor(
    source: EventSource,
    cells: Float64Array,
    objects: readonly unknown[],
    timestampMs: number,
  ) {
    this.#source = source
    this.#cells = cells
    this.#objects = objects
    this.#timestampMs = timestampMs
  }

  /** Makes the events. */
  read(): ExchangeEvent[] {
    const events: ExchangeEvent[] = []
    let object = 0
    for (let at = 0; at < this.#cells.length; ) {
      switch (this.#cells[at]) {
        case OBJECT:
          events.push(this.#objects[object] as ExchangeEvent)
          at += 1
          object += 1
          break
        case TRADED:
          this.#readTrade(events, at, object)
          at += TRADE_CELLS
          object += 3
          break
        case REFUSED:
          events.push(this.#readRefused(at, object))
          at += REFUSED_CELLS
          object += 2
          break
        default:
          this.#readOrder(events, at, object)
          at += ORDER_CELLS
          object += 3
      }
    }
    return events
  }

  #readOrder(events: ExchangeEvent[], at: number, object: number): void {
    const cell = (i: number): number => this.#cells[at + i] as number
    const kind = cell(0)
    const user = this.#addressOf(cell(1))
    const market = this.#marketOf(cell(2))
    const flags = cell(3)
    const status = this.#objects[object] as OrderStatus
    const order = {
      isBuy: (flags & ORDER_IS_BUY) !== 0,
      px: cell(4),
      size: cell(5),
      origSize: cell(6),
      oid: cell(7),
      timestampMs: cell(8),
      timeInForce: (flags & ORDER_IS_ALO) !== 0 ? 'alo' : 'gtc',
      reduceOnly: (flags & ORDER_IS_REDUCE_ONLY) !== 0,
      cloid: this.#objects[object + 1] as Cloid | undefined,
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
    const details = this.#objects[object + 2] as OrderDetailsJson | undefined
    const size = kind === FILLED ? 0 : order.size
    const statusTimestamp = this.#timestampMs
    events.push(orderUpdateEvent(user, market, order, { status, size, statusTimestamp, details }))
  }

  #readRefused(at: number, object: number): ExchangeEvent {
    const cell = (i: number): number => this.#cells[at + i] as number
    const refused = {
      oid: cell(3),
      wire: this.#objects[object] as OrderWire,
      rejection: this.#objects[object + 1] as OrderRejection,
    }
    return rejectionEvent(
      this.#addressOf(cell(1)),
      this.#marketOf(cell(2)),
      refused,
      this.#timestampMs,
    )
  }

  #readTrade(events: ExchangeEvent[], at: number, object: number): void {
    const cell = (i: number): number => this.#cells[at + i] as number
    const takerIsBuy = cell(4) === 1
    const side = (first: number, isBuy: boolean, cloid: unknown) => ({
      user: this.#source.accounts.userOf(cell(first)),
      address: this.#addressOf(cell(first)),
      oid: cell(first + 1),
      cloid: cloid as Cloid | undefined,
      isBuy,
      startSize: cell(first + 2),
      closedPnl: BigInt(cell(first + 3)),
      fee: BigInt(cell(first + 4)),
      builderFee: 0n,
    })
    const taker = side(TAKER, takerIsBuy, this.#objects[object + 1])
    const maker = side(MAKER, !takerIsBuy, this.#objects[object + 2])
    const twapId = cell(5) === NO_TWAP ? undefined : cell(5)
    const match = { taker: { ...taker, twapId }, maker, px: cell(2), size: cell(3) }
    const origin = { time: this.#timestampMs, hash: this.#objects[object] as string }
    events.push(...perpTradeEvents(this.#marketOf(cell(1)), match, origin))
  }

  #marketOf(asset: number): Market {
    return this.#source.markets.get(asset) as Market
  }

  #addressOf(owner: number): Address {
    return this.#source.accounts.addressOf(owner)
  }
}
