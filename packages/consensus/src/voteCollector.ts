import type { SignatureScheme } from '@openliquid/crypto'
import {
  assert,
  equalBytes,
  type Hash,
  type QuorumCertificate,
  type SigningContext,
  type Verified,
  type View,
  type Vote,
  voteDigest,
} from '@openliquid/primitives'
import type { CertificateVerifier } from './certificateVerifier.ts'
import type { Committee } from './committee.ts'
import { VOTES_PER_SIGNER_MAX } from './limits.ts'

/** The votes of one view for one block. */
interface Ballot {
  readonly view: View
  readonly blockHash: Hash
  readonly votes: Map<number, Vote>
  /** Of those who voted. */
  stake: bigint
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
    for (const { votes } of this.#ballots) size += votes.size
    return size
  }

  get isEmpty(): boolean {
    return this.#ballots.length === 0
  }

  /** Keeps a vote of this epoch by a member. A signer's first vote in a view is kept unseen, any other must verify. */
  add(vote: Vote): void {
    assert(this.#committee.has(vote.signer), 'the signer is a member')
    const { blockHash, signer, view } = vote
    const ballot = this.#ballotOf(view, blockHash)
    const known = ballot?.votes.get(signer)
    if (known !== undefined && equalBytes(known.signature, vote.signature)) return

    const count = this.#countOf(signer, view)
    // Whoever forges another's vote first must not be able to shut out the true one.
    const mustVerify = count > 0
    if (mustVerify) {
      if (ballot?.verified.includes(signer) === true) return
      if (known === undefined && count >= VOTES_PER_SIGNER_MAX) return
      if (!this.#verifies(vote)) return
    }
    const kept: Ballot = ballot ?? { view, blockHash, votes: new Map(), stake: 0n, verified: [] }
    if (ballot === undefined) this.#ballots.push(kept)
    if (known === undefined) kept.stake += this.#committee.stakeOf([signer])
    kept.votes.set(signer, vote)
    if (mustVerify) kept.verified.push(signer)
  }

  /** Every vote kept. */
  get all(): readonly Vote[] {
    return this.#ballots.flatMap(({ votes }) => [...votes.values()])
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
    this.#ballots.length = count
  }

  #quorumBallot(view: View): Ballot | undefined {
    for (const ballot of this.#ballots) {
      if (ballot.view === view && this.#committee.isQuorum(ballot.stake)) return ballot
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
      if (ballot.view === view && ballot.votes.has(signer)) count += 1
    }
    return count
  }

  #aggregate(ballot: Ballot): Verified<QuorumCertificate> | undefined {
    const { view, blockHash, votes } = ballot
    const { epoch } = this.#committee
    const { signature, signers, badSigners } = this.#scheme.aggregate(
      [...votes.values()].map((vote) => ({
        signer: vote.signer,
        publicKey: this.#committee.voteKeyOf(vote.signer),
        signature: vote.signature,
      })),
      voteDigest(this.#context, epoch, view, blockHash),
    )
    for (const signer of badSigners) votes.delete(signer)
    ballot.stake = this.#committee.stakeOf([...votes.keys()])
    if (!this.#committee.isQuorum(this.#committee.stakeOf(signers))) return undefined
    const bitmap = this.#committee.bitmapOf(signers)
    return this.#verifier.admitAggregateQC({ epoch, view, blockHash, signers: bitmap, signature })
  }

  #verifies({ view, blockHash, signer, signature }: Vote): boolean {
    const digest = voteDigest(this.#context, this.#committee.epoch, view, blockHash)
    return this.#scheme.verify(this.#committee.voteKeyOf(signer), digest, signature)
  }
}
