import { ACCOUNT_POSITION_HEAD, type AccountTable } from './accountTable.ts'
import { grown, grownLength } from './growth.ts'
import { NO_ROW } from './orderArena.ts'
import { RowIndex } from './rowIndex.ts'

// Cells of a row: doubles that hold safe integers.
/** Signed lots. */
export const SIZE = 0
/** 1e-6 USDC, as all up to `FUND_SINCE_CHANGE`. */
export const ENTRY_NTL = 1
export const ISOLATED_RAW_USD = 2
export const FUND_ALL_TIME = 3
export const FUND_SINCE_OPEN = 4
export const FUND_SINCE_CHANGE = 5
/** Lots of resting orders that may open. */
export const BUY = 6
export const SELL = 7

/** A row is a cache line: what a match asks of a position comes with one access to memory. */
const ROW_BITS = 3
/** 1,024 rows a page: rows never move, so growing costs no copy. */
const PAGE_BITS = 10
const PAGE_MASK = (1 << PAGE_BITS) - 1

/** Above every perp: a key is the owner's handle times this, plus the perp. */
const PERPS = 16_384

/** Rows of positions by owner and perp, each in the list of its owner. What the cells mean is the caller's. */
export class PositionRows {
  readonly #accounts: AccountTable
  readonly #index = new RowIndex()
  readonly #pages: Float64Array[] = []
  #keys: Float64Array = new Float64Array(64)
  flags: Uint8Array = new Uint8Array(64)
  leverage: Uint8Array = new Uint8Array(64)
  /** The owner's list. A free row is linked through it, too. */
  #next: Int32Array = new Int32Array(64)
  #freeRow = NO_ROW
  #count = 0
  /** The key that was found last, and its row; no key is below 0. */
  #lastKey = -1
  #lastRow = NO_ROW

  constructor(accounts: AccountTable) {
    this.#accounts = accounts
  }

  /** Rows that there ever were: the free ones included. */
  get count(): number {
    return this.#count
  }

  /** The row of a user's handle in a perp, or -1. */
  find(owner: number, perp: number): number {
    if (owner === NO_ROW) return NO_ROW
    const key = owner * PERPS + perp
    // The orders of a batch ask for the same row again and again.
    if (key === this.#lastKey) return this.#lastRow
    const row = this.#index.find(this.#keys, key)
    if (row !== NO_ROW) {
      this.#lastKey = key
      this.#lastRow = row
    }
    return row
  }

  /** The cells that those of a row are among, from `placeOf` on. */
  pageOf(row: number): Float64Array {
    return this.#pages[row >>> PAGE_BITS] as Float64Array
  }

  placeOf(row: number): number {
    return (row & PAGE_MASK) << ROW_BITS
  }

  cell(row: number, cell: number): number {
    return this.pageOf(row)[this.placeOf(row) + cell] as number
  }

  /** What tells a row from all others; a free row has -1. */
  keyOf(row: number): number {
    return this.#keys[row] as number
  }

  ownerOf(row: number): number {
    return Math.floor((this.#keys[row] as number) / PERPS)
  }

  perpOf(row: number): number {
    // The low bits of a double are those of the perp.
    return (this.#keys[row] as number) & (PERPS - 1)
  }

  /** The first row of an owner, or -1. */
  first(owner: number): number {
    return this.#accounts.word(owner, ACCOUNT_POSITION_HEAD)
  }

  /** The row after one in its owner's list, or -1. */
  next(row: number): number {
    return this.#next[row] as number
  }

  /** A new row with zeros in its cells; flags and leverage are the caller's. */
  add(owner: number, perp: number): number {
    const row = this.#take()
    this.#keys[row] = owner * PERPS + perp
    const at = this.placeOf(row)
    this.pageOf(row).fill(0, at, at + (1 << ROW_BITS))
    this.#next[row] = this.first(owner)
    this.#accounts.setWord(owner, ACCOUNT_POSITION_HEAD, row)
    this.#index.add(this.#keys, row)
    return row
  }

  /** Gives a row back. */
  release(row: number): void {
    if (row === this.#lastRow) this.#lastKey = -1
    this.#index.remove(this.#keys, row)
    this.#unlink(this.ownerOf(row), row)
    this.#keys[row] = -1
    this.#next[row] = this.#freeRow
    this.#freeRow = row
  }

  /** Takes a row out of its owner's list, which is as short as an owner has perps. */
  #unlink(owner: number, row: number): void {
    const after = this.#next[row] as number
    let before = this.first(owner)
    if (before === row) {
      this.#accounts.setWord(owner, ACCOUNT_POSITION_HEAD, after)
      return
    }
    while (this.#next[before] !== row) before = this.#next[before] as number
    this.#next[before] = after
  }

  #take(): number {
    const free = this.#freeRow
    if (free !== NO_ROW) {
      this.#freeRow = this.#next[free] as number
      return free
    }
    const row = this.#count
    if (row === this.#keys.length) {
      const length = grownLength(row)
      this.#keys = grown(this.#keys, length)
      this.flags = grown(this.flags, length)
      this.leverage = grown(this.leverage, length)
      this.#next = grown(this.#next, length)
    }
    if ((row & PAGE_MASK) === 0) this.#pages.push(new Float64Array(1 << (PAGE_BITS + ROW_BITS)))
    this.#count += 1
    return row
  }
}
