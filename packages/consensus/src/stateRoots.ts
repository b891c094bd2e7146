import {
  assert,
  type BlockHeader,
  equalBytes,
  type Hash,
  type Height,
} from '@openliquid/primitives'

/** A certified header whose state root is not the one we computed. */
export interface RootMismatch {
  readonly height: Height
  readonly ours: Hash
  readonly certified: Hash
  readonly header: BlockHeader
}

/**
 * The state roots we computed, and those that certified headers claim, compared in whichever order they come.
 *
 * @see docs/spec/consensus.md §3 B7
 */
export class StateRoots {
  readonly #roots = new Map<Height, Hash>()
  /** Claims above executedHeight, by the height they are about. */
  readonly #claims = new Map<Height, BlockHeader[]>()
  #executedHeight: Height

  constructor(roots: readonly { readonly height: Height; readonly stateRoot: Hash }[]) {
    let executedHeight = 0n
    for (const { height, stateRoot } of roots) {
      this.#roots.set(height, stateRoot)
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

  /** Takes the result of an execution; returns a certified claim that contradicts it. */
  executed(height: Height, stateRoot: Hash): RootMismatch | undefined {
    assert(height === this.#executedHeight + 1n, 'blocks execute in height order, once each')
    this.#roots.set(height, stateRoot)
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
      if (known < height && known !== this.#executedHeight) this.#roots.delete(known)
    }
  }

  #compare(header: BlockHeader): RootMismatch | undefined {
    const ours = this.#roots.get(header.executedHeight)
    // Forgotten roots were compared when the headers that name them were new.
    if (ours === undefined || equalBytes(ours, header.stateRoot)) return undefined
    return { height: header.executedHeight, ours, certified: header.stateRoot, header }
  }
}
