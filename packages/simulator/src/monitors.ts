import type { CommittedBlock } from '@openliquid/consensus'
import type { SignatureScheme } from '@openliquid/crypto'
import {
  bytesToHex,
  type CommitProof,
  type Epoch,
  type Hash,
  type Height,
  type Hex,
  type SigningContext,
  type ValidatorSet,
} from '@openliquid/primitives'
import { refuteCommitProof } from './commitProofChecker.ts'

/** Thrown by a monitor: a property of the protocol is broken. The text begins with the property's name. */
export class PropertyViolation extends Error {
  override readonly name: string = 'PropertyViolation'
}

interface MonitorOptions {
  readonly context: SigningContext
  readonly scheme: SignatureScheme
  readonly setOf: (epoch: Epoch) => ValidatorSet | undefined
}

/** Watches the commits of all honest nodes; docs/spec/consensus.md §11.1. */
export class CommitMonitor {
  readonly #options: MonitorOptions
  readonly #chain: Hex[] = []
  readonly #roots = new Map<Height, Hex>()

  constructor(options: MonitorOptions) {
    this.#options = options
  }

  /** Blocks that some honest node committed. */
  get height(): number {
    return this.#chain.length
  }

  /**
   * Takes a commit of one node.
   *
   * @param above - height the node had committed before, in this life or on disk
   */
  onCommit(
    node: number,
    blocks: readonly CommittedBlock[],
    { proof, above }: { readonly proof: CommitProof; readonly above: Height },
  ): void {
    let height = above
    for (const { block, blockHash } of blocks) {
      height += 1n
      if (block.header.height !== height) {
        throw new PropertyViolation(
          `M2: node ${node} commits height ${block.header.height} after ${height - 1n}`,
        )
      }
      this.#agree(node, height, bytesToHex(blockHash))
    }
    const { context, scheme, setOf } = this.#options
    const set = setOf(proof.qc.epoch)
    const refusal =
      set === undefined
        ? 'an epoch that has not begun'
        : refuteCommitProof(proof, { context, scheme, set })
    if (refusal !== undefined) throw new PropertyViolation(`M3: node ${node}: ${refusal}`)
    if (proof.path[0]?.height !== height) {
      throw new PropertyViolation(`M3: node ${node}: the proof is of another height`)
    }
  }

  /** M6: what honest nodes with the same rules execute. */
  onExecuted(node: number, height: Height, stateRoot: Hash): void {
    const root = bytesToHex(stateRoot)
    const known = this.#roots.get(height)
    if (known === undefined) this.#roots.set(height, root)
    else if (known !== root) {
      throw new PropertyViolation(`M6: node ${node} computed another root of height ${height}`)
    }
  }

  #agree(node: number, height: Height, hash: Hex): void {
    const i = Number(height) - 1
    const known = this.#chain[i]
    if (known === undefined && i !== this.#chain.length) {
      throw new PropertyViolation(`M2: height ${height} is committed before the one below`)
    }
    if (known === undefined) this.#chain.push(hash)
    else if (known !== hash) {
      throw new PropertyViolation(`M1: node ${node} commits another block of height ${height}`)
    }
  }
}
