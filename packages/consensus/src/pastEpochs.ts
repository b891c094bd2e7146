import type { Epoch, ValidatorSet } from '@openliquid/primitives'
import { Committee } from './committee.ts'
import { EVIDENCE_EPOCHS_MAX } from './limits.ts'

/** An epoch that is over, and the block time of its end. */
export interface PastEpoch {
  readonly epoch: Epoch
  /** Absent: the members of the present one. */
  readonly set?: ValidatorSet
  readonly closedAtMs: number
}

/**
 * The epochs whose members can still be punished: their stake began to unbond at the end of the epoch at the earliest.
 *
 * @see docs/spec/consensus.md §8 evidence
 */
export class PastEpochs {
  readonly #unbondingMs: number
  /** Ascending. */
  readonly #epochs = new Map<
    Epoch,
    { readonly committee: Committee; readonly closedAtMs: number }
  >()

  constructor(unbondingMs: number) {
    this.#unbondingMs = unbondingMs
  }

  /** Takes the epoch that has just ended. */
  add(committee: Committee, closedAtMs: number): void {
    this.#epochs.set(committee.epoch, { committee, closedAtMs })
    this.#forget(committee.epoch, closedAtMs)
  }

  /** Takes epochs from the newest down, as far as they still matter at a block time; `present` is the one after them. */
  restore(
    epochs: Iterable<PastEpoch>,
    { present, timestampMs }: { readonly present: ValidatorSet; readonly timestampMs: number },
  ): void {
    const kept: { readonly committee: Committee; readonly closedAtMs: number }[] = []
    for (const { epoch, set, closedAtMs } of epochs) {
      if (this.#isExpired(closedAtMs, timestampMs) || kept.length === EVIDENCE_EPOCHS_MAX) break
      kept.unshift({ committee: new Committee(set ?? { ...present, epoch }), closedAtMs })
    }
    for (const one of kept) this.#epochs.set(one.committee.epoch, one)
  }

  /** Members of an earlier epoch, unless evidence of it has expired for a block of that epoch and time. */
  committeeOf(
    epoch: Epoch,
    block: { readonly epoch: Epoch; readonly timestampMs: number },
  ): Committee | undefined {
    const known = this.#epochs.get(epoch)
    if (known === undefined || epoch + BigInt(EVIDENCE_EPOCHS_MAX) < block.epoch) return undefined
    return this.#isExpired(known.closedAtMs, block.timestampMs) ? undefined : known.committee
  }

  /** The oldest epoch that is kept; absent when none is. */
  get oldest(): Epoch | undefined {
    const [oldest] = this.#epochs.keys()
    return oldest
  }

  #forget(newest: Epoch, timestampMs: number): void {
    for (const [epoch, { closedAtMs }] of this.#epochs) {
      const isTooOld = epoch + BigInt(EVIDENCE_EPOCHS_MAX) <= newest
      if (isTooOld || this.#isExpired(closedAtMs, timestampMs)) this.#epochs.delete(epoch)
    }
  }

  #isExpired(closedAtMs: number, timestampMs: number): boolean {
    return timestampMs > closedAtMs + this.#unbondingMs
  }
}
