import { assert } from '@openliquid/primitives'
import type { BookLevel, OrderBook } from './orderBook.ts'
import type { Order } from './records.ts'

/** The same book as one list that is sorted when asked: too slow to use, too simple to be wrong. */
export class NaiveOrderBook implements OrderBook {
  #orders: Order[] = []

  get size(): number {
    return this.#orders.length
  }

  best(isBuy: boolean): Order | undefined {
    return this.orders(isBuy)[0]
  }

  has(oid: number): boolean {
    return this.#orders.some((order) => order.oid === oid)
  }

  sizeAt(isBuy: boolean, px: number): number {
    return this.levels(isBuy, Number.POSITIVE_INFINITY).find((level) => level.px === px)?.size ?? 0
  }

  insert(order: Order): void {
    assert(!this.has(order.oid), 'an order twice in the book')
    this.#orders.push(order)
  }

  replace(order: Order): void {
    assert(this.has(order.oid), 'an order that is not in the book')
    this.#orders = this.#orders.map((present) => (present.oid === order.oid ? order : present))
  }

  remove({ oid }: Order): void {
    assert(this.has(oid), 'an order that is not in the book')
    this.#orders = this.#orders.filter((order) => order.oid !== oid)
  }

  levels(isBuy: boolean, countMax: number): BookLevel[] {
    const orders = this.orders(isBuy)
    return [...new Set(orders.map(({ px }) => px))].slice(0, countMax).map((px) => {
      const level = orders.filter((order) => order.px === px)
      return { px, size: level.reduce((sum, { size }) => sum + size, 0), count: level.length }
    })
  }

  orders(isBuy: boolean): Order[] {
    return this.#orders
      .filter((order) => order.isBuy === isBuy)
      .sort((a, b) => (isBuy ? b.px - a.px : a.px - b.px) || a.oid - b.oid)
  }
}
