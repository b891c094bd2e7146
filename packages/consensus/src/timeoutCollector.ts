import type { SignatureScheme } from '@openliquid/crypto'
import {
  assert,
  equalBytes,
  type SigningContext,
  type TimeoutCertificate,
  type TimeoutGroup,
  type TimeoutVote,
  timeoutDigest,
  type Verified,
  type View,
} from '@openliquid/primitives'
import type { CertificateVerifier } from './certificateVerifier.ts'
import type { Committee } from './committee.ts'

/** The timeouts of one view. */
interface Abandonment {
  readonly timeouts: Map<number, TimeoutVote>
  readonly verified: Set<number>
}

/**
 * Timeouts by view. Their certificates were verified before they came here; their own signatures wait until enough
 * stand together for it to matter, then all are verified in one go per highQCView.
 *
 * @see docs/spec/consensus.md §5
 */
export class TimeoutCollector {
  readonly #committee: Committee
  readonly #context: SigningContext
  readonly #scheme: SignatureScheme
  readonly #verifier: CertificateVerifier
  readonly #views = new Map<View, Abandonment>()

  constructor(options: {
    readonly committee: Committee
    readonly context: SigningContext
    readonly scheme: SignatureScheme
    readonly verifier: CertificateVerifier
  }) {
    this.#committee = options.committee
    this.#context = options.context
    this.#scheme = options.scheme
    this.#verifier = options.verifier
  }

  /** Timeouts kept of all views. */
  get size(): number {
    let size = 0
    for (const { timeouts } of this.#views.values()) size += timeouts.size
    return size
  }

  /** Keeps a timeout of this epoch by a member: the first of a signer, or one that verifies where the first did not. */
  add(timeout: TimeoutVote): void {
    assert(this.#committee.has(timeout.signer), 'the signer is a member')
    const { timeouts, verified } = this.#viewOf(timeout.view)
    const known = timeouts.get(timeout.signer)
    if (known !== undefined) {
      if (verified.has(timeout.signer)) return
      if (equalBytes(known.signature, timeout.signature)) return
      if (!this.#verifies(timeout)) return
      verified.add(timeout.signer)
    }
    timeouts.set(timeout.signer, timeout)
  }

  /** Every timeout kept. */
  get all(): readonly TimeoutVote[] {
    return [...this.#views.values()].flatMap(({ timeouts }) => [...timeouts.values()])
  }

  /** The timeouts kept of a view, to take the votes out of them. */
  timeoutsOf(view: View): Iterable<TimeoutVote> {
    return this.#views.get(view)?.timeouts.values() ?? []
  }

  /** Whether validators of at least 1/3 of the stake gave the view up. */
  isBlocking(view: View): boolean {
    return this.#reaches(view, (stake) => this.#committee.isBlockingSet(stake))
  }

  /** Whether validators of more than 2/3 of the stake gave the view up. */
  isQuorum(view: View): boolean {
    return this.#reaches(view, (stake) => this.#committee.isQuorum(stake))
  }

  /** The view's timeout certificate, if a quorum gave it up. */
  certificate(view: View): Verified<TimeoutCertificate> | undefined {
    if (!this.isQuorum(view)) return undefined
    const { timeouts } = this.#viewOf(view)
    const groups = this.#aggregate(view)
    const high = groups.at(-1)
    assert(high !== undefined, 'a quorum has a group')
    for (const { highQC } of timeouts.values()) {
      if (highQC.view !== high.highQCView) continue
      return this.#verifier.admitAggregateTC({
        epoch: this.#committee.epoch,
        view,
        groups,
        highQC,
      })
    }
    return undefined
  }

  /** Forgets the views below. */
  forgetBelow(view: View): void {
    for (const known of this.#views.keys()) if (known < view) this.#views.delete(known)
  }

  /** Counts unseen first: signatures are verified only when the count, all being good, would be enough. */
  #reaches(view: View, isEnough: (stake: bigint) => boolean): boolean {
    const abandonment = this.#views.get(view)
    if (abandonment === undefined) return false
    const { timeouts, verified } = abandonment
    if (isEnough(this.#committee.stakeOf(verified))) return true
    if (!isEnough(this.#committee.stakeOf(timeouts.keys()))) return false
    this.#aggregate(view)
    return isEnough(this.#committee.stakeOf(verified))
  }

  /** Verifies all timeouts of a view, drops the bad ones, and returns the groups ascending by highQCView. */
  #aggregate(view: View): TimeoutGroup[] {
    const { timeouts, verified } = this.#viewOf(view)
    const byHighQC = new Map<View, TimeoutVote[]>()
    for (const timeout of timeouts.values()) {
      const group = byHighQC.get(timeout.highQC.view)
      if (group === undefined) byHighQC.set(timeout.highQC.view, [timeout])
      else group.push(timeout)
    }
    const groups: TimeoutGroup[] = []
    for (const highQCView of [...byHighQC.keys()].sort(compareViews)) {
      const { signature, signers, badSigners } = this.#scheme.aggregate(
        (byHighQC.get(highQCView) ?? []).map((timeout) => ({
          signer: timeout.signer,
          publicKey: this.#committee.voteKeyOf(timeout.signer),
          signature: timeout.signature,
        })),
        timeoutDigest(this.#context, this.#committee.epoch, view, highQCView),
      )
      for (const signer of badSigners) timeouts.delete(signer)
      for (const signer of signers) verified.add(signer)
      if (signers.length === 0) continue
      groups.push({ highQCView, signers: this.#committee.bitmapOf(signers), signature })
    }
    return groups
  }

  #verifies({ view, highQC, signer, signature }: TimeoutVote): boolean {
    const digest = timeoutDigest(this.#context, this.#committee.epoch, view, highQC.view)
    return this.#scheme.verify(this.#committee.voteKeyOf(signer), digest, signature)
  }

  #viewOf(view: View): Abandonment {
    const known = this.#views.get(view)
    if (known !== undefined) return known
    const abandonment: Abandonment = { timeouts: new Map(), verified: new Set() }
    this.#views.set(view, abandonment)
    return abandonment
  }
}

function compareViews(a: View, b: View): number {
  return a < b ? -1 : a > b ? 1 : 0
}
