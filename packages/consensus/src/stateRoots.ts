import {
  assert,
  type BlockHeader,
  equalBytes,
  type Hash,
  type Height,
  type ValidatorInfo,
} from '@openliquid/primitives'

/** A certified header whose state root is not the one we computed. */
export interface RootMismatch {
  readonly height: Height
  readonly ours: Hash
  readonly certified: Hash
  readonly header: BlockHeader
}

/** What the application says of one executed height. */
export interface ExecutedState {
  readonly height: Height
  readonly stateRoot: Hash
  /** Members of the next epoch if it were to end by this state; absent: the same as now. */
  readonly validators?: readonly ValidatorInfo[]
}

/**
 * The state roots we computed, and those that certified headers claim, compared in whichever order they come.
 *
 * @see docs/spec/consensus.md §3 B7
 */
export class StateRoots {
  /** Of the newest executed heights; the one asked for is nearly always among the last. */
  readonly #states: ExecutedState[]
  /** Claims above executedHeight, by the height they are about. */
  readonly #claims = new Map<Height, BlockHeader[]>()
  #executedHeight: Height

  constructor(states: readonly ExecutedState[]) {
    let executedHeight = 0n
    for (const { height } of states) if (height > executedHeight) executedHeight = height
    this.#states = [...states]
    assert(
      this.rootAt(executedHeight) !== undefined,
      'the root of the newest executed block is known',
    )
    this.#executedHeight = executedHeight
  }

  get executedHeight(): Height {
    return this.#executedHeight
  }

  /** Undefined above executedHeight, and for heights that no descendant of the last committed block can name. */
  rootAt(height: Height): Hash | undefined {
    return this.#stateAt(height)?.stateRoot
  }

  /** Who is to validate next by the state of an executed height; undefined for the same members as before. */
  membersAt(height: Height): readonly ValidatorInfo[] | undefined {
    return this.#stateAt(height)?.validators
  }

  /** Takes the result of an execution; returns a certified claim that contradicts it. */
  executed(state: ExecutedState): RootMismatch | undefined {
    const { height } = state
    assert(height === this.#executedHeight + 1n, 'blocks execute in height order, once each')
    this.#states.push(state)
    this.#executedHeight = height
    const claims = this.#claims.size === 0 ? undefined : this.#claims.get(height)
    if (claims === undefined) return undefined
    this.#claims.delete(height)
    for (const header of claims) {
      const mismatch = this.#compare(header)
      if (mismatch !== undefined) return mismatch
    }
    return undefined
  }

  /** Takes the claim of a certified header; returns it if we know better, keeps it if we do not know yet. */
  certified(header: BlockHeader): RootMismatch | undefined {
    const { executedHeight } = header
    if (executedHeight <= this.#executedHeight) return this.#compare(header)
    const claims = this.#claims.get(executedHeight)
    if (claims === undefined) this.#claims.set(executedHeight, [header])
    else claims.push(header)
    return undefined
  }

  /** Forgets roots below a height that is named no more. */
  forgetBelow(height: Height): void {
    let count = 0
    for (const state of this.#states) {
      const isKept = state.height >= height || state.height === this.#executedHeight
      if (isKept) this.#states[count++] = state
    }
    while (this.#states.length > count) this.#states.pop()
  }

  #stateAt(height: Height): ExecutedState | undefined {
    for (let i = this.#states.length - 1; i >= 0; i--) {
      const state = this.#states[i]
      if (state?.height === height) return state
    }
    return undefined
  }

  #compare(header: BlockHeader): RootMismatch | undefined {
    const ours = this.rootAt(header.executedHeight)
    // Forgotten roots were compared when the headers that name them were new.
    if (ours === undefined || equalBytes(ours, header.stateRoot)) return undefined
    return { height: header.executedHeight, ours, certified: header.stateRoot, header }
  }
}
