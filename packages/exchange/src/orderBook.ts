import { assert } from '@openliquid/primitives'
import type { Order } from './records.ts'

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
 * A book holds no state of its own: it is an index over the order table.
 */
export interface OrderBook {
  readonly size: number
  /** The order to be hit next on a side. */
  best(isBuy: boolean): Order | undefined
  has(oid: number): boolean
  /** Lots resting at one price. */
  sizeAt(isBuy: boolean, px: number): number
  insert(order: Order): void
  /** Takes the order with a new open size; its place in the queue stays. */
  replace(order: Order): void
  remove(order: Order): void
  /** The best levels of a side, best first. */
  levels(isBuy: boolean, countMax: number): BookLevel[]
  /** Every order of a side in priority. */
  orders(isBuy: boolean): Order[]
}

interface OrderNode {
  order: Order
  readonly level: Level
  previous: OrderNode | undefined
  next: OrderNode | undefined
}

interface Level {
  readonly px: number
  size: number
  count: number
  head: OrderNode | undefined
  tail: OrderNode | undefined
}

interface BookSide {
  readonly byPx: Map<number, Level>
  /** Ascending in priority: the best level is the last, so what changes near the touch moves little. */
  readonly ladder: Level[]
  /** 1 when a higher price has more priority. */
  readonly direction: 1 | -1
}

/** Orders doubly linked in their level, levels in a ladder sorted by price, nodes by oid: cancel is O(1). */
export class LinkedOrderBook implements OrderBook {
  readonly #nodes = new Map<number, OrderNode>()
  readonly #bids: BookSide = { byPx: new Map(), ladder: [], direction: 1 }
  readonly #asks: BookSide = { byPx: new Map(), ladder: [], direction: -1 }

  get size(): number {
    return this.#nodes.size
  }

  best(isBuy: boolean): Order | undefined {
    return this.#side(isBuy).ladder.at(-1)?.head?.order
  }

  has(oid: number): boolean {
    return this.#nodes.has(oid)
  }

  sizeAt(isBuy: boolean, px: number): number {
    return this.#side(isBuy).byPx.get(px)?.size ?? 0
  }

  insert(order: Order): void {
    assert(order.size > 0, 'an order without size in the book')
    assert(!this.#nodes.has(order.oid), 'an order twice in the book')
    const level = this.#levelFor(this.#side(order.isBuy), order.px)
    // New orders have the highest oid; only a loaded or taken back one goes further forward.
    let previous = level.tail
    while (previous !== undefined && previous.order.oid > order.oid) previous = previous.previous
    const next = previous === undefined ? level.head : previous.next
    const node: OrderNode = { order, level, previous, next }
    if (previous === undefined) level.head = node
    else previous.next = node
    if (next === undefined) level.tail = node
    else next.previous = node
    level.size += order.size
    level.count += 1
    this.#nodes.set(order.oid, node)
  }

  replace(order: Order): void {
    const node = this.#node(order.oid)
    assert(order.size > 0, 'an order without size in the book')
    assert(node.level.px === order.px, 'an order that changed its price')
    node.level.size += order.size - node.order.size
    node.order = order
  }

  remove({ oid, isBuy }: Order): void {
    const { level, previous, next, order } = this.#node(oid)
    if (previous === undefined) level.head = next
    else previous.next = next
    if (next === undefined) level.tail = previous
    else next.previous = previous
    level.size -= order.size
    level.count -= 1
    this.#nodes.delete(oid)
    if (level.count === 0) removeLevel(this.#side(isBuy), level)
  }

  levels(isBuy: boolean, countMax: number): BookLevel[] {
    const { ladder } = this.#side(isBuy)
    const levels: BookLevel[] = []
    for (let i = ladder.length - 1; i >= 0 && levels.length < countMax; i--) {
      const { px, size, count } = ladder[i] as Level
      levels.push({ px, size, count })
    }
    return levels
  }

  orders(isBuy: boolean): Order[] {
    const orders: Order[] = []
    for (const { head } of this.#side(isBuy).ladder.toReversed()) {
      for (let node = head; node !== undefined; node = node.next) orders.push(node.order)
    }
    return orders
  }

  #side(isBuy: boolean): BookSide {
    return isBuy ? this.#bids : this.#asks
  }

  #node(oid: number): OrderNode {
    const node = this.#nodes.get(oid)
    assert(node !== undefined, 'an order that is not in the book')
    return node
  }

  #levelFor(side: BookSide, px: number): Level {
    const present = side.byPx.get(px)
    if (present !== undefined) return present
    const level: Level = { px, size: 0, count: 0, head: undefined, tail: undefined }
    side.byPx.set(px, level)
    side.ladder.splice(ladderPosition(side, px), 0, level)
    return level
  }
}

function removeLevel(side: BookSide, level: Level): void {
  assert(level.size === 0, 'an empty level with size')
  const at = ladderPosition(side, level.px)
  assert(side.ladder[at] === level, 'a level that is not in the ladder')
  side.ladder.splice(at, 1)
  side.byPx.delete(level.px)
}

/** First position that has no less priority than the price. */
function ladderPosition({ ladder, direction }: BookSide, px: number): number {
  let low = 0
  let high = ladder.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (((ladder[middle] as Level).px - px) * direction < 0) low = middle + 1
    else high = middle
  }
  return low
}
