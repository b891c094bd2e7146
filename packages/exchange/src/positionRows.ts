import { ACCOUNT_POSITION_HEAD, type AccountTable } from './accountTable.ts'
import { grown, grownLength } from './growth.ts'
import { doubleAt, NO_ROW, wordAt } from './orderArena.ts'
import { RowIndex } from './rowIndex.ts'

// A row is a record of 64 bytes, as an order is in `OrderArena`: what a match asks of a position comes with one access to
// memory. Places in `doubles`, from `doubleAt` on: safe integers, or NaN where a double could not hold one.
/** Signed lots. */
export const SIZE = 0
/** 1e-6 USDC, as the other amounts. */
export const ENTRY_NTL = 1
/** Lots of resting orders that may open. */
export const BUY = 2
export const SELL = 3
export const ISOLATED_RAW_USD = 4
export const FUND_ALL_TIME = 5
/** The owner's handle times `PERPS`, plus the perp; -1 of a free row. */
const KEY = 6
// Places in `words`, from `wordAt` on, behind the doubles.
/** Flags, and the leverage above them. */
const STANCE = 14
/** The next in the owner's list. A free row is linked through it, too. */
const NEXT = 15
// Places in `funding`, from `row << 1` on: what a row without funding is not asked for.
export const FUND_SINCE_OPEN = 0
export const FUND_SINCE_CHANGE = 1

/** Doubles of a record, as a power of two. */
const ROW_BITS = 3
const ROWS_FIRST = 64
/** Bits of the flags. */
const FLAG_BITS = 8
const FLAG_MASK = (1 << FLAG_BITS) - 1
/** Above every perp. */
const PERPS = 16_384

/** Rows of positions by owner and perp, each in the list of its owner. What the flags mean is the caller's. */
export class PositionRows {
  readonly #accounts: AccountTable
  readonly #index = new RowIndex(ROW_BITS, KEY)
  /** The same memory twice; another one after `add`. */
  doubles: Float64Array = new Float64Array(doubleAt(ROWS_FIRST))
  words: Int32Array = new Int32Array(this.doubles.buffer)
  /** Another one after `add`. */
  funding: Float64Array = new Float64Array(2 * ROWS_FIRST)
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

  /** Takes the memory of so many rows now, and not in the blocks that need them. */
  reserve(rows: number): void {
    if (doubleAt(rows) <= this.doubles.length) return
    this.#grow(rows)
    if (2 * rows > this.funding.length) this.funding = grown(this.funding, 2 * rows)
    this.doubles.fill(0, doubleAt(this.#count))
    this.funding.fill(0, 2 * this.#count)
    this.#index.reserve(this.doubles, rows)
  }

  /** The row of a user's handle in a perp, or -1. */
  find(owner: number, perp: number): number {
    if (owner === NO_ROW) return NO_ROW
    const key = owner * PERPS + perp
    // The orders of a batch ask for the same row again and again.
    if (key === this.#lastKey) return this.#lastRow
    const row = this.#index.find(this.doubles, key)
    if (row !== NO_ROW) {
      this.#lastKey = key
      this.#lastRow = row
    }
    return row
  }

  /** A number of a row, by its place in the record. */
  double(row: number, place: number): number {
    return this.doubles[doubleAt(row) + place] as number
  }

  flags(row: number): number {
    return (this.words[wordAt(row) + STANCE] as number) & FLAG_MASK
  }

  setFlags(row: number, flags: number): void {
    const at = wordAt(row) + STANCE
    this.words[at] = ((this.words[at] as number) & ~FLAG_MASK) | flags
  }

  leverage(row: number): number {
    return (this.words[wordAt(row) + STANCE] as number) >> FLAG_BITS
  }

  setLeverage(row: number, leverage: number): void {
    this.words[wordAt(row) + STANCE] = (leverage << FLAG_BITS) | this.flags(row)
  }

  /** What tells a row from all others; a free row has -1. */
  keyOf(row: number): number {
    return this.double(row, KEY)
  }

  ownerOf(row: number): number {
    return Math.floor(this.double(row, KEY) / PERPS)
  }

  perpOf(row: number): number {
    // The low bits of a double are those of the perp.
    return this.double(row, KEY) & (PERPS - 1)
  }

  /** The first row of an owner, or -1. */
  first(owner: number): number {
    return this.#accounts.word(owner, ACCOUNT_POSITION_HEAD)
  }

  /** The row after one in its owner's list, or -1. */
  next(row: number): number {
    return this.words[wordAt(row) + NEXT] as number
  }

  /** A new row with zeros in its cells; flags and leverage are the caller's. */
  add(owner: number, perp: number): number {
    const row = this.#take()
    const at = doubleAt(row)
    this.doubles.fill(0, at, at + KEY)
    this.doubles[at + KEY] = owner * PERPS + perp
    this.funding.fill(0, 2 * row, 2 * row + 2)
    this.#setNext(row, this.first(owner))
    this.#accounts.setWord(owner, ACCOUNT_POSITION_HEAD, row)
    this.#index.add(this.doubles, row)
    return row
  }

  /** Gives a row back. */
  release(row: number): void {
    if (row === this.#lastRow) this.#lastKey = -1
    this.#index.remove(this.doubles, row)
    this.#unlink(this.ownerOf(row), row)
    this.doubles[doubleAt(row) + KEY] = -1
    this.#setNext(row, this.#freeRow)
    this.#freeRow = row
  }

  /** Takes a row out of its owner's list, which is as short as an owner has perps. */
  #unlink(owner: number, row: number): void {
    const after = this.next(row)
    let before = this.first(owner)
    if (before === row) {
      this.#accounts.setWord(owner, ACCOUNT_POSITION_HEAD, after)
      return
    }
    while (this.next(before) !== row) before = this.next(before)
    this.#setNext(before, after)
  }

  #setNext(row: number, next: number): void {
    this.words[wordAt(row) + NEXT] = next
  }

  #take(): number {
    const free = this.#freeRow
    if (free !== NO_ROW) {
      this.#freeRow = this.next(free)
      return free
    }
    const row = this.#count
    if (doubleAt(row) === this.doubles.length) this.#grow(grownLength(doubleAt(row)) >>> ROW_BITS)
    if (2 * row === this.funding.length) this.funding = grown(this.funding, 2 * grownLength(row))
    this.#count += 1
    return row
  }

  #grow(rows: number): void {
    this.doubles = grown(this.doubles, doubleAt(rows))
    this.words = new Int32Array(this.doubles.buffer, 0, 2 * this.doubles.length)
  }
}
