import { type CommittedBlock, type ExecutedChain, epochAbove } from '@openliquid/consensus'
import {
  assert,
  type Block,
  type CommitProof,
  type Epoch,
  type Hash,
  type Height,
  type Misbehavior,
  misbehaviorsCodec,
  sha256,
} from '@openliquid/primitives'

/** First byte of a transaction that no application takes. */
export const POISON = 0xff

const NOTHING = new Uint8Array(0)

/** What every honest application demands of a payload. */
export function isValidPayload({ payload: { actions } }: Block): boolean {
  return actions.every((bytes) => bytes[0] !== POISON)
}

/**
 * The state machine of one node: its state is a hash over everything executed, and each block's batch is on disk when
 * its execution ends. A node with another `salt` executes differently.
 */
export class VirtualApplication implements ExecutedChain {
  readonly #genesis: Block
  readonly #salt: Uint8Array
  readonly #blocks: Block[] = []
  readonly #roots: Hash[] = []
  readonly #proofs = new Map<Height, CommitProof>()
  readonly #misbehaviors: Misbehavior[] = []
  #queue: CommittedBlock[] = []

  constructor(genesis: Block, salt: Uint8Array) {
    this.#genesis = genesis
    this.#salt = salt
  }

  get height(): Height {
    return BigInt(this.#blocks.length)
  }

  blockAt(height: Height): Block | undefined {
    return height === 0n ? this.#genesis : this.#blocks[Number(height) - 1]
  }

  stateRootAt(height: Height): Hash | undefined {
    return height === 0n ? this.#genesis.header.stateRoot : this.#roots[Number(height) - 1]
  }

  /** Epoch that grows on the newest executed block. */
  get epoch(): Epoch {
    const tip = this.blockAt(this.height)
    assert(tip !== undefined, 'the newest executed block is known')
    return epochAbove(tip.header)
  }

  /** What it was told of all blocks executed. */
  misbehaviors(): readonly Misbehavior[] {
    return this.#misbehaviors
  }

  commitProofAt(height: Height): CommitProof | undefined {
    return this.#proofs.get(height)
  }

  /** @param proof - of the last block */
  enqueue(blocks: readonly CommittedBlock[], proof: CommitProof): void {
    this.#queue.push(...blocks)
    const last = blocks.at(-1)
    if (last !== undefined) this.#proofs.set(last.block.header.height, proof)
  }

  get isIdle(): boolean {
    return this.#queue.length === 0
  }

  /** Executes the oldest committed block; its batch is then durable. */
  executeNext(): { readonly height: Height; readonly stateRoot: Hash } | undefined {
    const next = this.#queue.shift()
    if (next === undefined) return undefined
    const { block, blockHash, context } = next
    assert(block.header.height === this.height + 1n, 'each height executes once, in order')
    assert(context.height === block.header.height, 'the context is of the block')
    const parentRoot = this.stateRootAt(this.height)
    assert(parentRoot !== undefined, 'the state before is known')
    const { misbehavior } = context
    // Whoever is told of other breaches has another state.
    const told = misbehavior.length === 0 ? NOTHING : misbehaviorsCodec.encode(misbehavior)
    const stateRoot = sha256(parentRoot, blockHash, told, this.#salt)
    this.#blocks.push(block)
    this.#roots.push(stateRoot)
    this.#misbehaviors.push(...context.misbehavior)
    return { height: this.height, stateRoot }
  }

  /** Forgets what was not on disk. */
  crash(): void {
    this.#queue = []
  }
}
