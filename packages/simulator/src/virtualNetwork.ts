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

  heal(): void {
    this.#groups = undefined
  }

  /** Carries something from one node to another, or loses it. */
  carry(from: number, to: number, deliver: () => void): void {
    const { duplicatePermille, lossPermille } = this.#conditions
    if (this.#isCut(from, to) || this.#prng.chance(lossPermille)) return
    this.#scheduler.after(this.#delayMs(), deliver)
    if (this.#prng.chance(duplicatePermille)) this.#scheduler.after(this.#delayMs(), deliver)
  }

  #isCut(from: number, to: number): boolean {
    return this.#groups !== undefined && this.#groups[from] !== this.#groups[to]
  }

  #delayMs(): number {
    const { delayMsMax, delayMsMin } = this.#conditions
    return delayMsMin + this.#prng.below(delayMsMax - delayMsMin + 1)
  }
}
