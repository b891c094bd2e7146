import { grown } from './growth.ts'
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
/** Doubles that hold safe integers, by their places in the record. */
const PX = 0
const SIZE = 1
const ORIG_SIZE = 2
const TIMESTAMP_MS = 3
/** Words of 32 bits behind them. */
const OWNER = 8
const ASSET = 9
const FLAGS = 10
const LEVEL = 11
const NEXT = 12
const PREVIOUS = 13
const OWN_NEXT = 14
const OWN_PREVIOUS = 15

/** Doubles and words of a record, as powers of two. */
const DOUBLES_BITS = 3
const WORDS_BITS = 4
/** 512 records a page: rows never move, so growing costs no copy. */
const PAGE_BITS = 9
const PAGE_MASK = (1 << PAGE_BITS) - 1

/**
 * Resting orders as rows: prices and sizes are doubles that hold safe integers, links are row numbers.
 *
 * Books and the order table share one arena, so that matching touches no object. Rows that are given back are used again.
 */
export class OrderArena {
  /** The same memory twice. */
  readonly #doubles: Float64Array[] = []
  readonly #words: Int32Array[] = []
  /** A column of its own: the index compares ids without looking at records. */
  #oids: Float64Array = new Float64Array(64)
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

  /** Ticks. */
  px(row: number): number {
    return this.#doublesOf(row)[doubleAt(row) + PX] as number
  }

  setPx(row: number, value: number): void {
    this.#doublesOf(row)[doubleAt(row) + PX] = value
  }

  /** Lots still open. */
  size(row: number): number {
    return this.#doublesOf(row)[doubleAt(row) + SIZE] as number
  }

  setSize(row: number, value: number): void {
    this.#doublesOf(row)[doubleAt(row) + SIZE] = value
  }

  origSize(row: number): number {
    return this.#doublesOf(row)[doubleAt(row) + ORIG_SIZE] as number
  }

  setOrigSize(row: number, value: number): void {
    this.#doublesOf(row)[doubleAt(row) + ORIG_SIZE] = value
  }

  timestampMs(row: number): number {
    return this.#doublesOf(row)[doubleAt(row) + TIMESTAMP_MS] as number
  }

  setTimestampMs(row: number, value: number): void {
    this.#doublesOf(row)[doubleAt(row) + TIMESTAMP_MS] = value
  }

  /** Handle of the owner. */
  owner(row: number): number {
    return this.#wordsOf(row)[wordAt(row) + OWNER] as number
  }

  setOwner(row: number, value: number): void {
    this.#wordsOf(row)[wordAt(row) + OWNER] = value
  }

  asset(row: number): number {
    return this.#wordsOf(row)[wordAt(row) + ASSET] as number
  }

  setAsset(row: number, value: number): void {
    this.#wordsOf(row)[wordAt(row) + ASSET] = value
  }

  flags(row: number): number {
    return this.#wordsOf(row)[wordAt(row) + FLAGS] as number
  }

  setFlags(row: number, value: number): void {
    this.#wordsOf(row)[wordAt(row) + FLAGS] = value
  }

  /** Of the book: the level, and the neighbours in its queue. */
  level(row: number): number {
    return this.#wordsOf(row)[wordAt(row) + LEVEL] as number
  }

  setLevel(row: number, value: number): void {
    this.#wordsOf(row)[wordAt(row) + LEVEL] = value
  }

  next(row: number): number {
    return this.#wordsOf(row)[wordAt(row) + NEXT] as number
  }

  setNext(row: number, value: number): void {
    this.#wordsOf(row)[wordAt(row) + NEXT] = value
  }

  previous(row: number): number {
    return this.#wordsOf(row)[wordAt(row) + PREVIOUS] as number
  }

  setPrevious(row: number, value: number): void {
    this.#wordsOf(row)[wordAt(row) + PREVIOUS] = value
  }

  /** Of the owner's list. A free row is linked through `ownNext`. */
  ownNext(row: number): number {
    return this.#wordsOf(row)[wordAt(row) + OWN_NEXT] as number
  }

  setOwnNext(row: number, value: number): void {
    this.#wordsOf(row)[wordAt(row) + OWN_NEXT] = value
  }

  ownPrevious(row: number): number {
    return this.#wordsOf(row)[wordAt(row) + OWN_PREVIOUS] as number
  }

  setOwnPrevious(row: number, value: number): void {
    this.#wordsOf(row)[wordAt(row) + OWN_PREVIOUS] = value
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
    if ((row & PAGE_MASK) === 0) {
      const page = new Float64Array(1 << (PAGE_BITS + DOUBLES_BITS))
      this.#doubles.push(page)
      this.#words.push(new Int32Array(page.buffer))
    }
    if (row === this.#oids.length) this.#oids = grown(this.#oids)
    return row
  }

  /** Gives a row back. */
  release(row: number): void {
    if ((this.flags(row) & ORDER_HAS_EXTRAS) !== 0) this.extras.delete(row)
    this.setFlags(row, 0)
    this.setOwnNext(row, this.#freeRow)
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

  #doublesOf(row: number): Float64Array {
    return this.#doubles[row >>> PAGE_BITS] as Float64Array
  }

  #wordsOf(row: number): Int32Array {
    return this.#words[row >>> PAGE_BITS] as Int32Array
  }
}

/** Where the record of a row begins in its page. */
function doubleAt(row: number): number {
  return (row & PAGE_MASK) << DOUBLES_BITS
}

function wordAt(row: number): number {
  return (row & PAGE_MASK) << WORDS_BITS
}
