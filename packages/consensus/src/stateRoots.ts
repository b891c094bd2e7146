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
  readonly #roots = new Map<Height, Hash>()
  readonly #members = new Map<Height, readonly ValidatorInfo[]>()
  /** Claims above executedHeight, by the height they are about. */
  readonly #claims = new Map<Height, BlockHeader[]>()
  #executedHeight: Height

  constructor(roots: readonly ExecutedState[]) {
    let executedHeight = 0n
    for (const { height, stateRoot, validators } of roots) {
      this.#roots.set(height, stateRoot)
      if (validators !== undefined) this.#members.set(height, validators)
      if (height > executedHeight) executedHeight = height
    }
    assert(this.#roots.has(executedHeight), 'the root of the newest executed block is known')
    this.#executedHeight = executedHeight
  }

  get executedHeight(): Height {
    return this.#executedHeight
  }

  /** Undefined above executedHeight, and for heights that no descendant of the last committed block can name. */
  rootAt(height: Height): Hash | undefined {
    return this.#roots.get(height)
  }

  /** Who is to validate next by the state of an executed height; undefined for the same members as before. */
  membersAt(height: Height): readonly ValidatorInfo[] | undefined {
    return this.#members.get(height)
  }

  /** Takes the result of an execution; returns a certified claim that contradicts it. */
  executed({ height, stateRoot, validators }: ExecutedState): RootMismatch | undefined {
    assert(height === this.#executedHeight + 1n, 'blocks execute in height order, once each')
    this.#roots.set(height, stateRoot)
    if (validators !== undefined) this.#members.set(height, validators)
    this.#executedHeight = height
    const claims = this.#claims.get(height) ?? []
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
    for (const known of this.#roots.keys()) {
      if (known >= height || known === this.#executedHeight) continue
      this.#roots.delete(known)
      this.#members.delete(known)
    }
  }

  #compare(header: BlockHeader): RootMismatch | undefined {
    const ours = this.#roots.get(header.executedHeight)
    // Forgotten roots were compared when the headers that name them were new.
    if (ours === undefined || equalBytes(ours, header.stateRoot)) return undefined
    return { height: header.executedHeight, ours, certified: header.stateRoot, header }
  }
}
