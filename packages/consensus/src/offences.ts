import {
  compareBytes,
  type Epoch,
  type Evidence,
  type Misbehavior,
  type TimeoutStatement,
} from '@openliquid/primitives'
import { OFFENCES_PER_EPOCH_MAX } from './limits.ts'

/** What is punished once per validator, epoch and view: kinds 1, 2 and 5 are one act seen in three ways. */
type Offence = 'equivocation' | 'lockRegression' | 'conflictingTimeouts'

/**
 * Who has been convicted of what, in a branch.
 *
 * Validity of evidence counts against this: one penalty per (validator, epoch, view, offence), and so many per
 * (validator, epoch, offence) that nobody can make the record of a long history arbitrarily large.
 * @see docs/spec/consensus.md §8 evidence
 */
export class Offences {
  readonly #base: Offences | undefined
  readonly #epochs = new Map<Epoch, EpochRecord>()

  /** @param base - of the blocks beneath; what is added here is not added there */
  constructor(base?: Offences) {
    this.#base = base
  }

  /** Whether it would bring a penalty that its branch does not know of. */
  isNew(misbehavior: Misbehavior): boolean {
    return !this.#has(misbehavior) && this.#countOf(misbehavior) < OFFENCES_PER_EPOCH_MAX
  }

  /** Takes the new ones in and returns them: what the application is told. */
  add(misbehaviors: readonly Misbehavior[]): Misbehavior[] {
    return misbehaviors.filter((misbehavior) => {
      if (!this.isNew(misbehavior)) return false
      const { epoch } = misbehavior
      const record = this.#epochs.get(epoch) ?? { views: new Set(), counts: new Map() }
      record.views.add(viewKey(misbehavior))
      const key = offenderKey(misbehavior)
      record.counts.set(key, (record.counts.get(key) ?? 0) + 1)
      this.#epochs.set(epoch, record)
      return true
    })
  }

  /** Forgets epochs below: nobody is convicted of them any more. */
  forgetBelow(epoch: Epoch): void {
    for (const known of this.#epochs.keys()) if (known < epoch) this.#epochs.delete(known)
  }

  #has(misbehavior: Misbehavior): boolean {
    const key = viewKey(misbehavior)
    for (let at: Offences | undefined = this; at !== undefined; at = at.#base) {
      if (at.#epochs.get(misbehavior.epoch)?.views.has(key) === true) return true
    }
    return false
  }

  #countOf(misbehavior: Misbehavior): number {
    const key = offenderKey(misbehavior)
    let count = 0
    for (let at: Offences | undefined = this; at !== undefined; at = at.#base) {
      count += at.#epochs.get(misbehavior.epoch)?.counts.get(key) ?? 0
    }
    return count
  }
}

interface EpochRecord {
  readonly views: Set<string>
  readonly counts: Map<string, number>
}

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

function offenceOf({ kind }: Misbehavior): Offence {
  return kind === 'lockRegression' || kind === 'conflictingTimeouts' ? kind : 'equivocation'
}

function offenderKey(misbehavior: Misbehavior): string {
  return `${misbehavior.validator}/${offenceOf(misbehavior)}`
}

function viewKey(misbehavior: Misbehavior): string {
  return `${misbehavior.view}/${offenderKey(misbehavior)}`
}
