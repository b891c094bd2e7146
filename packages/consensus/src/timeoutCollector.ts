import type { SignatureScheme } from '@openliquid/crypto'
import {
  assert,
  equalBytes,
  type Hash,
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
import { extendedQC, type HighViews, highestGroup, highViewsOf } from './highTip.ts'

/** The timeouts of one view. */
interface Abandonment {
  readonly timeouts: Map<number, TimeoutVote>
  readonly verified: Set<number>
  /** Of the signers of all timeouts, and of those verified. */
  stake: bigint
  verifiedStake: bigint
  /** All timeouts as the groups of a TC, until another comes: verifying them is the dearest act of a lost view. */
  groups: readonly TimeoutGroup[] | undefined
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
  readonly #isHighTip: boolean
  readonly #views = new Map<View, Abandonment>()

  constructor(options: {
    readonly committee: Committee
    readonly context: SigningContext
    readonly scheme: SignatureScheme
    readonly verifier: CertificateVerifier
    readonly highTip: boolean
  }) {
    this.#committee = options.committee
    this.#context = options.context
    this.#scheme = options.scheme
    this.#verifier = options.verifier
    this.#isHighTip = options.highTip
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
    const abandonment = this.#viewOf(timeout.view)
    const { timeouts, verified } = abandonment
    const known = timeouts.get(timeout.signer)
    if (known === undefined) {
      abandonment.stake += this.#committee.stakeAt(timeout.signer)
    } else {
      if (verified.has(timeout.signer)) return
      if (equalBytes(known.signature, timeout.signature)) return
      if (!this.#verifies(timeout)) return
      this.#markVerified(abandonment, timeout.signer)
    }
    abandonment.groups = undefined
    timeouts.set(timeout.signer, timeout)
  }

  /** Every timeout kept. */
  get all(): readonly TimeoutVote[] {
    return [...this.#views.values()].flatMap(({ timeouts }) => [...timeouts.values()])
  }

  /** Whether anybody gave the view up. */
  has(view: View): boolean {
    return this.#views.size > 0 && this.#views.has(view)
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
    const abandonment = this.#viewOf(view)
    const { timeouts } = abandonment
    const groups = this.#groupsOf(abandonment, view)
    const high = highestGroup(groups)
    for (const timeout of timeouts.values()) {
      if (comparePairs(this.#viewsOf(timeout), high) !== 0) continue
      const { highTip } = timeout
      return this.#verifier.admitAggregateTC({
        epoch: this.#committee.epoch,
        view,
        groups,
        highQC: extendedQC(timeout),
        ...(highTip === undefined ? {} : { highTip }),
      })
    }
    return undefined
  }

  /** Forgets the views below. */
  forgetBelow(view: View): void {
    if (this.#views.size === 0) return
    for (const known of this.#views.keys()) if (known < view) this.#views.delete(known)
  }

  /** Counts unseen first: signatures are verified only when the count, all being good, would be enough. */
  #reaches(view: View, isEnough: (stake: bigint) => boolean): boolean {
    const abandonment = this.#views.get(view)
    if (abandonment === undefined) return false
    if (isEnough(abandonment.verifiedStake)) return true
    if (!isEnough(abandonment.stake)) return false
    this.#groupsOf(abandonment, view)
    return isEnough(abandonment.verifiedStake)
  }

  #markVerified(abandonment: Abandonment, signer: number): void {
    if (abandonment.verified.has(signer)) return
    abandonment.verified.add(signer)
    abandonment.verifiedStake += this.#committee.stakeAt(signer)
  }

  /** Verifies all timeouts of a view, drops the bad ones, and returns the groups in the order of a TC. */
  #groupsOf(abandonment: Abandonment, view: View): readonly TimeoutGroup[] {
    abandonment.groups ??= this.#aggregate(abandonment, view)
    return abandonment.groups
  }

  #aggregate(abandonment: Abandonment, view: View): TimeoutGroup[] {
    const { timeouts } = abandonment
    const byViews: { readonly views: HighViews; readonly members: TimeoutVote[] }[] = []
    for (const timeout of timeouts.values()) {
      const views = this.#viewsOf(timeout)
      const group = byViews.find((other) => comparePairs(other.views, views) === 0)
      if (group === undefined) byViews.push({ views, members: [timeout] })
      else group.members.push(timeout)
    }
    const groups: TimeoutGroup[] = []
    for (const { members, views } of byViews.sort((a, b) => comparePairs(a.views, b.views))) {
      const { signature, signers, badSigners } = this.#scheme.aggregate(
        members.map((timeout) => ({
          signer: timeout.signer,
          publicKey: this.#committee.voteKeyOf(timeout.signer),
          signature: timeout.signature,
        })),
        this.#digestOf(views, view),
      )
      for (const signer of badSigners) {
        timeouts.delete(signer)
        abandonment.stake -= this.#committee.stakeAt(signer)
      }
      for (const signer of signers) this.#markVerified(abandonment, signer)
      if (signers.length === 0) continue
      groups.push({ ...views, signers: this.#committee.bitmapOf(signers), signature })
    }
    return groups
  }

  #verifies(timeout: TimeoutVote): boolean {
    const publicKey = this.#committee.voteKeyOf(timeout.signer)
    const digest = this.#digestOf(this.#viewsOf(timeout), timeout.view)
    return this.#scheme.verify(publicKey, digest, timeout.signature)
  }

  #digestOf({ highQCView, highTipView }: HighViews, view: View): Hash {
    return timeoutDigest(this.#context, this.#committee.epoch, view, highQCView, highTipView)
  }

  #viewsOf(timeout: TimeoutVote): HighViews {
    return highViewsOf(timeout, this.#isHighTip)
  }

  #viewOf(view: View): Abandonment {
    const known = this.#views.get(view)
    if (known !== undefined) return known
    const abandonment: Abandonment = {
      timeouts: new Map(),
      verified: new Set(),
      stake: 0n,
      verifiedStake: 0n,
      groups: undefined,
    }
    this.#views.set(view, abandonment)
    return abandonment
  }
}

/** The order of the groups of a TC. */
function comparePairs(a: HighViews, b: HighViews): number {
  return compare(a.highQCView, b.highQCView) || compare(a.highTipView ?? 0n, b.highTipView ?? 0n)
}

function compare(a: View, b: View): number {
  return a < b ? -1 : a > b ? 1 : 0
}
