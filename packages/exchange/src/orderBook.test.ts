import { describe, expect, it } from 'vitest'
import { PX_TICKS_MAX } from './limits.ts'
import { NO_ROW, ORDER_IS_BUY, ORDER_PX, ORDER_SIZE, OrderArena } from './orderArena.ts'
import { LinkedOrderBook, type OrderBook } from './orderBook.ts'
import { NaiveOrderBook } from './orderBookNaive.ts'
import { prng } from './testing/index.ts'

/** An order on one level of detail: what a book looks at. */
interface Shape {
  readonly oid: number
  readonly isBuy: boolean
  readonly px: number
  readonly size: number
}

/** A book with its arena, addressed by order ids. */
class TestBook {
  readonly arena = new OrderArena()
  readonly book: OrderBook

  constructor(create: (arena: OrderArena) => OrderBook) {
    this.book = create(this.arena)
  }

  insert(oid: number, isBuy: boolean, px: number, size: number): void {
    const row = this.arena.take()
    this.arena.setOid(row, oid)
    this.arena.setFlags(row, isBuy ? ORDER_IS_BUY : 0)
    this.arena.setDouble(row, ORDER_PX, px)
    this.arena.setDouble(row, ORDER_SIZE, size)
    this.book.insert(row)
    this.arena.index(row)
  }

  resize(oid: number, size: number): void {
    this.book.resize(this.arena.find(oid), size)
  }

  remove(oid: number): void {
    const row = this.arena.find(oid)
    this.book.remove(row)
    this.arena.unindex(row)
    this.arena.release(row)
  }

  oids(isBuy: boolean): number[] {
    return this.book.rows(isBuy).map((row) => this.arena.oid(row))
  }

  best(isBuy: boolean): Partial<Shape> {
    const row = this.book.best(isBuy)
    if (row === NO_ROW) return { px: this.book.bestPx(isBuy) }
    const [oid, size] = [this.arena.oid(row), this.arena.size(row)]
    return { oid, px: this.book.bestPx(isBuy), size }
  }
}

const linkedBook = (arena: OrderArena): OrderBook => new LinkedOrderBook(arena)
const naiveBook = (arena: OrderArena): OrderBook => new NaiveOrderBook(arena)

describe.each([
  ['linked', linkedBook],
  ['naive', naiveBook],
] as const)('%s order book', (_name, create) => {
  it('has the highest bid and the lowest ask first, and the older order at one price: §5', () => {
    const book = new TestBook(create)
    for (const [oid, px] of [
      [1, 10],
      [2, 12],
      [3, 12],
    ] as const)
      book.insert(oid, true, px, 1)
    for (const [oid, px] of [
      [4, 20],
      [5, 15],
      [6, 15],
    ] as const)
      book.insert(oid, false, px, 1)
    expect(book.oids(true)).toEqual([2, 3, 1])
    expect(book.oids(false)).toEqual([5, 6, 4])
    expect(book.best(true)).toEqual({ oid: 2, px: 12, size: 1 })
    expect(book.best(false)).toEqual({ oid: 5, px: 15, size: 1 })
  })

  it('keeps the place of an order whose size changes', () => {
    const book = new TestBook(create)
    book.insert(1, true, 10, 5)
    book.insert(2, true, 10, 5)
    book.resize(1, 2)
    expect(book.best(true)).toEqual({ oid: 1, px: 10, size: 2 })
    expect(book.book.sizeAt(true, 10)).toBe(7)
  })

  it('puts an order that was taken back where it stood', () => {
    const book = new TestBook(create)
    for (const oid of [1, 2, 3, 4]) book.insert(oid, false, 10, oid)
    for (const oid of [1, 3, 4]) book.remove(oid)
    for (const oid of [4, 3, 1]) book.insert(oid, false, 10, oid)
    expect(book.oids(false)).toEqual([1, 2, 3, 4])
  })

  it('adds levels up and forgets empty ones', () => {
    const book = new TestBook(create)
    book.insert(1, false, 10, 5)
    book.insert(2, false, 10, 6)
    book.insert(3, false, 11, 7)
    expect(book.book.levels(false, 20)).toEqual([
      { px: 10, size: 11, count: 2 },
      { px: 11, size: 7, count: 1 },
    ])
    expect(book.book.levels(false, 1)).toHaveLength(1)
    book.remove(3)
    expect(book.book.levels(false, 20)).toHaveLength(1)
    expect(book.book.sizeAt(false, 11)).toBe(0)
    expect(book.book.levels(true, 20)).toEqual([])
    expect(book.best(true)).toEqual({ px: 0 })
  })

  it('keeps prices apart from 1 tick to the highest', () => {
    const book = new TestBook(create)
    const prices = [
      1,
      2,
      31,
      32,
      33,
      2 ** 25 - 1,
      2 ** 25,
      2 ** 26 + 7,
      PX_TICKS_MAX - 1,
      PX_TICKS_MAX,
    ]
    for (const [i, px] of prices.entries()) book.insert(2 * i + 1, i % 2 === 0, px, 1)
    for (const [i, px] of prices.entries()) book.insert(2 * i + 2, i % 2 !== 0, px, 1)
    const ascending = (isBuy: boolean) => book.book.levels(isBuy, 99).map(({ px }) => px)
    expect(ascending(false)).toEqual(prices)
    expect(ascending(true)).toEqual(prices.toReversed())
    for (const oid of [1, 2, 9, 10, 19, 20]) book.remove(oid)
    expect(ascending(false)).toEqual(prices.filter((_, i) => ![0, 4, 9].includes(i)))
  })

  it('refuses an order twice and an order that is not there', () => {
    const book = new TestBook(create)
    book.insert(1, true, 10, 5)
    const row = book.arena.find(1)
    expect(() => book.book.insert(row)).toThrow('twice')
    book.book.remove(row)
    expect(() => book.book.remove(row)).toThrow('not in the book')
  })
})

it('linked and naive books agree through random histories', () => {
  const next = prng(11)
  const books = [new TestBook(linkedBook), new TestBook(naiveBook)] as const
  const [linked, naive] = books
  const open: number[] = []
  for (let oid = 1; oid <= 1_500; oid++) {
    const spread = next(30) === 0 ? PX_TICKS_MAX : 25
    const fresh: Shape = { oid, isBuy: next(2) === 0, px: 1 + next(spread), size: 1 + next(9) }
    open.push(oid)
    for (const book of books) book.insert(oid, fresh.isBuy, fresh.px, fresh.size)
    while (next(3) === 0 && open.length > 0) {
      const [gone] = open.splice(next(open.length), 1)
      for (const book of books) book.remove(gone!)
    }
    if (open.length > 0 && next(3) === 0) {
      const [changed, size] = [open[next(open.length)]!, 1 + next(9)]
      for (const book of books) book.resize(changed, size)
    }
    if (oid % 10 !== 0) continue
    for (const side of [true, false]) {
      expect(linked.oids(side)).toEqual(naive.oids(side))
      expect(linked.book.levels(side, 5)).toEqual(naive.book.levels(side, 5))
      expect(linked.best(side)).toEqual(naive.best(side))
    }
  }
})
