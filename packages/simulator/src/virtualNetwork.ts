import type { ConsensusMessage } from '@openliquid/primitives'
import type { Prng } from './prng.ts'
import type { Scheduler } from './scheduler.ts'

/** How links behave; may be changed while the cluster runs. */
export interface LinkConditions {
  readonly delayMsMin: number
  readonly delayMsMax: number
  /** Messages lost, in thousandths. */
  readonly lossPermille: number
  /** Messages delivered twice, in thousandths. */
  readonly duplicatePermille: number
}

/**
 * Looks at what a link is to carry; the message is absent for requests of blocks and their answers.
 *
 * @returns milliseconds to hold it back beyond its delay; negative loses it
 */
export type LinkFilter = (from: number, to: number, message: ConsensusMessage | undefined) => number

/** Steady links that lose nothing: one delay δ for every message. */
export function steadyLinks(delayMs: number): LinkConditions {
  return { delayMsMin: delayMs, delayMsMax: delayMs, lossPermille: 0, duplicatePermille: 0 }
}

/** Links between all nodes: delay, loss, duplication, reordering and partitions, all from one seed. */
export class VirtualNetwork {
  readonly #scheduler: Scheduler
  readonly #prng: Prng
  #conditions: LinkConditions
  /** Group of each node; nodes of different groups do not hear each other. */
  #groups: readonly number[] | undefined
  /** Links that carry nothing in one direction, as `from * 1,000 + to`. */
  readonly #deaf = new Set<number>()
  readonly #filters: LinkFilter[] = []

  constructor(scheduler: Scheduler, prng: Prng, conditions: LinkConditions) {
    this.#scheduler = scheduler
    this.#prng = prng
    this.#conditions = conditions
  }

  setConditions(conditions: LinkConditions): void {
    this.#conditions = conditions
  }

  /** Splits the nodes: `groups[i]` is the side of node i. */
  partition(groups: readonly number[]): void {
    this.#groups = groups
  }

  /** Cuts one direction of one link. */
  cut(from: number, to: number): void {
    this.#deaf.add(from * 1_000 + to)
  }

  /** Lets an adversary sit on the links; several see each message in turn. */
  addFilter(filter: LinkFilter): void {
    this.#filters.push(filter)
  }

  /** Ends partitions and cuts; filters stay. */
  heal(): void {
    this.#groups = undefined
    this.#deaf.clear()
  }

  /** Carries something from one node to another, or loses it. */
  carry(from: number, to: number, deliver: () => void, message?: ConsensusMessage): void {
    const { duplicatePermille, lossPermille } = this.#conditions
    if (this.#isCut(from, to) || this.#prng.chance(lossPermille)) return
    let heldMs = 0
    for (const filter of this.#filters) {
      const oneMs = filter(from, to, message)
      if (oneMs < 0) return
      heldMs += oneMs
    }
    this.#scheduler.after(heldMs + this.#delayMs(), deliver)
    if (this.#prng.chance(duplicatePermille)) this.#scheduler.after(this.#delayMs(), deliver)
  }

  #isCut(from: number, to: number): boolean {
    if (this.#deaf.size > 0 && this.#deaf.has(from * 1_000 + to)) return true
    return this.#groups !== undefined && this.#groups[from] !== this.#groups[to]
  }

  #delayMs(): number {
    const { delayMsMax, delayMsMin } = this.#conditions
    return delayMsMin + this.#prng.below(delayMsMax - delayMsMin + 1)
  }
}
