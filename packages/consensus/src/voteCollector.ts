import type { SignatureScheme } from '@openliquid/crypto'
import {
  assert,
  equalBytes,
  type Hash,
  type PeerId,
  type QuorumCertificate,
  type SigningContext,
  type Verified,
  type View,
  type Vote,
  voteDigest,
} from '@openliquid/primitives'
import type { CertificateVerifier } from './certificateVerifier.ts'
import type { Committee } from './committee.ts'
import { SUSPECTS_MAX, VOTES_PER_SIGNER_MAX } from './limits.ts'

/** Place of a vote that is not there. */
const NONE = -1

/** The votes of one view for one block. */
interface Ballot {
  readonly view: View
  readonly blockHash: Hash
  /** One of each signer, in the order they came. */
  readonly votes: Vote[]
  /** Who brought each of them, in the same order; nobody brought our own. */
  readonly senders: (PeerId | undefined)[]
  /** Of those who voted. */
  stake: bigint
  /** Whether that is a quorum, as far as one can tell unseen. */
  isQuorum: boolean
  /** Signers whose vote was verified alone. */
  readonly verified: number[]
}

/**
 * Votes by view and block, unverified until a quorum stands together; then one verification makes the certificate.
 *
 * @see docs/spec/consensus.md §9
 */
export class VoteCollector {
  readonly #committee: Committee
  readonly #context: SigningContext
  readonly #scheme: SignatureScheme
  readonly #verifier: CertificateVerifier
  /** Of the few views that votes are kept of; one ballot per block that was voted for, nearly always one. */
  readonly #ballots: Ballot[] = []
  /** Peers that brought a bad vote in this epoch: theirs are verified when they come, so each spoils one quorum at most. */
  readonly #suspects = new Set<PeerId>()

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

  /** Votes kept of all views. */
  get size(): number {
    let size = 0
    for (const { votes } of this.#ballots) size += votes.length
    return size
  }

  /** Whether some block of any view has the votes of a quorum. */
  get hasAnyQuorum(): boolean {
    for (const { isQuorum } of this.#ballots) if (isQuorum) return true
    return false
  }

  /**
   * Keeps a vote of this epoch by a member. A signer's first vote in a view is kept unseen, any other must verify, and
   * so must all from a peer that brought a bad one.
   *
   * @param from - who delivered it; absent for our own, and for those that stood in timeouts
   */
  add(vote: Vote, from?: PeerId): void {
    assert(this.#committee.has(vote.signer), 'the signer is a member')
    const { blockHash, signer, view } = vote
    const ballot = this.#ballotOf(view, blockHash)
    const place = ballot === undefined ? NONE : placeOf(signer, ballot.votes)
    const known = place === NONE ? undefined : ballot?.votes[place]
    if (known !== undefined && equalBytes(known.signature, vote.signature)) return

    const count = this.#countOf(signer, view)
    // Whoever forges another's vote first must not be able to shut out the true one.
    const isSuspect = from !== undefined && this.#suspects.size > 0 && this.#suspects.has(from)
    const mustVerify = count > 0 || isSuspect
    if (mustVerify) {
      if (ballot?.verified.includes(signer) === true) return
      if (known === undefined && count >= VOTES_PER_SIGNER_MAX) return
      if (!this.#verifies(vote)) return
    }
    const kept = ballot ?? this.#newBallot(view, blockHash)
    if (known === undefined) {
      kept.stake += this.#committee.stakeAt(signer)
      kept.isQuorum = this.#committee.isQuorum(kept.stake)
      kept.votes.push(vote)
      kept.senders.push(from)
    } else kept.votes[place] = vote
    if (mustVerify) kept.verified.push(signer)
  }

  /** Every vote kept. */
  get all(): readonly Vote[] {
    return this.#ballots.flatMap(({ votes }) => votes)
  }

  /** Whether some block of the view has, as far as one can tell unseen, the votes of a quorum. */
  hasQuorum(view: View): boolean {
    return this.#quorumBallot(view) !== undefined
  }

  /** Makes the view's certificate; bad votes found on the way are dropped, and it may then not be enough. */
  certificate(view: View): Verified<QuorumCertificate> | undefined {
    for (;;) {
      const ballot = this.#quorumBallot(view)
      if (ballot === undefined) return undefined
      const qc = this.#aggregate(ballot)
      if (qc !== undefined) return qc
    }
  }

  /** Forgets the views below. */
  forgetBelow(view: View): void {
    let count = 0
    for (const ballot of this.#ballots) if (ballot.view >= view) this.#ballots[count++] = ballot
    while (this.#ballots.length > count) this.#ballots.pop()
  }

  #suspect(peer: PeerId): void {
    this.#suspects.add(peer)
    const [oldest] = this.#suspects
    if (this.#suspects.size > SUSPECTS_MAX && oldest !== undefined) this.#suspects.delete(oldest)
  }

  #newBallot(view: View, blockHash: Hash): Ballot {
    const ballot: Ballot = {
      view,
      blockHash,
      votes: [],
      senders: [],
      stake: 0n,
      isQuorum: false,
      verified: [],
    }
    this.#ballots.push(ballot)
    return ballot
  }

  #quorumBallot(view: View): Ballot | undefined {
    for (const ballot of this.#ballots) {
      if (ballot.isQuorum && ballot.view === view) return ballot
    }
    return undefined
  }

  #ballotOf(view: View, blockHash: Hash): Ballot | undefined {
    for (const ballot of this.#ballots) {
      if (ballot.view === view && equalBytes(ballot.blockHash, blockHash)) return ballot
    }
    return undefined
  }

  /** Blocks of a view that a signer voted for. */
  #countOf(signer: number, view: View): number {
    let count = 0
    for (const ballot of this.#ballots) {
      if (ballot.view === view && placeOf(signer, ballot.votes) !== NONE) count += 1
    }
    return count
  }

  #aggregate(ballot: Ballot): Verified<QuorumCertificate> | undefined {
    const { view, blockHash, votes } = ballot
    const { epoch } = this.#committee
    const { signature, signers, badSigners } = this.#scheme.aggregate(
      votes.map((vote) => ({
        signer: vote.signer,
        publicKey: this.#committee.voteKeyOf(vote.signer),
        signature: vote.signature,
      })),
      voteDigest(this.#context, epoch, view, blockHash),
    )
    for (const signer of badSigners) {
      const place = placeOf(signer, votes)
      votes.splice(place, 1)
      const [sender] = ballot.senders.splice(place, 1)
      if (sender !== undefined) this.#suspect(sender)
      ballot.stake -= this.#committee.stakeAt(signer)
    }
    if (badSigners.length > 0) ballot.isQuorum = this.#committee.isQuorum(ballot.stake)
    if (!this.#committee.isQuorum(this.#committee.stakeOf(signers))) {
      assert(badSigners.length > 0, 'good votes of a quorum make a certificate')
      return undefined
    }
    const bitmap = this.#committee.bitmapOf(signers)
    return this.#verifier.admitAggregateQC({ epoch, view, blockHash, signers: bitmap, signature })
  }

  #verifies({ view, blockHash, signer, signature }: Vote): boolean {
    const digest = voteDigest(this.#context, this.#committee.epoch, view, blockHash)
    return this.#scheme.verify(this.#committee.voteKeyOf(signer), digest, signature)
  }
}

function placeOf(signer: number, votes: readonly Vote[]): number {
  for (let i = 0; i < votes.length; i++) if (votes[i]?.signer === signer) return i
  return NONE
}
