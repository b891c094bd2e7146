import type { TwinsChoice } from './twinsSymmetry.ts'

/** A scenario, or the beginning of one. */
export interface TwinsScenario {
  readonly firstLeader: number
  /** On a chain with tail-fork resistance, §12. */
  readonly highTip?: boolean
  readonly views: readonly TwinsChoice[]
}

/** A state by the first scenario that led to it. */
export interface TwinsBranch {
  readonly scenario: TwinsScenario
  /** Scenarios that lead to it. */
  readonly weight: bigint
}

/** A state that follows on a branch. */
export interface TwinsStep {
  readonly choice: TwinsChoice
  /** Choices that symmetries of the branch's state exchange with this one, and itself. */
  readonly size: number
  /** Of the state's form; absent where nobody plays on. */
  readonly key: string | undefined
}

/** Where every search begins: validator 0 has the twin, and the other three are alike. */
export const TWINS_ROOTS: readonly TwinsBranch[] = [
  { scenario: { firstLeader: 0, views: [] }, weight: 1n },
  { scenario: { firstLeader: 1, views: [] }, weight: 3n },
]

/** One layer of the search: the states after so many views, each once. */
export class TwinsLayer {
  /** Views that were played: one per state of the layer before and choice that is not symmetric to another. */
  played = 0
  /** Scenarios of this length that the states stand for: 64 choices in each view, and who leads the first. */
  scenarios = 0n
  readonly #branches = new Map<string, { readonly scenario: TwinsScenario; weight: bigint }>()

  /** States that differ, after renaming, in the order in which they were come to; none where nobody plays on. */
  get branches(): readonly TwinsBranch[] {
    return [...this.#branches.values()]
  }

  /** Adds what follows on a branch of the layer before. */
  add({ scenario, weight }: TwinsBranch, steps: readonly TwinsStep[]): void {
    const { firstLeader, views } = scenario
    for (const { choice, key, size } of steps) {
      const count = weight * BigInt(size)
      this.played += 1
      this.scenarios += count
      if (key === undefined) continue
      const known = this.#branches.get(key)
      if (known === undefined) {
        const longer = { firstLeader, views: [...views, choice] }
        this.#branches.set(key, { scenario: longer, weight: count })
      } else known.weight += count
    }
  }
}
