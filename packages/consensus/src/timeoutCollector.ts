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
    const { timeouts } = this.#viewOf(view)
    const groups = this.#aggregate(view)
    const high = highestGroup(groups)
    for (const timeout of timeouts.values()) {
      if (pairOf(this.#viewsOf(timeout)) !== pairOf(high)) continue
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
    const { timeouts, verified } = abandonment
    if (isEnough(this.#committee.stakeOf([...verified]))) return true
    if (!isEnough(this.#committee.stakeOf([...timeouts.keys()]))) return false
    this.#aggregate(view)
    return isEnough(this.#committee.stakeOf([...verified]))
  }

  /** Verifies all timeouts of a view, drops the bad ones, and returns the groups in the order of a TC. */
  #aggregate(view: View): TimeoutGroup[] {
    const { timeouts, verified } = this.#viewOf(view)
    const byPair = new Map<bigint, TimeoutVote[]>()
    for (const timeout of timeouts.values()) {
      const pair = pairOf(this.#viewsOf(timeout))
      const group = byPair.get(pair)
      if (group === undefined) byPair.set(pair, [timeout])
      else group.push(timeout)
    }
    const groups: TimeoutGroup[] = []
    for (const pair of [...byPair.keys()].sort(comparePairs)) {
      const members = byPair.get(pair) ?? []
      const [first] = members
      assert(first !== undefined, 'a group has a member')
      const views = this.#viewsOf(first)
      const { signature, signers, badSigners } = this.#scheme.aggregate(
        members.map((timeout) => ({
          signer: timeout.signer,
          publicKey: this.#committee.voteKeyOf(timeout.signer),
          signature: timeout.signature,
        })),
        this.#digestOf(first),
      )
      for (const signer of badSigners) timeouts.delete(signer)
      for (const signer of signers) verified.add(signer)
      if (signers.length === 0) continue
      groups.push({ ...views, signers: this.#committee.bitmapOf(signers), signature })
    }
    return groups
  }

  #verifies(timeout: TimeoutVote): boolean {
    const publicKey = this.#committee.voteKeyOf(timeout.signer)
    return this.#scheme.verify(publicKey, this.#digestOf(timeout), timeout.signature)
  }

  #digestOf(timeout: TimeoutVote): Hash {
    const { highQCView, highTipView } = this.#viewsOf(timeout)
    const { epoch } = this.#committee
    return timeoutDigest(this.#context, epoch, timeout.view, highQCView, highTipView)
  }

  #viewsOf(timeout: TimeoutVote): HighViews {
    return highViewsOf(timeout, this.#isHighTip)
  }

  #viewOf(view: View): Abandonment {
    const known = this.#views.get(view)
    if (known !== undefined) return known
    const abandonment: Abandonment = { timeouts: new Map(), verified: new Set() }
    this.#views.set(view, abandonment)
    return abandonment
  }
}

/** Both views of a group as one number, in the order of the groups of a TC. */
function pairOf({ highQCView, highTipView = 0n }: HighViews): bigint {
  return (highQCView << 64n) | highTipView
}

function comparePairs(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
