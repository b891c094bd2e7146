import {
  compareBytes,
  type Epoch,
  type Evidence,
  type Misbehavior,
  type TimeoutStatement,
  type View,
} from '@openliquid/primitives'
import { OFFENCES_PER_EPOCH_MAX } from './limits.ts'

/** Kinds 1, 2 and 5 are one act seen in three ways: what is punished is one of these. */
const OFFENCES = ['equivocation', 'lockRegression', 'conflictingTimeouts'] as const

/**
 * Who has been convicted of what, in a branch.
 *
 * Validity of evidence counts against this: one penalty per (validator, epoch, view, offence), and so many per
 * (validator, epoch, offence) that nobody can make the record of a long history arbitrarily large.
 * @see docs/spec/consensus.md §8 evidence
 */
export class Offences {
  readonly #base: Offences | undefined
  /** By epoch and offender. */
  readonly #epochs = new Map<Epoch, Map<Offender, Set<View>>>()

  /** @param base - of the blocks beneath; what is added here is not added there */
  constructor(base?: Offences) {
    this.#base = base
  }

  /** Whether it would bring a penalty that its branch does not know of. */
  isNew(misbehavior: Misbehavior): boolean {
    let count = 0
    for (let at: Offences | undefined = this; at !== undefined; at = at.#base) {
      const views = at.#known(misbehavior)
      if (views?.has(misbehavior.view) === true) return false
      count += views?.size ?? 0
    }
    return count < OFFENCES_PER_EPOCH_MAX
  }

  /** Takes the new ones in and returns them: what the application is told. */
  add(misbehaviors: readonly Misbehavior[]): Misbehavior[] {
    return misbehaviors.filter((misbehavior) => {
      if (!this.isNew(misbehavior)) return false
      this.#viewsOf(misbehavior).add(misbehavior.view)
      return true
    })
  }

  /** Forgets epochs below: nobody is convicted of them any more. */
  forgetBelow(epoch: Epoch): void {
    for (const known of this.#epochs.keys()) if (known < epoch) this.#epochs.delete(known)
  }

  /** Views in which the validator did the same in that epoch. */
  #known(misbehavior: Misbehavior): Set<View> | undefined {
    return this.#epochs.get(misbehavior.epoch)?.get(offenderOf(misbehavior))
  }

  /** The same, to be added to. */
  #viewsOf(misbehavior: Misbehavior): Set<View> {
    const { epoch } = misbehavior
    const offender = offenderOf(misbehavior)
    const offenders = this.#epochs.get(epoch) ?? new Map<Offender, Set<View>>()
    const views = offenders.get(offender) ?? new Set<View>()
    offenders.set(offender, views)
    this.#epochs.set(epoch, offenders)
    return views
  }
}

/** A validator and what it did, as one number. */
type Offender = number

/** Whom the evidence accuses, and of what; nothing of it is verified. */
export function accusationsOf(evidence: Evidence): Misbehavior[] {
  const { kind } = evidence
  switch (kind) {
    case 'duplicateVote':
    case 'duplicateProposal':
    case 'conflictingTimeouts': {
      const { epoch, signer, view } = evidence.first
      return [{ kind, validator: signer, epoch, view }]
    }
    case 'lockRegression': {
      // The later one of the two: without it the vote would be no breach.
      const { epoch, signer, view } = evidence.timeout
      return [{ kind, validator: signer, epoch, view }]
    }
    default: {
      const { epoch, view } = evidence.first
      return commonSigners(evidence.first.signers, evidence.second.signers).map((validator) => ({
        kind,
        validator,
        epoch,
        view,
      }))
    }
  }
}

/** The pair in the order that evidence wants: the smaller block hash first. */
export function orderByHash<T extends { readonly blockHash: Uint8Array }>(
  one: T,
  other: T,
): { readonly first: T; readonly second: T } {
  return compareBytes(one.blockHash, other.blockHash) < 0
    ? { first: one, second: other }
    : { first: other, second: one }
}

/** The order of a pair of timeouts: by highQCView, then highTipView; 0 if they say the same. */
export function compareTimeouts(one: TimeoutStatement, other: TimeoutStatement): number {
  if (one.highQCView !== other.highQCView) return one.highQCView < other.highQCView ? -1 : 1
  const [tip, otherTip] = [one.highTipView ?? 0n, other.highTipView ?? 0n]
  return tip < otherTip ? -1 : tip > otherTip ? 1 : 0
}

function commonSigners(one: Uint8Array, other: Uint8Array): number[] {
  const signers: number[] = []
  for (const [i, byte] of one.entries()) {
    const common = byte & (other[i] ?? 0)
    for (let bit = 0; bit < 8; bit++) if ((common & (1 << bit)) !== 0) signers.push(8 * i + bit)
  }
  return signers
}

function offenderOf({ kind, validator }: Misbehavior): Offender {
  const offence =
    kind === 'lockRegression' || kind === 'conflictingTimeouts' ? kind : 'equivocation'
  return validator * OFFENCES.length + OFFENCES.indexOf(offence)
}
