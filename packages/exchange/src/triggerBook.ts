import { assert } from '@openliquid/primitives'
import type { TriggerOrder } from './orderRecords.ts'

/** Whether the order fires when the mark rises to its price, or else when it falls; docs/spec/hyperliquid.md §5. */
export function firesAbove({ isBuy, tpsl }: Pick<TriggerOrder, 'isBuy' | 'tpsl'>): boolean {
  return isBuy === (tpsl === 'sl')
}

/** Whether a mark price fires the order. */
export function firesAt(
  order: Pick<TriggerOrder, 'isBuy' | 'tpsl' | 'triggerPx'>,
  markPx: number,
): boolean {
  return firesAbove(order) ? markPx >= order.triggerPx : markPx <= order.triggerPx
}

/** Armed trigger orders of one asset. Holds no state of its own: it is an index over their table. */
export interface TriggerBook {
  readonly size: number
  insert(order: TriggerOrder): void
  remove(order: TriggerOrder): void
  /** The orders that a mark price fires, in no particular order. */
  due(markPx: number): TriggerOrder[]
}

/** Two lists by trigger price: asking costs what fires. */
export class SortedTriggerBook implements TriggerBook {
  /** Both end with what fires first. */
  readonly #rising: TriggerOrder[] = []
  readonly #falling: TriggerOrder[] = []

  get size(): number {
    return this.#rising.length + this.#falling.length
  }

  insert(order: TriggerOrder): void {
    const list = this.#listOf(order)
    list.splice(position(list, order), 0, order)
  }

  remove(order: TriggerOrder): void {
    const list = this.#listOf(order)
    const at = position(list, order)
    assert(list[at]?.oid === order.oid, 'a trigger order that is not in its book')
    list.splice(at, 1)
  }

  due(markPx: number): TriggerOrder[] {
    const due: TriggerOrder[] = []
    for (const list of [this.#rising, this.#falling]) {
      for (let i = list.length - 1; i >= 0; i--) {
        const order = list[i] as TriggerOrder
        if (!firesAt(order, markPx)) break
        due.push(order)
      }
    }
    return due
  }

  #listOf(order: TriggerOrder): TriggerOrder[] {
    return firesAbove(order) ? this.#rising : this.#falling
  }
}

/** Says the same by looking at every order: too slow to use, too simple to be wrong. */
export class NaiveTriggerBook implements TriggerBook {
  #orders: readonly TriggerOrder[] = []

  get size(): number {
    return this.#orders.length
  }

  insert(order: TriggerOrder): void {
    this.#orders = [...this.#orders, order]
  }

  remove({ oid }: TriggerOrder): void {
    this.#orders = this.#orders.filter((order) => order.oid !== oid)
  }

  due(markPx: number): TriggerOrder[] {
    return this.#orders.filter((order) => firesAt(order, markPx))
  }
}

/** First position that does not fire later. */
function position(list: readonly TriggerOrder[], order: TriggerOrder): number {
  const direction = firesAbove(order) ? 1 : -1
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = list[middle] as TriggerOrder
    const distance = (other.triggerPx - order.triggerPx) * direction || other.oid - order.oid
    if (distance > 0) low = middle + 1
    else high = middle
  }
  return low
}
