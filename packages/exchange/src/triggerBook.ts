import { assert } from '@openliquid/primitives'
import type { TriggerOrder } from './orderRecords.ts'

/** What a trigger book knows of what waits in it: a TP/SL order, or a TWAP under its own id. */
export type Armed = Pick<TriggerOrder, 'oid' | 'isBuy' | 'tpsl' | 'triggerPx'>

/** Whether the order fires when the mark rises to its price, or else when it falls; docs/spec/hyperliquid.md §5. */
export function firesAbove({ isBuy, tpsl }: Pick<Armed, 'isBuy' | 'tpsl'>): boolean {
  return isBuy === (tpsl === 'sl')
}

/** Whether a mark price fires the order. */
export function firesAt(order: Omit<Armed, 'oid'>, markPx: number): boolean {
  return firesAbove(order) ? markPx >= order.triggerPx : markPx <= order.triggerPx
}

/** What waits for a price of one asset. Holds no state of its own: it is an index over their table. */
export interface TriggerBook {
  readonly size: number
  insert(order: Armed): void
  remove(order: Armed): void
  /** The orders that a mark price fires, in no particular order. */
  due(markPx: number): Armed[]
  /** What a rising mark fires first, else what a falling one does. */
  first(): Armed | undefined
}

/** Two lists by trigger price: asking costs what fires. */
export class SortedTriggerBook implements TriggerBook {
  /** Both end with what fires first. */
  readonly #rising: Armed[] = []
  readonly #falling: Armed[] = []

  get size(): number {
    return this.#rising.length + this.#falling.length
  }

  insert(order: Armed): void {
    const list = this.#listOf(order)
    list.splice(position(list, order), 0, order)
  }

  remove(order: Armed): void {
    const list = this.#listOf(order)
    const at = position(list, order)
    assert(list[at]?.oid === order.oid, 'a trigger order that is not in its book')
    list.splice(at, 1)
  }

  due(markPx: number): Armed[] {
    const due: Armed[] = []
    for (const list of [this.#rising, this.#falling]) {
      for (let i = list.length - 1; i >= 0; i--) {
        const order = list[i] as Armed
        if (!firesAt(order, markPx)) break
        due.push(order)
      }
    }
    return due
  }

  first(): Armed | undefined {
    return this.#rising.at(-1) ?? this.#falling.at(-1)
  }

  #listOf(order: Armed): Armed[] {
    return firesAbove(order) ? this.#rising : this.#falling
  }
}

/** Says the same by looking at every order: too slow to use, too simple to be wrong. */
export class NaiveTriggerBook implements TriggerBook {
  #orders: readonly Armed[] = []

  get size(): number {
    return this.#orders.length
  }

  insert(order: Armed): void {
    this.#orders = [...this.#orders, order]
  }

  remove({ oid }: Armed): void {
    this.#orders = this.#orders.filter((order) => order.oid !== oid)
  }

  due(markPx: number): Armed[] {
    return this.#orders.filter((order) => firesAt(order, markPx))
  }

  first(): Armed | undefined {
    const rising = this.#orders.filter(firesAbove)
    const falling = this.#orders.filter((order) => !firesAbove(order))
    rising.sort((a, b) => a.triggerPx - b.triggerPx || a.oid - b.oid)
    falling.sort((a, b) => b.triggerPx - a.triggerPx || a.oid - b.oid)
    return rising[0] ?? falling[0]
  }
}

/** First position that does not fire later. */
function position(list: readonly Armed[], order: Armed): number {
  const direction = firesAbove(order) ? 1 : -1
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = list[middle] as Armed
    const distance = (other.triggerPx - order.triggerPx) * direction || other.oid - order.oid
    if (distance > 0) low = middle + 1
    else high = middle
  }
  return low
}
