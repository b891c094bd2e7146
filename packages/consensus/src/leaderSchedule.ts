import { assert } from '@openliquid/primitives'
import { LEADER_SLOTS_MAX } from './limits.ts'

/**
 * Smooth weighted round robin: in each step everyone's priority grows by its weight, the greatest (ties: lower index)
 * leads and pays the total weight.
 *
 * Slots are computed as they are asked for; one far ahead of the last costs O(slots · validators), so ask only for
 * views that a certificate has proven.
 * @see docs/spec/consensus.md §6
 */
export class LeaderSchedule {
  readonly #weights: readonly bigint[]
  readonly #totalWeight: bigint
  #priorities: bigint[]
  /** The newest slots; `#firstSlot` is the number of the first. */
  #slots: number[] = []
  #firstSlot = 0

  constructor(weights: readonly bigint[]) {
    assert(weights.length > 0 && weights.every((weight) => weight > 0n), 'everyone has weight')
    // The picks depend on ratios alone, and small numbers are faster.
    const divisor = weights.reduce(greatestCommonDivisor)
    this.#weights = weights.map((weight) => weight / divisor)
    this.#totalWeight = this.#weights.reduce((sum, weight) => sum + weight, 0n)
    this.#priorities = this.#weights.map(() => 0n)
  }

  /** @param slot - counted from 0 */
  leaderOf(slot: number): number {
    assert(Number.isSafeInteger(slot) && slot >= 0, 'slots are counted')
    if (slot < this.#firstSlot) this.#rewind()
    while (slot >= this.#firstSlot + this.#slots.length) this.#computeNext()
    const leader = this.#slots[slot - this.#firstSlot]
    assert(leader !== undefined, 'slot was computed')
    return leader
  }

  #computeNext(): void {
    const priorities = this.#priorities
    let pick = 0
    for (let i = 0; i < priorities.length; i++) {
      priorities[i] = (priorities[i] as bigint) + (this.#weights[i] as bigint)
      if ((priorities[i] as bigint) > (priorities[pick] as bigint)) pick = i
    }
    priorities[pick] = (priorities[pick] as bigint) - this.#totalWeight
    this.#slots.push(pick)
    if (this.#slots.length <= 2 * LEADER_SLOTS_MAX) return
    this.#slots = this.#slots.slice(LEADER_SLOTS_MAX)
    this.#firstSlot += LEADER_SLOTS_MAX
  }

  #rewind(): void {
    this.#priorities = this.#weights.map(() => 0n)
    this.#slots = []
    this.#firstSlot = 0
  }
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [larger, smaller] = [a, b]
  while (smaller > 0n) [larger, smaller] = [smaller, larger % smaller]
  return larger
}
