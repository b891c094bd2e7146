import type { CommittedBlock } from '@openliquid/consensus'
import {
  bytesToHex,
  type Epoch,
  FLAG_EPOCH_CLOSING,
  type ValidatorInfo,
  type ValidatorSet,
  validatorSetHash,
} from '@openliquid/primitives'
import { type Membership, membersOf, stakesAt } from './membership.ts'
import { PropertyViolation } from './monitors.ts'
import type { VirtualChain } from './virtualChain.ts'

/**
 * Knows who validates in each epoch, by code apart from the core, and watches M7 of docs/spec/consensus.md §11.1: a
 * closing block names the members that the state of its executed height says, and every honest node goes on with
 * these, as the member it is.
 */
export class EpochMonitor {
  readonly #chain: VirtualChain
  readonly #membership: Membership | undefined
  readonly #sets = new Map<Epoch, ValidatorSet>()

  constructor(chain: VirtualChain, membership: Membership | undefined) {
    this.#chain = chain
    this.#membership = membership
    this.#sets.set(chain.set.epoch, chain.set)
  }

  /** Undefined as long as no honest node has committed the closing block beneath. */
  setOf(epoch: Epoch): ValidatorSet | undefined {
    return this.#sets.get(epoch)
  }

  /** Takes what an honest node commits. @throws {PropertyViolation} M7 */
  onCommit(blocks: readonly CommittedBlock[]): void {
    for (const { block } of blocks) {
      const { epoch, executedHeight, flags, height, nextValidatorSetHash } = block.header
      if (flags !== FLAG_EPOCH_CLOSING || this.#sets.has(epoch + 1n)) continue
      const set = this.#sets.get(epoch)
      if (set === undefined) throw new PropertyViolation(`M7: epoch ${epoch} ends before it begins`)
      const next = setFrom(epoch + 1n, this.#membersAt(executedHeight, set.validators))
      if (bytesToHex(validatorSetHash(next)) !== bytesToHex(nextValidatorSetHash)) {
        throw new PropertyViolation(
          `M7: height ${height} closes epoch ${epoch} with other members than the state of height ${executedHeight} names`,
        )
      }
      this.#sets.set(next.epoch, next)
    }
  }

  /** Takes an honest node's entry into an epoch. @throws {PropertyViolation} M7 */
  onEnter(node: number, set: ValidatorSet, position: number | undefined): void {
    const known = this.#sets.get(set.epoch)
    const isKnown =
      known !== undefined &&
      bytesToHex(validatorSetHash(known)) === bytesToHex(validatorSetHash(set))
    if (!isKnown) {
      throw new PropertyViolation(
        `M7: node ${node} enters epoch ${set.epoch} with a set of its own`,
      )
    }
    this.onSigner(node, set.epoch, position)
  }

  /** Takes whose name stands under an honest node's signature. @throws {PropertyViolation} M7 */
  onSigner(node: number, epoch: Epoch, position: number | undefined): void {
    const key = this.#chain.candidates[node]?.voteKey
    const own = this.#sets.get(epoch)?.validators.find(({ voteKey }) => voteKey === key)?.index
    if (own === position) return
    throw new PropertyViolation(
      `M7: node ${node} acts as member ${position} of epoch ${epoch}, and is ${own ?? 'none'}`,
    )
  }

  #membersAt(height: bigint, members: readonly ValidatorInfo[]): readonly ValidatorInfo[] {
    if (this.#membership === undefined) return members
    const next = membersOf(this.#chain.candidates, stakesAt(this.#membership, height))
    return next.length === 0 ? members : next
  }
}

function setFrom(epoch: Epoch, validators: readonly ValidatorInfo[]): ValidatorSet {
  return {
    epoch,
    validators,
    totalStake: validators.reduce((sum, { stake }) => sum + stake, 0n),
  }
}
