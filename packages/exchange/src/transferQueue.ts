import type { QueuedTransfer } from './bridgeRecords.ts'

/**
 * Where the queue of transfers to the EVM begins and ends, and what waits in it.
 *
 * Derived from the table by its hook. An empty queue begins at 0 again, so a machine that was loaded gives out the same
 * sequence numbers as the one that went on.
 */
export class TransferQueue {
  #first = 0
  #next = 0
  readonly #waiting = new Map<number, bigint>()

  get first(): number {
    return this.#first
  }

  get next(): number {
    return this.#next
  }

  get size(): number {
    return this.#next - this.#first
  }

  /** Wei that wait, by token; tokens without any are absent. */
  get waitingByToken(): ReadonlyMap<number, bigint> {
    return this.#waiting
  }

  /** Wei of a token that wait. */
  waiting(token: number): bigint {
    return this.#waiting.get(token) ?? 0n
  }

  changed(
    sequence: number,
    previous: QueuedTransfer | undefined,
    next: QueuedTransfer | undefined,
  ): void {
    if (previous !== undefined) this.#add(previous.token, -previous.wei)
    if (next !== undefined) this.#add(next.token, next.wei)
    if (previous === undefined) this.#entered(sequence)
    else if (next === undefined) this.#left(sequence)
  }

  #entered(sequence: number): void {
    if (this.size === 0) this.#first = sequence
    this.#first = Math.min(this.#first, sequence)
    this.#next = Math.max(this.#next, sequence + 1)
  }

  /** They leave at the front, or at the back when an action is taken back. */
  #left(sequence: number): void {
    if (sequence === this.#first) this.#first += 1
    else if (sequence === this.#next - 1) this.#next -= 1
    if (this.#first === this.#next) {
      this.#first = 0
      this.#next = 0
    }
  }

  #add(token: number, wei: bigint): void {
    const sum = this.waiting(token) + wei
    if (sum === 0n) this.#waiting.delete(token)
    else this.#waiting.set(token, sum)
  }
}
