import { assert } from '@openliquid/primitives'
import {
  BookLevels,
  LEVEL_COUNT,
  LEVEL_DOUBLES,
  LEVEL_HEAD,
  LEVEL_HIGHER,
  LEVEL_LOWER,
  LEVEL_PX,
  LEVEL_SIZE,
  LEVEL_TAIL,
  LEVEL_WORDS,
} from './bookLevels.ts'
import { exact } from './exactSum.ts'
import {
  doubleAt,
  NO_ROW,
  ORDER_FLAGS,
  ORDER_IS_BUY,
  ORDER_LEVEL,
  ORDER_NEXT,
  ORDER_PREVIOUS,
  ORDER_PX,
  ORDER_SIZE,
  type OrderArena,
  wordAt,
} from './orderArena.ts'
import { PriceIndex } from './priceIndex.ts'

/** Orders of one price, added up. */
export interface BookLevel {
  /** Ticks. */
  readonly px: number
  /** Lots. */
  readonly size: number
  readonly count: number
}

/**
 * Resting orders of one asset in price-time priority; the better price first, then the lower oid.
 *
 * A book holds no state of its own: it is an index over rows of an arena.
 */
export interface OrderBook {
  readonly size: number
  /** The row to be hit next on a side, or -1. */
  best(isBuy: boolean): number
  /** Its price, or 0. */
  bestPx(isBuy: boolean): number
  has(row: number): boolean
  /** Lots resting at one price. */
  sizeAt(isBuy: boolean, px: number): number
  /** Whether the lots at a price stay a safe integer with so many more. */
  hasRoom(isBuy: boolean, px: number, size: number): boolean
  insert(row: number): void
  /** Gives an order a new open size; its place in the queue stays. */
  resize(row: number, size: number): void
  remove(row: number): void
  /** The best levels of a side, best first. */
  levels(isBuy: boolean, countMax: number): BookLevel[]
  /** Every row of a side in priority. */
  rows(isBuy: boolean): number[]
}

/** Orders doubly linked in their level, levels in a trie by price and doubly linked: nothing costs more in a larger book. */
export class LinkedOrderBook implements OrderBook {
  readonly #arena: OrderArena
  readonly #bids: BookSide
  readonly #asks: BookSide
  #size = 0

  constructor(arena: OrderArena) {
    this.#arena = arena
    this.#bids = new BookSide(arena, true)
    this.#asks = new BookSide(arena, false)
  }

  get size(): number {
    return this.#size
  }

  best(isBuy: boolean): number {
    const side = isBuy ? this.#bids : this.#asks
    return side.best === NO_ROW ? NO_ROW : side.levels.word(side.best, LEVEL_HEAD)
  }

  bestPx(isBuy: boolean): number {
    const side = isBuy ? this.#bids : this.#asks
    return side.best === NO_ROW ? 0 : side.levels.double(side.best, LEVEL_PX)
  }

  has(row: number): boolean {
    const side = this.#sideOf(this.#arena.flags(row))
    const level = side.find(this.#arena.px(row))
    if (level === NO_ROW) return false
    return side.rowsOf(level).includes(row)
  }

  sizeAt(isBuy: boolean, px: number): number {
    const side = isBuy ? this.#bids : this.#asks
    const level = side.find(px)
    return level === NO_ROW ? 0 : side.levels.double(level, LEVEL_SIZE)
  }

  hasRoom(isBuy: boolean, px: number, size: number): boolean {
    const side = isBuy ? this.#bids : this.#asks
    // As long as all levels together have room, so has each.
    return (
      Number.isSafeInteger(side.total + size) || Number.isSafeInteger(this.sizeAt(isBuy, px) + size)
    )
  }

  insert(row: number): void {
    const arena = this.#arena
    const { doubles } = arena
    const at = doubleAt(row)
    const size = doubles[at + ORDER_SIZE] as number
    assert(size > 0, 'an order without size in the book')
    const { words } = arena
    const from = wordAt(row)
    const side = this.#sideOf(words[from + ORDER_FLAGS] as number)
    side.insert(row, doubles[at + ORDER_PX] as number, size, words, from)
    this.#size += 1
  }

  resize(row: number, size: number): void {
    const arena = this.#arena
    assert(size > 0, 'an order without size in the book')
    const { words } = arena
    const from = wordAt(row)
    const { doubles } = arena
    const at = doubleAt(row) + ORDER_SIZE
    const change = size - (doubles[at] as number)
    doubles[at] = size
    const side = this.#sideOf(words[from + ORDER_FLAGS] as number)
    side.resize(words[from + ORDER_LEVEL] as number, change)
  }

  remove(row: number): void {
    const arena = this.#arena
    const { words } = arena
    const from = wordAt(row)
    const side = this.#sideOf(words[from + ORDER_FLAGS] as number)
    side.remove(row, arena.size(row), words, from)
    this.#size -= 1
  }

  levels(isBuy: boolean, countMax: number): BookLevel[] {
    const side = isBuy ? this.#bids : this.#asks
    const levels: BookLevel[] = []
    for (let at = side.best; at !== NO_ROW && levels.length < countMax; at = side.worse(at)) {
      levels.push({
        px: side.levels.double(at, LEVEL_PX),
        size: side.levels.double(at, LEVEL_SIZE),
        count: side.levels.word(at, LEVEL_COUNT),
      })
    }
    return levels
  }

  rows(isBuy: boolean): number[] {
    const side = isBuy ? this.#bids : this.#asks
    const rows: number[] = []
    for (let at = side.best; at !== NO_ROW; at = side.worse(at)) rows.push(...side.rowsOf(at))
    return rows
  }

  #sideOf(flags: number): BookSide {
    return (flags & ORDER_IS_BUY) === 0 ? this.#asks : this.#bids
  }
}

/** Prices whose levels are remembered, by their low bits: most orders come to prices that have orders. */
const RECENT_PRICES = 512

/** Levels of one side, in order of price. */
class BookSide {
  readonly levels: BookLevels = new BookLevels()
  readonly #index = new PriceIndex()
  readonly #recent = new Int32Array(RECENT_PRICES)
  readonly #arena: OrderArena
  /** Whether a higher price has more priority. */
  readonly #isBuy: boolean
  /** The best level, or -1. */
  best = NO_ROW
  /** Lots of all levels; NaN from when they were beyond 2^53 until the side is empty. */
  total = 0
  #lowest = NO_ROW
  /** The highest oid that ever came. A double from the start. */
  #newest: number = Number.NEGATIVE_INFINITY

  constructor(arena: OrderArena, isBuy: boolean) {
    this.#arena = arena
    this.#isBuy = isBuy
  }

  /** The level at a price, or -1. */
  find(px: number): number {
    const place = px & (RECENT_PRICES - 1)
    const recent = this.#recent[place] as number
    if (this.levels.isAt(recent, px)) return recent
    const level = this.#index.get(px)
    if (level !== NO_ROW) this.#recent[place] = level
    return level
  }

  worse(level: number): number {
    return this.levels.word(level, this.#isBuy ? LEVEL_LOWER : LEVEL_HIGHER)
  }

  rowsOf(level: number): number[] {
    const rows: number[] = []
    for (
      let row = this.levels.word(level, LEVEL_HEAD);
      row !== NO_ROW;
      row = this.#arena.next(row)
    ) {
      rows.push(row)
    }
    return rows
  }

  /** Puts a row behind the others of its price; its links are the words from `own` on. */
  insert(row: number, price: number, size: number, links: Int32Array, own: number): void {
    const arena = this.#arena
    this.total = exact(this.total + size)
    const known = this.find(price)
    const level = known === NO_ROW ? this.#addLevel(price) : known
    const { doubles, words } = this.levels
    const at = level << LEVEL_WORDS
    // A new order has the highest oid and goes to the end, without a look at who stands there; only a loaded or taken
    // back one goes further forward.
    const oid = arena.oid(row)
    let before = words[at + LEVEL_TAIL] as number
    let after = NO_ROW
    if (oid > this.#newest) this.#newest = oid
    else {
      while (before !== NO_ROW && arena.oid(before) > oid) {
        before = arena.word(before, ORDER_PREVIOUS)
      }
      assert(before === NO_ROW || arena.oid(before) !== oid, 'an order twice in the book')
      after = before === NO_ROW ? (words[at + LEVEL_HEAD] as number) : arena.next(before)
    }
    links[own + ORDER_PREVIOUS] = before
    links[own + ORDER_NEXT] = after
    links[own + ORDER_LEVEL] = level
    if (before === NO_ROW) words[at + LEVEL_HEAD] = row
    else arena.setWord(before, ORDER_NEXT, row)
    if (after === NO_ROW) words[at + LEVEL_TAIL] = row
    else arena.setWord(after, ORDER_PREVIOUS, row)
    words[at + LEVEL_COUNT] = (words[at + LEVEL_COUNT] as number) + 1
    const total = (level << LEVEL_DOUBLES) + LEVEL_SIZE
    doubles[total] = (doubles[total] as number) + size
  }

  /** Follows a change of a row of a level, in lots. */
  resize(level: number, change: number): void {
    const { doubles } = this.levels
    const at = (level << LEVEL_DOUBLES) + LEVEL_SIZE
    doubles[at] = (doubles[at] as number) + change
    this.total = exact(this.total + change)
  }

  remove(row: number, size: number, links: Int32Array, own: number): void {
    const arena = this.#arena
    const level = links[own + ORDER_LEVEL] as number
    const before = links[own + ORDER_PREVIOUS] as number
    const after = links[own + ORDER_NEXT] as number
    const { doubles, words } = this.levels
    const at = level << LEVEL_WORDS
    assert(
      before === NO_ROW ? words[at + LEVEL_HEAD] === row : arena.next(before) === row,
      'an order that is not in the book',
    )
    if (before === NO_ROW) words[at + LEVEL_HEAD] = after
    else arena.setWord(before, ORDER_NEXT, after)
    if (after === NO_ROW) words[at + LEVEL_TAIL] = before
    else arena.setWord(after, ORDER_PREVIOUS, before)
    const count = (words[at + LEVEL_COUNT] as number) - 1
    words[at + LEVEL_COUNT] = count
    const total = (level << LEVEL_DOUBLES) + LEVEL_SIZE
    doubles[total] = (doubles[total] as number) - size
    this.total = exact(this.total - size)
    if (count === 0) this.#removeLevel(level)
  }

  /** Adds an empty level. */
  #addLevel(price: number): number {
    const { levels } = this
    const level = levels.take()
    const lower = this.#index.insert(price, level)
    const higher = lower === NO_ROW ? this.#lowest : levels.word(lower, LEVEL_HIGHER)
    const { doubles, words } = levels
    doubles[(level << LEVEL_DOUBLES) + LEVEL_PX] = price
    doubles[(level << LEVEL_DOUBLES) + LEVEL_SIZE] = 0
    const at = level << LEVEL_WORDS
    words[at + LEVEL_COUNT] = 0
    words[at + LEVEL_HEAD] = NO_ROW
    words[at + LEVEL_TAIL] = NO_ROW
    words[at + LEVEL_LOWER] = lower
    words[at + LEVEL_HIGHER] = higher
    if (lower === NO_ROW) this.#lowest = level
    else levels.setWord(lower, LEVEL_HIGHER, level)
    if (higher !== NO_ROW) levels.setWord(higher, LEVEL_LOWER, level)
    const better = this.#isBuy ? higher : lower
    if (better === NO_ROW) this.best = level
    return level
  }

  #removeLevel(level: number): void {
    const { levels } = this
    assert(levels.double(level, LEVEL_SIZE) === 0, 'an empty level with size')
    this.#index.remove(levels.double(level, LEVEL_PX))
    const lower = levels.word(level, LEVEL_LOWER)
    const higher = levels.word(level, LEVEL_HIGHER)
    if (lower === NO_ROW) this.#lowest = higher
    else levels.setWord(lower, LEVEL_HIGHER, higher)
    if (higher !== NO_ROW) levels.setWord(higher, LEVEL_LOWER, lower)
    if (this.best === level) this.best = this.#isBuy ? lower : higher
    if (this.best === NO_ROW) this.total = 0
    levels.release(level)
  }
}
