import type { SignatureScheme } from '@openliquid/crypto'
import {
  blockHash,
  type Codec,
  equalBytes,
  type Hash,
  type NoEndorsementCertificate,
  noEndorseDigest,
  noEndorsementCertificateCodec,
  proposalDigest,
  type QuorumCertificate,
  type SigningContext,
  type TimeoutCertificate,
  type TimeoutGroup,
  type Tip,
  timeoutDigest,
  tipCodec,
  type Verified,
  type View,
  voteDigest,
} from '@openliquid/primitives'
import { CertificateCache } from './certificateCache.ts'
import type { Committee } from './committee.ts'
import { hasTip, highestGroup } from './highTip.ts'

/**
 * The only maker of `Verified` certificates. Each is verified once and remembered by all that it says.
 *
 * @see docs/spec/consensus.md §3
 */
export class CertificateVerifier {
  readonly #committee: Committee
  readonly #context: SigningContext
  readonly #scheme: SignatureScheme
  /** Of proposals, whose signatures tips carry; absent without `highTip`. */
  readonly #tipScheme: SignatureScheme | undefined
  readonly #epochGenesisQC: QuorumCertificate | undefined
  readonly #knownQCs = new CertificateCache(isSameQC)
  readonly #knownTCs = new CertificateCache(isSameTC)
  readonly #knownTips = new CertificateCache(isSameTip)
  readonly #knownNecs = new CertificateCache(isSameNec)

  constructor(options: {
    readonly committee: Committee
    readonly context: SigningContext
    readonly scheme: SignatureScheme
    /** Of proposals: only where `consensus.highTip` is on. */
    readonly tipScheme?: SignatureScheme | undefined
    /** Absent: no QC of view 0 is valid. */
    readonly epochGenesisQC?: QuorumCertificate
  }) {
    this.#committee = options.committee
    this.#context = options.context
    this.#scheme = options.scheme
    this.#epochGenesisQC = options.epochGenesisQC
    this.#tipScheme = options.tipScheme
  }

  /** Valid ⇔ a quorum of this epoch signed (epoch, view, blockHash), or it is the epoch-genesis QC byte for byte. */
  verifyQC(qc: QuorumCertificate): Verified<QuorumCertificate> | undefined {
    if (qc.epoch !== this.#committee.epoch) return undefined
    if (qc.view === 0n) return this.#isEpochGenesisQC(qc) ? verified(qc) : undefined
    if (this.#knownQCs.has(qc.view, qc)) return verified(qc)

    const signers = this.#committee.signersOf(qc.signers)
    if (signers === undefined) return undefined
    if (!this.#committee.isQuorum(this.#committee.stakeOf(signers))) return undefined
    const digest = voteDigest(this.#context, qc.epoch, qc.view, qc.blockHash)
    if (!this.#scheme.verifyAggregate(this.#keysOf(signers), digest, qc.signature)) return undefined
    this.#knownQCs.add(qc.view, qc)
    return verified(qc)
  }

  /**
   * Valid ⇔ disjoint groups of a quorum each signed their own highQCView, and highQC is the greatest of them. Under
   * `highTip` they signed their highTipView too, and highQC and highTip are those of the highest rank.
   */
  verifyTC(tc: TimeoutCertificate): Verified<TimeoutCertificate> | undefined {
    if (tc.epoch !== this.#committee.epoch || tc.view < 1n) return undefined
    if (this.#knownTCs.has(tc.view, tc)) return verified(tc)

    const top = this.#verifyGroups(tc.view, tc.groups)
    if (top === undefined) return undefined
    // B4 compares a proposal's QC with this one, so it must be the maximum the signers knew of.
    if (tc.highQC.view !== top.highQCView || this.verifyQC(tc.highQC) === undefined)
      return undefined
    if (!this.#isTipOf(top, tc)) return undefined
    this.#knownTCs.add(tc.view, tc)
    return verified(tc)
  }

  /**
   * Valid ⇔ its author signed it as a proposal of its view, on a valid QC, with the right to build a new block. Who
   * leads the view is asked elsewhere: that depends on what is committed.
   */
  verifyTip(tip: Tip): Verified<Tip> | undefined {
    const scheme = this.#tipScheme
    const { header, signature, tcHash } = tip
    const { epoch, proposer, qc, view } = header
    if (scheme === undefined || epoch !== this.#committee.epoch) return undefined
    if (!this.#committee.has(proposer) || qc.view >= view) return undefined
    if (!equalBytes(qc.blockHash, header.parentHash)) return undefined
    if (this.#knownTips.has(view, tip)) return verified(tip)

    if (this.verifyQC(qc) === undefined || !this.#isFresh(tip)) return undefined
    const digest = proposalDigest(this.#context, epoch, view, blockHash(header), tcHash)
    if (!scheme.verify(this.#committee.nodeKeyOf(proposer), digest, signature)) return undefined
    this.#knownTips.add(view, tip)
    return verified(tip)
  }

  /** Valid ⇔ a quorum of this epoch declared in the view that they do not endorse a tip on a QC of that view. */
  verifyNec(nec: NoEndorsementCertificate): Verified<NoEndorsementCertificate> | undefined {
    if (nec.epoch !== this.#committee.epoch || nec.tipQCView >= nec.view) return undefined
    if (this.#knownNecs.has(nec.view, nec)) return verified(nec)

    const refusers = this.#committee.signersOf(nec.signers)
    if (refusers === undefined) return undefined
    if (!this.#committee.isQuorum(this.#committee.stakeOf(refusers))) return undefined
    const digest = noEndorseDigest(this.#context, nec.epoch, nec.view, nec.tipQCView)
    const keysOfRefusers = this.#keysOf(refusers)
    if (!this.#scheme.verifyAggregate(keysOfRefusers, digest, nec.signature)) return undefined
    this.#knownNecs.add(nec.view, nec)
    return verified(nec)
  }

  /** Returns the group of the highest rank; undefined unless a quorum signed, each once. */
  #verifyGroups(view: View, claims: readonly TimeoutGroup[]): TimeoutGroup | undefined {
    const isHighTip = this.#tipScheme !== undefined
    const groups: { publicKeys: Uint8Array[]; digest: Hash; signature: Uint8Array }[] = []
    const union = new Set<number>()
    let last: TimeoutGroup | undefined
    for (const group of claims) {
      const { highQCView, highTipView } = group
      if ((highTipView !== undefined) !== isHighTip) return undefined
      const signers = this.#committee.signersOf(group.signers)
      if (signers === undefined || signers.length === 0) return undefined
      // Ascending and distinct: two TCs of one meaning have one encoding.
      if (highQCView >= view || (last !== undefined && !isAfter(group, last))) return undefined
      // A tip that is not above its QC, or of a later view, is none.
      const isTip = highTipView !== undefined && highTipView > 0n
      if (isTip && (highTipView <= highQCView || highTipView > view)) return undefined
      last = group
      for (const signer of signers) {
        // A signer in two groups would count twice towards the quorum.
        if (union.has(signer)) return undefined
        union.add(signer)
      }
      const { epoch } = this.#committee
      groups.push({
        publicKeys: this.#keysOf(signers),
        digest: timeoutDigest(this.#context, epoch, view, highQCView, highTipView),
        signature: group.signature,
      })
    }
    if (!this.#committee.isQuorum(this.#committee.stakeOf([...union]))) return undefined
    if (!this.#scheme.verifyGroups(groups)) return undefined
    return highestGroup(claims)
  }

  /** Whether the TC's tip is there exactly when its highest group has one, and is of that rank. */
  #isTipOf(top: TimeoutGroup, { highQC, highTip }: TimeoutCertificate): boolean {
    if (!hasTip(top)) return highTip === undefined
    if (highTip === undefined || highTip.header.view !== top.highTipView) return false
    return isSameQC(highQC, highTip.header.qc) && this.verifyTip(highTip) !== undefined
  }

  /** Whether the author of a tip had the right to a block of its own in that view. */
  #isFresh({ fresh, header, tcHash }: Tip): boolean {
    const { qc, view } = header
    if (qc.view + 1n === view) return fresh === undefined && tcHash === undefined
    if (fresh === undefined || tcHash === undefined) return false
    if (fresh.kind === 'nec') {
      const { nec } = fresh
      if (nec.view !== view || nec.tipQCView !== qc.view) return false
      return this.verifyNec(nec) !== undefined
    }
    const top = this.#verifyGroups(view - 1n, fresh.groups)
    return top !== undefined && !hasTip(top) && top.highQCView === qc.view
  }

  /** Brands a QC that `aggregate` made, which has verified it. */
  admitAggregateQC(qc: QuorumCertificate): Verified<QuorumCertificate> {
    this.#knownQCs.add(qc.view, qc)
    return verified(qc)
  }

  /** Brands a TC whose groups `aggregate` made, which has verified them. */
  admitAggregateTC(tc: TimeoutCertificate): Verified<TimeoutCertificate> {
    this.#knownTCs.add(tc.view, tc)
    return verified(tc)
  }

  /**
   * Brands a QC that needs no look: it stands in the header of a certified block, whose honest voters verified it, or
   * in our own log, which holds only verified ones.
   */
  trustQC(qc: QuorumCertificate): Verified<QuorumCertificate> {
    return verified(qc)
  }

  /** Brands a no-endorsement certificate that `aggregate` made, which has verified it. */
  admitAggregateNec(nec: NoEndorsementCertificate): Verified<NoEndorsementCertificate> {
    this.#knownNecs.add(nec.view, nec)
    return verified(nec)
  }

  /** Brands a TC from our own log. */
  trustTC(tc: TimeoutCertificate): Verified<TimeoutCertificate> {
    return verified(tc)
  }

  #isEpochGenesisQC(qc: QuorumCertificate): boolean {
    const ours = this.#epochGenesisQC
    return (
      ours !== undefined &&
      equalBytes(qc.blockHash, ours.blockHash) &&
      equalBytes(qc.signers, ours.signers) &&
      equalBytes(qc.signature, ours.signature)
    )
  }

  #keysOf(signers: readonly number[]): Uint8Array[] {
    return signers.map((signer) => this.#committee.voteKeyOf(signer))
  }
}

function verified<T>(certificate: T): Verified<T> {
  return certificate as Verified<T>
}

function isSameQC(a: QuorumCertificate, b: QuorumCertificate): boolean {
  return (
    a === b ||
    (a.epoch === b.epoch &&
      a.view === b.view &&
      equalBytes(a.blockHash, b.blockHash) &&
      equalBytes(a.signers, b.signers) &&
      equalBytes(a.signature, b.signature))
  )
}

function isSameTC(a: TimeoutCertificate, b: TimeoutCertificate): boolean {
  return (
    a === b ||
    (a.epoch === b.epoch &&
      a.view === b.view &&
      isSameQC(a.highQC, b.highQC) &&
      a.groups.length === b.groups.length &&
      a.groups.every((group, i) => isSameGroup(group, b.groups[i])) &&
      (a.highTip === undefined || b.highTip === undefined
        ? a.highTip === b.highTip
        : isSameTip(a.highTip, b.highTip)))
  )
}

function isSameGroup(a: TimeoutGroup, b: TimeoutGroup | undefined): boolean {
  return (
    b !== undefined &&
    a.highQCView === b.highQCView &&
    a.highTipView === b.highTipView &&
    equalBytes(a.signers, b.signers) &&
    equalBytes(a.signature, b.signature)
  )
}

const isSameTip = sameBytesOf(tipCodec)
const isSameNec = sameBytesOf(noEndorsementCertificateCodec)

function sameBytesOf<T>({ encode }: Codec<T>): (a: T, b: T) => boolean {
  return (a, b) => equalBytes(encode(a), encode(b))
}

/** Order of the groups in a TC. */
function isAfter(group: TimeoutGroup, last: TimeoutGroup): boolean {
  if (group.highQCView !== last.highQCView) return group.highQCView > last.highQCView
  return (group.highTipView ?? 0n) > (last.highTipView ?? 0n)
}
