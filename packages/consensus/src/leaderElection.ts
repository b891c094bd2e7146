import { assert, type Epoch, type View } from '@openliquid/primitives'
import type { Committee } from './committee.ts'
import { LEADER_SLOTS_MAX } from './limits.ts'

/**
 * Who may propose in a view: smooth weighted round robin by stake, the same for all replicas.
 *
 * In each step everyone's priority grows by its stake, the greatest (ties: lower index) leads and pays the total
 * stake. Slots are computed in blocks; asking for a view far ahead of the last one costs O(views · validators), so ask
 * only for views that a certificate has proven.
 * @see docs/spec/consensus.md §6; the reputation window is left out
 */
export class LeaderElection {
  readonly #epoch: Epoch
  readonly #weights: readonly bigint[]
  readonly #totalWeight: bigint
  readonly #slotsPerBlock: number
  #priorities: bigint[]
  /** Slots of the newest two blocks; `#firstSlot` is the number of the first. */
  #slots: number[] = []
  #firstSlot = 0

  constructor(committee: Committee) {
    this.#epoch = committee.epoch
    this.#weights = committee.stakes
    this.#totalWeight = committee.stakeOf(committee.stakes.keys())
    this.#slotsPerBlock = Math.max(1_024, 10 * committee.size)
    assert(this.#slotsPerBlock <= LEADER_SLOTS_MAX, 'a block of slots within LEADER_SLOTS_MAX')
    this.#priorities = this.#weights.map(() => 0n)
  }

  /** @param view - at least 1 */
  leader(epoch: Epoch, view: View): number {
    assert(epoch === this.#epoch, 'one schedule per epoch')
    assert(view >= 1n && view <= BigInt(Number.MAX_SAFE_INTEGER), 'view has a slot')
    const slot = Number(view - 1n)
    if (slot < this.#firstSlot) this.#rewind()
    while (slot >= this.#firstSlot + this.#slots.length) this.#computeBlock()
    const leader = this.#slots[slot - this.#firstSlot]
    assert(leader !== undefined, 'slot was computed')
    return leader
  }

  #computeBlock(): void {
    if (this.#slots.length > this.#slotsPerBlock) {
      this.#slots = this.#slots.slice(this.#slotsPerBlock)
      this.#firstSlot += this.#slotsPerBlock
    }
    for (let i = 0; i < this.#slotsPerBlock; i++) this.#slots.push(this.#nextSlot())
  }

  #nextSlot(): number {
    const priorities = this.#priorities
    let pick = 0
    for (let i = 0; i < priorities.length; i++) {
      priorities[i] = (priorities[i] as bigint) + (this.#weights[i] as bigint)
      if ((priorities[i] as bigint) > (priorities[pick] as bigint)) pick = i
    }
    priorities[pick] = (priorities[pick] as bigint) - this.#totalWeight
    return pick
  }

  #rewind(): void {
    this.#priorities = this.#weights.map(() => 0n)
    this.#slots = []
    this.#firstSlot = 0
  }
}
