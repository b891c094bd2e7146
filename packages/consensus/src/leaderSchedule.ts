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
  #pick: () => number
  /** The newest slots; `#firstSlot` is the number of the first. */
  #slots: number[] = []
  #firstSlot = 0

  private constructor(weights: readonly bigint[]) {
    this.#weights = weights
    this.#pick = picksOf(weights)
  }

  /** @param weights - of the validators by index, each above 0 */
  static of(weights: readonly bigint[]): LeaderSchedule {
    assert(weights.length > 0 && weights.every((weight) => weight > 0n), 'everyone has weight')
    // The picks depend on ratios alone, and small numbers are faster.
    const divisor = weights.reduce(greatestCommonDivisor)
    return new LeaderSchedule(weights.map((weight) => weight / divisor))
  }

  /** The same schedule, for another window. */
  again(): LeaderSchedule {
    return new LeaderSchedule(this.#weights)
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
    this.#slots.push(this.#pick())
    if (this.#slots.length <= 2 * LEADER_SLOTS_MAX) return
    this.#slots = this.#slots.slice(LEADER_SLOTS_MAX)
    this.#firstSlot += LEADER_SLOTS_MAX
  }

  #rewind(): void {
    this.#pick = picksOf(this.#weights)
    this.#slots = []
    this.#firstSlot = 0
  }
}

/** One pick after the other. Weights of small stakes are counted in numbers, for speed, with the same picks. */
function picksOf(weights: readonly bigint[]): () => number {
  const totalWeight = weights.reduce((sum, weight) => sum + weight, 0n)
  // Priorities add up to 0 and none falls to the negative total, so none grows above the total times their number.
  return totalWeight * BigInt(weights.length) <= BigInt(Number.MAX_SAFE_INTEGER)
    ? numberPicks(weights.map(Number), Number(totalWeight))
    : bigintPicks(weights, totalWeight)
}

function numberPicks(weights: readonly number[], totalWeight: number): () => number {
  const priorities = weights.map(() => 0)
  return () => {
    let pick = 0
    for (let i = 0; i < priorities.length; i++) {
      priorities[i] = (priorities[i] as number) + (weights[i] as number)
      if ((priorities[i] as number) > (priorities[pick] as number)) pick = i
    }
    priorities[pick] = (priorities[pick] as number) - totalWeight
    return pick
  }
}

function bigintPicks(weights: readonly bigint[], totalWeight: bigint): () => number {
  const priorities = weights.map(() => 0n)
  return () => {
    let pick = 0
    for (let i = 0; i < priorities.length; i++) {
      priorities[i] = (priorities[i] as bigint) + (weights[i] as bigint)
      if ((priorities[i] as bigint) > (priorities[pick] as bigint)) pick = i
    }
    priorities[pick] = (priorities[pick] as bigint) - totalWeight
    return pick
  }
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [larger, smaller] = [a, b]
  while (smaller > 0n) [larger, smaller] = [smaller, larger % smaller]
  return larger
}
