import { assert } from '@openliquid/primitives'
import { NO_ROW, ORDER_IS_BUY, ORDER_SIZE, type OrderArena } from './orderArena.ts'
import type { BookLevel, OrderBook } from './orderBook.ts'

/** The same book as one list that is sorted when asked: too slow to use, too simple to be wrong. */
export class NaiveOrderBook implements OrderBook {
  readonly #arena: OrderArena
  #rows: number[] = []

  constructor(arena: OrderArena) {
    this.#arena = arena
  }

  get size(): number {
    return this.#rows.length
  }

  best(isBuy: boolean): number {
    return this.rows(isBuy)[0] ?? NO_ROW
  }

  bestPx(isBuy: boolean): number {
    const [best] = this.rows(isBuy)
    return best === undefined ? 0 : this.#px(best)
  }

  has(row: number): boolean {
    return this.#rows.includes(row)
  }

  sizeAt(isBuy: boolean, px: number): number {
    return this.levels(isBuy, Number.POSITIVE_INFINITY).find((level) => level.px === px)?.size ?? 0
  }

  hasRoom(isBuy: boolean, px: number, size: number): boolean {
    return Number.isSafeInteger(this.sizeAt(isBuy, px) + size)
  }

  insert(row: number): void {
    assert(!this.has(row), 'an order twice in the book')
    this.#rows.push(row)
  }

  resize(row: number, size: number): void {
    assert(this.has(row), 'an order that is not in the book')
    this.#arena.setDouble(row, ORDER_SIZE, size)
  }

  remove(row: number): void {
    assert(this.has(row), 'an order that is not in the book')
    this.#rows = this.#rows.filter((other) => other !== row)
  }

  levels(isBuy: boolean, countMax: number): BookLevel[] {
    const rows = this.rows(isBuy)
    return [...new Set(rows.map((row) => this.#px(row)))].slice(0, countMax).map((px) => {
      const level = rows.filter((row) => this.#px(row) === px)
      const size = level.reduce((sum, row) => sum + this.#arena.size(row), 0)
      return { px, size, count: level.length }
    })
  }

  rows(isBuy: boolean): number[] {
    const arena = this.#arena
    return this.#rows
      .filter((row) => ((arena.flags(row) & ORDER_IS_BUY) !== 0) === isBuy)
      .sort(
        (a, b) =>
          (isBuy ? this.#px(b) - this.#px(a) : this.#px(a) - this.#px(b)) ||
          arena.oid(a) - arena.oid(b),
      )
  }

  #px(row: number): number {
    return this.#arena.px(row)
  }
}
