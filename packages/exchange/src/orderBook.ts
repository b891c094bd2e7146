import { assert } from '@openliquid/primitives'
import { exact } from './exactSum.ts'
import { grown, grownLength } from './growth.ts'
import { NO_ROW, ORDER_IS_BUY, type OrderArena } from './orderArena.ts'
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
    return side.best === NO_ROW ? NO_ROW : (side.head[side.best] as number)
  }

  bestPx(isBuy: boolean): number {
    const side = isBuy ? this.#bids : this.#asks
    return side.best === NO_ROW ? 0 : (side.px[side.best] as number)
  }

  has(row: number): boolean {
    const side = this.#side(row)
    const level = side.index.get(this.#arena.px(row))
    if (level === NO_ROW) return false
    return side.rowsOf(level).includes(row)
  }

  sizeAt(isBuy: boolean, px: number): number {
    const side = isBuy ? this.#bids : this.#asks
    const level = side.index.get(px)
    return level === NO_ROW ? 0 : (side.size[level] as number)
  }

  hasRoom(isBuy: boolean, px: number, size: number): boolean {
    const side = isBuy ? this.#bids : this.#asks
    // As long as all levels together have room, so has each.
    return (
      Number.isSafeInteger(side.total + size) || Number.isSafeInteger(this.sizeAt(isBuy, px) + size)
    )
  }

  insert(row: number): void {
    assert(this.#arena.size(row) > 0, 'an order without size in the book')
    this.#side(row).insert(row)
    this.#size += 1
  }

  resize(row: number, size: number): void {
    const arena = this.#arena
    assert(size > 0, 'an order without size in the book')
    const side = this.#side(row)
    const level = arena.level(row)
    const change = size - arena.size(row)
    side.size[level] = (side.size[level] as number) + change
    side.total = exact(side.total + change)
    arena.setSize(row, size)
  }

  remove(row: number): void {
    this.#side(row).remove(row)
    this.#size -= 1
  }

  levels(isBuy: boolean, countMax: number): BookLevel[] {
    const side = isBuy ? this.#bids : this.#asks
    const levels: BookLevel[] = []
    for (let at = side.best; at !== NO_ROW && levels.length < countMax; at = side.worse(at)) {
      levels.push({
        px: side.px[at] as number,
        size: side.size[at] as number,
        count: side.count[at] as number,
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

  #side(row: number): BookSide {
    return (this.#arena.flags(row) & ORDER_IS_BUY) === 0 ? this.#asks : this.#bids
  }
}

/** Levels of one side as rows of columns. */
class BookSide {
  readonly index: PriceIndex = new PriceIndex()
  readonly #arena: OrderArena
  /** Whether a higher price has more priority. */
  readonly #isBuy: boolean
  /** The best level, or -1. */
  best = NO_ROW
  /** Lots of all levels; NaN from when they were beyond 2^53 until the side is empty. */
  total = 0
  px: Float64Array = new Float64Array(16)
  size: Float64Array = new Float64Array(16)
  count: Int32Array = new Int32Array(16)
  head: Int32Array = new Int32Array(16)
  #tail: Int32Array = new Int32Array(16)
  /** Neighbours by price. A free level is linked through `#higher`. */
  #lower: Int32Array = new Int32Array(16)
  #higher: Int32Array = new Int32Array(16)
  #lowest = NO_ROW
  #levelCount = 0
  #freeLevel = NO_ROW

  constructor(arena: OrderArena, isBuy: boolean) {
    this.#arena = arena
    this.#isBuy = isBuy
  }

  worse(level: number): number {
    return (this.#isBuy ? this.#lower[level] : this.#higher[level]) as number
  }

  rowsOf(level: number): number[] {
    const rows: number[] = []
    for (let row = this.head[level] as number; row !== NO_ROW; row = this.#arena.next(row)) {
      rows.push(row)
    }
    return rows
  }

  insert(row: number): void {
    const arena = this.#arena
    const price = arena.px(row)
    const size = arena.size(row)
    this.total = exact(this.total + size)
    const known = this.index.get(price)
    if (known === NO_ROW) {
      const added = this.#addLevel(price)
      this.size[added] = size
      this.count[added] = 1
      this.head[added] = row
      this.#tail[added] = row
      arena.setNext(row, NO_ROW)
      arena.setPrevious(row, NO_ROW)
      arena.setLevel(row, added)
      return
    }
    // New orders have the highest oid; only a loaded or taken back one goes further forward.
    const oid = arena.oid(row)
    let before = this.#tail[known] as number
    while (before !== NO_ROW && arena.oid(before) > oid) before = arena.previous(before)
    assert(before === NO_ROW || arena.oid(before) !== oid, 'an order twice in the book')
    const after = before === NO_ROW ? (this.head[known] as number) : arena.next(before)
    arena.setPrevious(row, before)
    arena.setNext(row, after)
    arena.setLevel(row, known)
    if (before === NO_ROW) this.head[known] = row
    else arena.setNext(before, row)
    if (after === NO_ROW) this.#tail[known] = row
    else arena.setPrevious(after, row)
    this.size[known] = (this.size[known] as number) + size
    this.count[known] = (this.count[known] as number) + 1
  }

  remove(row: number): void {
    const arena = this.#arena
    const own = arena.level(row)
    const before = arena.previous(row)
    const after = arena.next(row)
    assert(
      before === NO_ROW ? this.head[own] === row : arena.next(before) === row,
      'an order that is not in the book',
    )
    if (before === NO_ROW) this.head[own] = after
    else arena.setNext(before, after)
    if (after === NO_ROW) this.#tail[own] = before
    else arena.setPrevious(after, before)
    const count = (this.count[own] as number) - 1
    this.count[own] = count
    const size = arena.size(row)
    this.total = exact(this.total - size)
    this.size[own] = (this.size[own] as number) - size
    if (count === 0) this.#removeLevel(own)
  }

  #addLevel(price: number): number {
    const level = this.#takeLevel()
    const lower = this.index.insert(price, level)
    const higher = (lower === NO_ROW ? this.#lowest : this.#higher[lower]) as number
    this.px[level] = price
    this.#lower[level] = lower
    this.#higher[level] = higher
    if (lower === NO_ROW) this.#lowest = level
    else this.#higher[lower] = level
    if (higher !== NO_ROW) this.#lower[higher] = level
    const better = this.#isBuy ? higher : lower
    if (better === NO_ROW) this.best = level
    return level
  }

  #removeLevel(level: number): void {
    assert(this.size[level] === 0, 'an empty level with size')
    this.index.remove(this.px[level] as number)
    const lower = this.#lower[level] as number
    const higher = this.#higher[level] as number
    if (lower === NO_ROW) this.#lowest = higher
    else this.#higher[lower] = higher
    if (higher !== NO_ROW) this.#lower[higher] = lower
    if (this.best === level) this.best = this.#isBuy ? lower : higher
    if (this.best === NO_ROW) this.total = 0
    this.head[level] = NO_ROW
    this.#higher[level] = this.#freeLevel
    this.#freeLevel = level
  }

  #takeLevel(): number {
    const free = this.#freeLevel
    if (free !== NO_ROW) {
      this.#freeLevel = this.#higher[free] as number
      return free
    }
    if (this.#levelCount === this.px.length) {
      const length = grownLength(this.px.length)
      this.px = grown(this.px, length)
      this.size = grown(this.size, length)
      this.count = grown(this.count, length)
      this.head = grown(this.head, length)
      this.#tail = grown(this.#tail, length)
      this.#lower = grown(this.#lower, length)
      this.#higher = grown(this.#higher, length)
    }
    const level = this.#levelCount
    this.#levelCount += 1
    return level
  }
}
