import { type CommittedBlock, type ExecutedChain, epochAbove } from '@openliquid/consensus'
import {
  assert,
  type Block,
  type CommitProof,
  type Epoch,
  type EpochChange,
  FLAG_EPOCH_CLOSING,
  type Hash,
  type Height,
  type Misbehavior,
  misbehaviorsCodec,
  nextSetOf,
  sha256,
  type ValidatorInfo,
  type ValidatorSet,
} from '@openliquid/primitives'
import type { SnapshotEntry } from './virtualSnapshot.ts'

/** First byte of a transaction that no application takes. */
export const POISON = 0xff

const NOTHING = new Uint8Array(0)

/** What every honest application demands of a payload. */
export function isValidPayload({ payload: { actions } }: Block): boolean {
  return actions.every((bytes) => bytes[0] !== POISON)
}

interface VirtualApplicationOptions {
  /** Of the first epoch. */
  readonly set: ValidatorSet
  /** Another salt is another state machine. */
  readonly salt?: Uint8Array
  /** Members that the state after a height names for the next epoch; absent: always those of the present one. */
  readonly membersAt?: ((height: Height) => readonly ValidatorInfo[]) | undefined
}

/** What a state that was fetched brings beside its entries. */
export interface RestoredState {
  readonly height: Height
  readonly entries: readonly SnapshotEntry[]
  readonly reputation: Uint8Array
  /** From K of the height up to the height. */
  readonly blocks: readonly Block[]
  /** From the first epoch on. */
  readonly changes: readonly EpochChange[]
}

/**
 * The state machine of one node: its state is a hash over everything executed, and each block's batch is on disk when
 * its execution ends. A node with another `salt` executes differently.
 */
export class VirtualApplication implements ExecutedChain {
  /** Stands in for the blocks below a state that was fetched. */
  base?: NonNullable<ExecutedChain['base']>
  readonly #genesis: Block
  readonly #salt: Uint8Array
  readonly #membersAt: VirtualApplicationOptions['membersAt']
  readonly #blocks = new Map<Height, Block>()
  readonly #roots = new Map<Height, Hash>()
  readonly #proofs = new Map<Height, CommitProof>()
  readonly #sets = new Map<Epoch, ValidatorSet>()
  readonly #misbehaviors: Misbehavior[] = []
  /** All that a state is made of: what was executed, from the first height on. */
  readonly #entries: SnapshotEntry[] = []
  #queue: CommittedBlock[] = []

  constructor(
    genesis: Block,
    { membersAt, salt = Uint8Array.of(0), set }: VirtualApplicationOptions,
  ) {
    this.#genesis = genesis
    this.#salt = salt
    this.#membersAt = membersAt
    this.#sets.set(set.epoch, set)
  }

  get height(): Height {
    return BigInt(this.#entries.length)
  }

  blockAt(height: Height): Block | undefined {
    return height === 0n ? this.#genesis : this.#blocks.get(height)
  }

  stateRootAt(height: Height): Hash | undefined {
    return height === 0n ? this.#genesis.header.stateRoot : this.#roots.get(height)
  }

  /** Epoch that grows on the newest executed block. */
  get epoch(): Epoch {
    const tip = this.blockAt(this.height)
    assert(tip !== undefined, 'the newest executed block is known')
    return epochAbove(tip.header)
  }

  validatorsAt(height: Height): readonly ValidatorInfo[] | undefined {
    return this.#membersAt?.(height)
  }

  /** Of every epoch up to the one that grows on the newest executed block. */
  validatorSetOf(epoch: Epoch): ValidatorSet | undefined {
    return this.#sets.get(epoch)
  }

  /** What it was told of all blocks executed. */
  misbehaviors(): readonly Misbehavior[] {
    return this.#misbehaviors
  }

  commitProofAt(height: Height): CommitProof | undefined {
    return this.#proofs.get(height)
  }

  /** What the state after a height is made of. */
  entriesUpTo(height: Height): readonly SnapshotEntry[] {
    return this.#entries.slice(0, Number(height))
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
  executeNext():
    | {
        readonly height: Height
        readonly stateRoot: Hash
        readonly validators?: readonly ValidatorInfo[]
      }
    | undefined {
    const next = this.#queue.shift()
    if (next === undefined) return undefined
    const { block, blockHash, context } = next
    const { height } = block.header
    assert(height === this.height + 1n, 'each height executes once, in order')
    assert(context.height === height, 'the context is of the block')
    const parentRoot = this.stateRootAt(this.height)
    assert(parentRoot !== undefined, 'the state before is known')
    const { misbehavior } = context
    // Whoever is told of other breaches has another state.
    const told = misbehavior.length === 0 ? NOTHING : misbehaviorsCodec.encode(misbehavior)
    const stateRoot = rootAbove(parentRoot, { blockHash, told }, this.#salt)
    this.#blocks.set(height, block)
    this.#roots.set(height, stateRoot)
    this.#misbehaviors.push(...misbehavior)
    this.#entries.push({ blockHash, told })
    if (block.header.flags === FLAG_EPOCH_CLOSING) this.#endEpoch(block)
    const validators = this.#membersAt?.(height)
    return { height, stateRoot, ...(validators === undefined ? {} : { validators }) }
  }

  /** Forgets what was not on disk. */
  crash(): void {
    this.#queue = []
  }

  /** Root of a state made of these entries. */
  rootOf(entries: readonly SnapshotEntry[]): Hash {
    let root = this.#genesis.header.stateRoot
    for (const entry of entries) root = rootAbove(root, entry, this.#salt)
    return root
  }

  /** Goes on from a state that was fetched; its root was checked. */
  restore({ blocks, changes, entries, height, reputation }: RestoredState): void {
    assert(entries.length === Number(height), 'a state has an entry for each height')
    this.#entries.splice(0, this.#entries.length, ...entries)
    this.#blocks.clear()
    this.#roots.clear()
    this.#proofs.clear()
    this.#misbehaviors.length = 0
    for (const { told } of entries) {
      if (told.length > 0) this.#misbehaviors.push(...misbehaviorsCodec.decode(told))
    }
    let root = this.#genesis.header.stateRoot
    for (const [i, entry] of entries.entries()) {
      root = rootAbove(root, entry, this.#salt)
      this.#roots.set(BigInt(i + 1), root)
    }
    for (const block of blocks) this.#blocks.set(block.header.height, block)
    for (const { commit, nextSet } of changes) {
      this.#sets.set(nextSet.epoch, nextSet)
      const closing = commit.path[0]
      if (closing !== undefined) this.#proofs.set(closing.height, commit)
    }
    this.base = {
      lowestHeight: blocks[0]?.header.height ?? height,
      reputation,
      closingBeneath: (epoch) =>
        changes.find(({ nextSet }) => nextSet.epoch === epoch)?.commit.path[0],
    }
  }

  #endEpoch({ header: { epoch, executedHeight } }: Block): void {
    const set = this.#sets.get(epoch)
    assert(set !== undefined, 'the set of an executed block is known')
    this.#sets.set(epoch + 1n, nextSetOf(set, this.#membersAt?.(executedHeight)))
  }
}

function rootAbove(parentRoot: Hash, { blockHash, told }: SnapshotEntry, salt: Uint8Array): Hash {
  return sha256(parentRoot, blockHash, told, salt)
}
