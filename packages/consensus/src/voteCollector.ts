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
import { type HashKey, hashKey } from './hashKey.ts'
import { VOTES_PER_SIGNER_MAX } from './limits.ts'

/** The votes of one view for one block. */
interface Ballot {
  readonly view: View
  readonly blockHash: Hash
  readonly votes: Map<number, Vote>
  /** Signers whose vote was verified alone. */
  readonly verified: Set<number>
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
  readonly #views = new Map<View, Map<HashKey, Ballot>>()

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
    for (const ballots of this.#views.values()) {
      for (const { votes } of ballots.values()) size += votes.size
    }
    return size
  }

  /** Keeps a vote of this epoch by a member. A signer's first vote in a view is kept unseen, any other must verify. */
  add(vote: Vote): void {
    assert(this.#committee.has(vote.signer), 'the signer is a member')
    const ballots = this.#views.get(vote.view) ?? new Map<HashKey, Ballot>()
    const key = hashKey(vote.blockHash)
    const known = ballots.get(key)?.votes.get(vote.signer)
    if (known !== undefined && equalBytes(known.signature, vote.signature)) return

    const count = countOf(vote.signer, ballots)
    // Whoever forges another's vote first must not be able to shut out the true one.
    const mustVerify = count > 0
    if (mustVerify) {
      if (ballots.get(key)?.verified.has(vote.signer) === true) return
      if (known === undefined && count >= VOTES_PER_SIGNER_MAX) return
      if (!this.#verifies(vote)) return
    }

    const ballot = ballots.get(key) ?? {
      view: vote.view,
      blockHash: vote.blockHash,
      votes: new Map<number, Vote>(),
      verified: new Set<number>(),
    }
    ballot.votes.set(vote.signer, vote)
    if (mustVerify) ballot.verified.add(vote.signer)
    ballots.set(key, ballot)
    this.#views.set(vote.view, ballots)
  }

  /** Every vote kept. */
  get all(): readonly Vote[] {
    const ballots = [...this.#views.values()].flatMap((view) => [...view.values()])
    return ballots.flatMap(({ votes }) => [...votes.values()])
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
    for (const known of this.#views.keys()) if (known < view) this.#views.delete(known)
  }

  #quorumBallot(view: View): Ballot | undefined {
    for (const ballot of this.#views.get(view)?.values() ?? []) {
      if (this.#committee.isQuorum(this.#committee.stakeOf(ballot.votes.keys()))) return ballot
    }
    return undefined
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
    if (!this.#committee.isQuorum(this.#committee.stakeOf(signers))) return undefined
    const bitmap = this.#committee.bitmapOf(signers)
    return this.#verifier.admitAggregateQC({ epoch, view, blockHash, signers: bitmap, signature })
  }

  #verifies({ view, blockHash, signer, signature }: Vote): boolean {
    const digest = voteDigest(this.#context, this.#committee.epoch, view, blockHash)
    return this.#scheme.verify(this.#committee.voteKeyOf(signer), digest, signature)
  }
}

function countOf(signer: number, ballots: ReadonlyMap<HashKey, Ballot>): number {
  let count = 0
  for (const { votes } of ballots.values()) if (votes.has(signer)) count += 1
  return count
}
