import { describe, expect, it } from 'vitest'
import { LinkedOrderBook, type OrderBook } from './orderBook.ts'
import { NaiveOrderBook } from './orderBookNaive.ts'
import type { Order } from './records.ts'
import { prng, testUserHex } from './testing/index.ts'

function order(oid: number, isBuy: boolean, px: number, size: number): Order {
  return {
    oid,
    user: testUserHex(1),
    asset: 0,
    isBuy,
    px,
    size,
    origSize: size,
    timeInForce: 'gtc',
    reduceOnly: false,
    cloid: undefined,
    group: 0,
    builder: undefined,
    timestampMs: 0,
  }
}

const books: readonly (readonly [name: string, create: () => OrderBook])[] = [
  ['linked', () => new LinkedOrderBook()],
  ['naive', () => new NaiveOrderBook()],
]

describe.each(books)('%s order book', (_name, create) => {
  it('has the highest bid and the lowest ask first, and the older order at one price: §5', () => {
    const book = create()
    for (const o of [order(1, true, 10, 1), order(2, true, 12, 1), order(3, true, 12, 1)])
      book.insert(o)
    for (const o of [order(4, false, 20, 1), order(5, false, 15, 1), order(6, false, 15, 1)])
      book.insert(o)
    expect(book.orders(true).map(({ oid }) => oid)).toEqual([2, 3, 1])
    expect(book.orders(false).map(({ oid }) => oid)).toEqual([5, 6, 4])
    expect(book.best(true)?.oid).toBe(2)
    expect(book.best(false)?.oid).toBe(5)
  })

  it('keeps the place of an order whose size changes', () => {
    const book = create()
    book.insert(order(1, true, 10, 5))
    book.insert(order(2, true, 10, 5))
    book.replace(order(1, true, 10, 2))
    expect(book.best(true)).toEqual(order(1, true, 10, 2))
    expect(book.sizeAt(true, 10)).toBe(7)
  })

  it('puts an order that was taken back where it stood', () => {
    const book = create()
    for (const oid of [1, 2, 3, 4]) book.insert(order(oid, false, 10, oid))
    for (const oid of [1, 3, 4]) book.remove(order(oid, false, 10, oid))
    for (const oid of [4, 3, 1]) book.insert(order(oid, false, 10, oid))
    expect(book.orders(false).map(({ oid }) => oid)).toEqual([1, 2, 3, 4])
  })

  it('adds levels up and forgets empty ones', () => {
    const book = create()
    book.insert(order(1, false, 10, 5))
    book.insert(order(2, false, 10, 6))
    book.insert(order(3, false, 11, 7))
    expect(book.levels(false, 20)).toEqual([
      { px: 10, size: 11, count: 2 },
      { px: 11, size: 7, count: 1 },
    ])
    expect(book.levels(false, 1)).toHaveLength(1)
    book.remove(order(3, false, 11, 7))
    expect(book.levels(false, 20)).toHaveLength(1)
    expect(book.sizeAt(false, 11)).toBe(0)
    expect(book.levels(true, 20)).toEqual([])
  })

  it('refuses an order twice and an order that is not there', () => {
    const book = create()
    book.insert(order(1, true, 10, 5))
    expect(() => book.insert(order(1, true, 10, 5))).toThrow('twice')
    expect(() => book.remove(order(2, true, 10, 5))).toThrow('not in the book')
  })
})

it('linked and naive books agree through random histories', () => {
  const next = prng(11)
  const [linked, naive] = [new LinkedOrderBook(), new NaiveOrderBook()]
  const open: Order[] = []
  for (let oid = 1; oid <= 1_500; oid++) {
    const fresh = order(oid, next(2) === 0, 1 + next(25), 1 + next(9))
    open.push(fresh)
    for (const book of [linked, naive]) book.insert(fresh)
    while (next(3) === 0 && open.length > 0) {
      const [gone] = open.splice(next(open.length), 1)
      for (const book of [linked, naive]) book.remove(gone!)
    }
    if (open.length > 0 && next(3) === 0) {
      const at = next(open.length)
      const changed = { ...open[at]!, size: 1 + next(9) }
      open[at] = changed
      for (const book of [linked, naive]) book.replace(changed)
    }
    if (oid % 10 !== 0) continue
    for (const side of [true, false]) {
      expect(linked.orders(side)).toEqual(naive.orders(side))
      expect(linked.levels(side, 5)).toEqual(naive.levels(side, 5))
      expect(linked.best(side)).toEqual(naive.best(side))
    }
  }
})
