import type { SignatureScheme } from '@openliquid/crypto'
import {
  type Codec,
  equalBytes,
  type Hash,
  type QuorumCertificate,
  quorumCertificateCodec,
  type SigningContext,
  sha256,
  type TimeoutCertificate,
  timeoutCertificateCodec,
  timeoutDigest,
  type Verified,
  voteDigest,
} from '@openliquid/primitives'
import type { Committee } from './committee.ts'
import { type HashKey, hashKey } from './hashKey.ts'
import { CERTIFICATES_CACHED_MAX } from './limits.ts'

/**
 * The only maker of `Verified` certificates. Each is verified once and remembered by the hash of its full encoding.
 *
 * @see docs/spec/consensus.md §3
 */
export class CertificateVerifier {
  readonly #committee: Committee
  readonly #context: SigningContext
  readonly #scheme: SignatureScheme
  readonly #epochGenesisQC: QuorumCertificate
  /** Least recently used first. */
  readonly #known = new Map<HashKey, true>()

  constructor(options: {
    readonly committee: Committee
    readonly context: SigningContext
    readonly scheme: SignatureScheme
    readonly epochGenesisQC: QuorumCertificate
  }) {
    this.#committee = options.committee
    this.#context = options.context
    this.#scheme = options.scheme
    this.#epochGenesisQC = options.epochGenesisQC
  }

  /** Valid ⇔ a quorum of this epoch signed (epoch, view, blockHash), or it is the epoch-genesis QC byte for byte. */
  verifyQC(qc: QuorumCertificate): Verified<QuorumCertificate> | undefined {
    if (qc.epoch !== this.#committee.epoch) return undefined
    if (qc.view === 0n) return this.#isEpochGenesisQC(qc) ? verified(qc) : undefined
    const key = keyOf(qc, quorumCertificateCodec)
    if (this.#isKnown(key)) return verified(qc)

    const signers = this.#committee.signersOf(qc.signers)
    if (signers === undefined) return undefined
    if (!this.#committee.isQuorum(this.#committee.stakeOf(signers))) return undefined
    const digest = voteDigest(this.#context, qc.epoch, qc.view, qc.blockHash)
    if (!this.#scheme.verifyAggregate(this.#keysOf(signers), digest, qc.signature)) return undefined
    this.#remember(key)
    return verified(qc)
  }

  /** Valid ⇔ disjoint groups of a quorum each signed their own highQCView, and highQC is the greatest of them. */
  verifyTC(tc: TimeoutCertificate): Verified<TimeoutCertificate> | undefined {
    if (tc.epoch !== this.#committee.epoch || tc.view < 1n) return undefined
    const key = keyOf(tc, timeoutCertificateCodec)
    if (this.#isKnown(key)) return verified(tc)

    const groups: { publicKeys: Uint8Array[]; digest: Hash; signature: Uint8Array }[] = []
    const union = new Set<number>()
    let highQCView = -1n
    for (const group of tc.groups) {
      const signers = this.#committee.signersOf(group.signers)
      if (signers === undefined || signers.length === 0) return undefined
      // Ascending and distinct: two TCs of one meaning have one encoding.
      if (group.highQCView <= highQCView || group.highQCView >= tc.view) return undefined
      highQCView = group.highQCView
      for (const signer of signers) {
        // A signer in two groups would count twice towards the quorum.
        if (union.has(signer)) return undefined
        union.add(signer)
      }
      groups.push({
        publicKeys: this.#keysOf(signers),
        digest: timeoutDigest(this.#context, tc.epoch, tc.view, group.highQCView),
        signature: group.signature,
      })
    }
    if (!this.#committee.isQuorum(this.#committee.stakeOf(union))) return undefined
    // B4 compares a proposal's QC with this one, so it must be the maximum the signers knew of.
    if (tc.highQC.view !== highQCView || this.verifyQC(tc.highQC) === undefined) return undefined
    if (!this.#scheme.verifyGroups(groups)) return undefined
    this.#remember(key)
    return verified(tc)
  }

  /** Brands a QC that `aggregate` made, which has verified it. */
  admitAggregateQC(qc: QuorumCertificate): Verified<QuorumCertificate> {
    this.#remember(keyOf(qc, quorumCertificateCodec))
    return verified(qc)
  }

  /** Brands a TC whose groups `aggregate` made, which has verified them. */
  admitAggregateTC(tc: TimeoutCertificate): Verified<TimeoutCertificate> {
    this.#remember(keyOf(tc, timeoutCertificateCodec))
    return verified(tc)
  }

  /**
   * Brands a QC that needs no look: it stands in the header of a certified block, whose honest voters verified it, or
   * in our own log, which holds only verified ones.
   */
  trustQC(qc: QuorumCertificate): Verified<QuorumCertificate> {
    return verified(qc)
  }

  /** Brands a TC from our own log. */
  trustTC(tc: TimeoutCertificate): Verified<TimeoutCertificate> {
    return verified(tc)
  }

  #isEpochGenesisQC(qc: QuorumCertificate): boolean {
    const ours = this.#epochGenesisQC
    return (
      equalBytes(qc.blockHash, ours.blockHash) &&
      equalBytes(qc.signers, ours.signers) &&
      equalBytes(qc.signature, ours.signature)
    )
  }

  #keysOf(signers: readonly number[]): Uint8Array[] {
    return signers.map((signer) => this.#committee.voteKeyOf(signer))
  }

  #isKnown(key: HashKey): boolean {
    if (!this.#known.delete(key)) return false
    this.#known.set(key, true)
    return true
  }

  #remember(key: HashKey): void {
    this.#known.set(key, true)
    if (this.#known.size <= CERTIFICATES_CACHED_MAX) return
    const [oldest] = this.#known.keys()
    if (oldest !== undefined) this.#known.delete(oldest)
  }
}

function verified<T>(certificate: T): Verified<T> {
  return certificate as Verified<T>
}

/** Keys of certificates in use: one object is looked up several times, and never changed. */
const keys = new WeakMap<QuorumCertificate | TimeoutCertificate, HashKey>()

function keyOf<T extends QuorumCertificate | TimeoutCertificate>(
  certificate: T,
  codec: Codec<T>,
): HashKey {
  const known = keys.get(certificate)
  if (known !== undefined) return known
  const key = hashKey(sha256(codec.encode(certificate)))
  keys.set(certificate, key)
  return key
}
