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

// A row is a record of 64 bytes, so that what a match asks of an order comes with one or two accesses to memory.
// Places in `doubles`, from `doubleAt` on: doubles that hold safe integers.
/** Ticks. */
export const ORDER_PX = 0
/** Lots still open. */
export const ORDER_SIZE = 1
export const ORDER_ORIG_SIZE = 2
export const ORDER_TIMESTAMP_MS = 3
// Places in `words`, from `wordAt` on: 32 bits each, behind the doubles.
/** Handle of the owner. */
export const ORDER_OWNER = 8
export const ORDER_ASSET = 9
export const ORDER_FLAGS = 10
/** Of the book: the level, and the neighbours in its queue. */
export const ORDER_LEVEL = 11
export const ORDER_NEXT = 12
export const ORDER_PREVIOUS = 13
/** Of the owner's list. A free row is linked through `ORDER_OWN_NEXT`. */
export const ORDER_OWN_NEXT = 14
export const ORDER_OWN_PREVIOUS = 15

/** Doubles of a record. */
const ROW_DOUBLES = 8
const ROWS_FIRST = 64

/**
 * Resting orders as rows: prices and sizes are doubles that hold safe integers, links are row numbers.
 *
 * Books and the order table share one arena, so that matching touches no object. Rows that are given back are used again.
 */
export class OrderArena {
  /** The same memory twice; another one after `take`. */
  doubles: Float64Array = new Float64Array(ROW_DOUBLES * ROWS_FIRST)
  words: Int32Array = new Int32Array(this.doubles.buffer)
  /** A column of its own: the index compares ids without looking at records. */
  #oids: Float64Array = new Float64Array(ROWS_FIRST)
  readonly extras: Map<number, OrderRowExtras> = new Map()
  readonly #byOid = new RowIndex()
  #rowCount = 0
  #freeRow = NO_ROW
  #used = 0

  /** Orders that are there. */
  get count(): number {
    return this.#used
  }

  oid(row: number): number {
    return this.#oids[row] as number
  }

  setOid(row: number, oid: number): void {
    this.#oids[row] = oid
  }

  /** A number of a row, by its place in the record. */
  double(row: number, place: number): number {
    return this.doubles[(row << 3) + place] as number
  }

  setDouble(row: number, place: number, value: number): void {
    this.doubles[(row << 3) + place] = value
  }

  word(row: number, place: number): number {
    return this.words[(row << 4) + place] as number
  }

  setWord(row: number, place: number, value: number): void {
    this.words[(row << 4) + place] = value
  }

  px(row: number): number {
    return this.double(row, ORDER_PX)
  }

  size(row: number): number {
    return this.double(row, ORDER_SIZE)
  }

  owner(row: number): number {
    return this.word(row, ORDER_OWNER)
  }

  asset(row: number): number {
    return this.word(row, ORDER_ASSET)
  }

  flags(row: number): number {
    return this.word(row, ORDER_FLAGS)
  }

  setFlags(row: number, flags: number): void {
    this.setWord(row, ORDER_FLAGS, flags)
  }

  next(row: number): number {
    return this.word(row, ORDER_NEXT)
  }

  ownNext(row: number): number {
    return this.word(row, ORDER_OWN_NEXT)
  }

  /** Takes the memory of so many rows now, and not in the blocks that need them. */
  reserve(rows: number): void {
    if (rows <= this.#oids.length) return
    this.#grow(rows)
    this.doubles.fill(0, ROW_DOUBLES * this.#rowCount)
    this.#oids.fill(0, this.#rowCount)
    this.#byOid.reserve(this.#oids, rows)
  }

  /** A row that is not in use. Its record holds old values: the caller writes them all. */
  take(): number {
    this.#used += 1
    const free = this.#freeRow
    if (free !== NO_ROW) {
      this.#freeRow = this.ownNext(free)
      return free
    }
    const row = this.#rowCount
    this.#rowCount += 1
    if (row === this.#oids.length) this.#grow(grownLength(row))
    return row
  }

  #grow(rows: number): void {
    this.#oids = grown(this.#oids, rows)
    this.doubles = grown(this.doubles, ROW_DOUBLES * rows)
    this.words = new Int32Array(this.doubles.buffer, 0, 2 * this.doubles.length)
  }

  /** Gives a row back. */
  release(row: number): void {
    const { words } = this
    const at = wordAt(row)
    if (((words[at + ORDER_FLAGS] as number) & ORDER_HAS_EXTRAS) !== 0) this.extras.delete(row)
    words[at + ORDER_FLAGS] = 0
    words[at + ORDER_OWN_NEXT] = this.#freeRow
    this.#freeRow = row
    this.#used -= 1
  }

  /** Rows that are there and in their books, in no order that means anything. */
  rows(): number[] {
    const rows: number[] = []
    for (let row = 0; row < this.#rowCount; row++) {
      if (this.find(this.oid(row)) === row) rows.push(row)
    }
    return rows
  }

  /** The row of an order id, or -1. */
  find(oid: number): number {
    return this.#byOid.find(this.#oids, oid)
  }

  /** Makes a row found by its id. */
  index(row: number): void {
    this.#byOid.add(this.#oids, row)
  }

  /** Undoes `index`. */
  unindex(row: number): void {
    this.#byOid.remove(this.#oids, row)
  }
}

// Literals, here and above: with the names of constants these would be too large for the compiler to put them everywhere.
/** Where the doubles of a row begin. */
export function doubleAt(row: number): number {
  return row << 3
}

/** Where its words begin. */
export function wordAt(row: number): number {
  return row << 4
}
