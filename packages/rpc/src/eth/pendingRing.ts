import type { ChainView } from '@openliquid/execution'
import type { Hash } from '@openliquid/primitives'

/** Hashes remembered for filters that are not polled at once. */
const PENDING_HASHES_MAX = 8_192

/** Newest Ethereum transactions that the mempool took, numbered; listens from the first use on. */
export class PendingRing {
  readonly #view: ChainView
  readonly #hashes: Hash[] = []
  /** Number of the next transaction. */
  #next = 0n
  #isListening = false

  constructor(view: ChainView) {
    this.#view = view
  }

  /** Number of the transaction that comes next. */
  get next(): bigint {
    if (!this.#isListening) {
      this.#isListening = true
      this.#view.onPendingEvm(({ hash }) => this.#add(hash))
    }
    return this.#next
  }

  /** Hashes from a number on; those that are forgotten are left out. */
  since(number: bigint): readonly Hash[] {
    const count = Number(this.#next - number)
    return count <= 0 ? [] : this.#hashes.slice(-count)
  }

  #add(hash: Hash): void {
    this.#next++
    this.#hashes.push(hash)
    // Cut in halves, so that it costs nothing on average.
    if (this.#hashes.length >= 2 * PENDING_HASHES_MAX) this.#hashes.splice(0, PENDING_HASHES_MAX)
  }
}
