import { assert } from '@openliquid/primitives'

interface Due<K> {
  readonly dueMs: number
  readonly key: K
}

/**
 * Keys by the block time at which they are due, earliest first, then by key.
 *
 * Derived from a table by its hook, so adding and removing are exact and repeatable. Finding a place is O(log n);
 * making room moves what is due earlier.
 */
export class DueQueue<K extends string | number> {
  /** Descending, so that what is due next is the last. */
  readonly #entries: Due<K>[] = []

  get size(): number {
    return this.#entries.length
  }

  /** The key that is due first, if its time has come. */
  next(timestampMs: number): K | undefined {
    const last = this.#entries.at(-1)
    return last === undefined || last.dueMs > timestampMs ? undefined : last.key
  }

  add(dueMs: number, key: K): void {
    this.#entries.splice(this.#position(dueMs, key), 0, { dueMs, key })
  }

  remove(dueMs: number, key: K): void {
    const at = this.#position(dueMs, key)
    const entry = this.#entries[at]
    assert(entry?.dueMs === dueMs && entry.key === key, 'a key that is not in the queue')
    this.#entries.splice(at, 1)
  }

  /** First position that is not due later. */
  #position(dueMs: number, key: K): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const entry = this.#entries[middle] as Due<K>
      if (entry.dueMs > dueMs || (entry.dueMs === dueMs && entry.key > key)) low = middle + 1
      else high = middle
    }
    return low
  }
}
