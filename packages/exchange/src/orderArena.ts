import { grown, grownLength } from './growth.ts'
import type { BuilderFee, Cloid } from './records.ts'
import { RowIndex } from './rowIndex.ts'

/** No row: rows are numbered from 0. */
export const NO_ROW = -1

// Bits of `flags`.
export const ORDER_IS_BUY = 1
export const ORDER_IS_ALO = 2
export const ORDER_IS_REDUCE_ONLY = 4
/** There is something in `extras` for the row. */
export const ORDER_HAS_EXTRAS = 8
/** The entry is in the stored state as of the last block. */
export const ORDER_IS_STORED = 16
/** The entry changed since the last block. */
export const ORDER_IS_CHANGED = 32
/** Out of the book; the row is kept until the running action is over. */
export const ORDER_IS_REMOVED = 64

/** What few orders have. */
export interface OrderRowExtras {
  readonly cloid: Cloid | undefined
  readonly group: number
  readonly builder: BuilderFee | undefined
}

/**
 * Resting orders as rows of columns: prices and sizes are doubles that hold safe integers, links are row numbers.
 *
 * Books and the order table share one arena, so that matching touches no object. Rows that are given back are used again.
 */
export class OrderArena {
  oid: Float64Array = new Float64Array(64)
  /** Handle of the owner. */
  owner: Int32Array = new Int32Array(64)
  asset: Int32Array = new Int32Array(64)
  flags: Uint8Array = new Uint8Array(64)
  /** Ticks. */
  px: Float64Array = new Float64Array(64)
  /** Lots still open. */
  size: Float64Array = new Float64Array(64)
  origSize: Float64Array = new Float64Array(64)
  timestampMs: Float64Array = new Float64Array(64)
  /** Of the book: the level, and the neighbours in its queue. */
  level: Int32Array = new Int32Array(64)
  next: Int32Array = new Int32Array(64)
  previous: Int32Array = new Int32Array(64)
  /** Of the owner's list. A free row is linked through `ownNext`. */
  ownNext: Int32Array = new Int32Array(64)
  ownPrevious: Int32Array = new Int32Array(64)
  readonly extras: Map<number, OrderRowExtras> = new Map()
  readonly #byOid = new RowIndex()
  #rowCount = 0
  #freeRow = NO_ROW
  #used = 0

  /** Orders that are there. */
  get count(): number {
    return this.#used
  }

  /** A row that is not in use. Its columns hold old values: the caller writes them all. */
  take(): number {
    this.#used += 1
    const free = this.#freeRow
    if (free !== NO_ROW) {
      this.#freeRow = this.ownNext[free] as number
      return free
    }
    if (this.#rowCount === this.oid.length) this.#grow()
    const row = this.#rowCount
    this.#rowCount += 1
    return row
  }

  /** Gives a row back. */
  release(row: number): void {
    if (((this.flags[row] as number) & ORDER_HAS_EXTRAS) !== 0) this.extras.delete(row)
    this.flags[row] = 0
    this.ownNext[row] = this.#freeRow
    this.#freeRow = row
    this.#used -= 1
  }

  /** Rows that are there and in their books, in no order that means anything. */
  rows(): number[] {
    const rows: number[] = []
    for (let row = 0; row < this.#rowCount; row++) {
      if (this.find(this.oid[row] as number) === row) rows.push(row)
    }
    return rows
  }

  /** The row of an order id, or -1. */
  find(oid: number): number {
    return this.#byOid.find(this.oid, oid)
  }

  /** Makes a row found by its id. */
  index(row: number): void {
    this.#byOid.add(this.oid, row)
  }

  /** Undoes `index`. */
  unindex(row: number): void {
    this.#byOid.remove(this.oid, row)
  }

  #grow(): void {
    const length = grownLength(this.oid.length)
    this.oid = grown(this.oid, length)
    this.owner = grown(this.owner, length)
    this.asset = grown(this.asset, length)
    this.flags = grown(this.flags, length)
    this.px = grown(this.px, length)
    this.size = grown(this.size, length)
    this.origSize = grown(this.origSize, length)
    this.timestampMs = grown(this.timestampMs, length)
    this.level = grown(this.level, length)
    this.next = grown(this.next, length)
    this.previous = grown(this.previous, length)
    this.ownNext = grown(this.ownNext, length)
    this.ownPrevious = grown(this.ownPrevious, length)
  }
}
