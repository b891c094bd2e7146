import type { PoolEntry } from './poolEntry.ts'
import type { ReadEvmTransaction } from './transactionReader.ts'

/** The next transaction of one sender, and what it pays. */
export interface Candidate {
  readonly entry: PoolEntry<ReadEvmTransaction>
  readonly tip: bigint
}

/** Heap of senders' next transactions: greatest tip first, then who came first. */
export class CandidateHeap {
  readonly #items: Candidate[] = []

  push(item: Candidate): void {
    const items = this.#items
    let at = items.push(item) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(item, items[parent] as Candidate)) break
      items[at] = items[parent] as Candidate
      at = parent
    }
    items[at] = item
  }

  pop(): Candidate | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (top === undefined || last === undefined || items.length === 0) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      const right = items[child + 1]
      if (right !== undefined && isBefore(right, items[child] as Candidate)) child += 1
      if (!isBefore(items[child] as Candidate, last)) break
      items[at] = items[child] as Candidate
      at = child
    }
    items[at] = last
    return top
  }
}

function isBefore(a: Candidate, b: Candidate): boolean {
  return a.tip === b.tip ? a.entry.arrival < b.entry.arrival : a.tip > b.tip
}
