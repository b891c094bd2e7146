import {
  type BlockHeader,
  type Evidence,
  equalBytes,
  type Hash,
  type ProposalStatement,
  type QuorumCertificate,
  type TimeoutStatement,
  type TimeoutVote,
  type View,
  type Vote,
} from '@openliquid/primitives'
import {
  type EvidenceJudge,
  isTimeoutSigned,
  isVoteSigned,
  verifyEvidence,
} from './evidenceVerifier.ts'
import { highViewsOf, rankView } from './highTip.ts'
import { EVIDENCE_CHECKS_PER_VIEW_MAX } from './limits.ts'
import { compareTimeouts, orderByHash } from './offences.ts'

/** Views whose votes are remembered of each signer: the one before ours, ours, and two ahead. A power of two. */
const VOTE_VIEWS = 4
/** Views whose proposal is remembered. A power of two. */
const PROPOSAL_VIEWS = 8
/** Views whose QC is remembered. A power of two. */
const QC_VIEWS = 64

/**
 * Compares what validators sign with what they have signed before, in one epoch. Of each signer it remembers one vote
 * per view of a few and one timeout, so memory is bounded and an honest run costs a look at an array per message.
 *
 * Votes and timeouts come unverified: signatures are verified only where two contradict each other, and whichever is
 * forged makes room for the true one.
 * @see docs/spec/consensus.md §8 evidence, §13
 */
export class MisbehaviorDetector {
  readonly #judge: EvidenceJudge
  readonly #highTip: boolean
  readonly #headerOf: (blockHash: Hash) => BlockHeader | undefined
  /** By signer and view modulo VOTE_VIEWS. */
  readonly #votes: (Vote | undefined)[] = []
  readonly #timeouts: (TimeoutStatement | undefined)[] = []
  readonly #proposals: (ProposalStatement | undefined)[] = []
  readonly #qcs: (QuorumCertificate | undefined)[] = []
  #checksLeft = EVIDENCE_CHECKS_PER_VIEW_MAX
  #found: Evidence[] = []

  constructor(
    judge: EvidenceJudge,
    options: {
      /** Whether timeouts sign the view of a tip; docs/spec/consensus.md §12. */
      readonly highTip: boolean
      /** Finds blocks that were proposed, as far as they are still known. */
      readonly headerOf: (blockHash: Hash) => BlockHeader | undefined
    },
  ) {
    this.#judge = judge
    this.#highTip = options.highTip
    this.#headerOf = options.headerOf
  }

  /** A view begins: what forgeries can cost counts anew. */
  onView(): void {
    this.#checksLeft = EVIDENCE_CHECKS_PER_VIEW_MAX
  }

  /** A vote of this epoch by a member. */
  onVote(vote: Vote): void {
    const slot = vote.signer * VOTE_VIEWS + slotOf(vote.view, VOTE_VIEWS)
    const known = this.#votes[slot]
    if (known === undefined || known.view < vote.view) this.#votes[slot] = vote
    else if (known.view === vote.view && !equalBytes(known.blockHash, vote.blockHash)) {
      this.#onTwoVotes(slot, known, vote)
    }
    const timeout = this.#timeouts[vote.signer]
    if (timeout !== undefined && vote.view <= timeout.view) this.#compareLock(vote, timeout)
  }

  /** A timeout of this epoch by a member; its certificates are verified. */
  onTimeout({ epoch, view, highQC, highTip, vote, signer, signature }: TimeoutVote): void {
    if (vote !== undefined) this.onVote(vote)
    const extend = { highQC, ...(highTip === undefined ? {} : { highTip }) }
    const timeout = { epoch, view, ...highViewsOf(extend, this.#highTip), signer, signature }
    for (let i = 0; i < VOTE_VIEWS; i++) {
      const known = this.#votes[signer * VOTE_VIEWS + i]
      if (known !== undefined && known.view <= view) this.#compareLock(known, timeout)
    }
    const known = this.#timeouts[signer]
    if (known === undefined || known.view < view) this.#timeouts[signer] = timeout
    else if (known.view === view && compareTimeouts(known, timeout) !== 0) {
      this.#onTwoTimeouts(known, timeout)
    }
  }

  /** A proposal of this epoch whose signature is good. */
  onProposal(proposal: ProposalStatement): void {
    const slot = slotOf(proposal.view, PROPOSAL_VIEWS)
    const known = this.#proposals[slot]
    if (known === undefined || known.view < proposal.view) this.#proposals[slot] = proposal
    else if (known.view === proposal.view && known.signer === proposal.signer) {
      if (equalBytes(known.blockHash, proposal.blockHash)) return
      this.#accuse({ kind: 'duplicateProposal', ...orderByHash(known, proposal) })
    }
  }

  /** A QC of this epoch that counts as verified. */
  onQC(qc: QuorumCertificate): void {
    const slot = slotOf(qc.view, QC_VIEWS)
    const known = this.#qcs[slot]
    if (known === undefined || known.view < qc.view) this.#qcs[slot] = qc
    else if (known !== qc && known.view === qc.view) {
      if (equalBytes(known.blockHash, qc.blockHash)) return
      this.#accuse({ kind: 'conflictingQCs', ...orderByHash(known, qc) })
    }
  }

  get hasFound(): boolean {
    return this.#found.length > 0
  }

  /** Hands over what was found: verified, and perhaps not for the first time. */
  take(): Evidence[] {
    const found = this.#found
    this.#found = []
    return found
  }

  #onTwoVotes(slot: number, known: Vote, vote: Vote): void {
    if (this.#accuse({ kind: 'duplicateVote', ...orderByHash(known, vote) })) return
    // One is forged. If that is the first, the true one takes its place.
    if (this.#mayCheck() && isVoteSigned(vote, this.#judge)) this.#votes[slot] = vote
  }

  #onTwoTimeouts(known: TimeoutStatement, timeout: TimeoutStatement): void {
    const isKnownLower = compareTimeouts(known, timeout) < 0
    const [first, second] = isKnownLower ? [known, timeout] : [timeout, known]
    if (this.#accuse({ kind: 'conflictingTimeouts', first, second })) return
    if (this.#mayCheck() && isTimeoutSigned(timeout, this.#judge)) {
      this.#timeouts[timeout.signer] = timeout
    }
  }

  #compareLock(vote: Vote, timeout: TimeoutStatement): void {
    const header = this.#headerOf(vote.blockHash)
    if (header === undefined || header.qc.view <= rankView(timeout)) return
    this.#accuse({ kind: 'lockRegression', vote, header, timeout })
  }

  #accuse(evidence: Evidence): boolean {
    if (!this.#mayCheck() || verifyEvidence(evidence, this.#judge).length === 0) return false
    this.#found.push(evidence)
    return true
  }

  #mayCheck(): boolean {
    if (this.#checksLeft === 0) return false
    this.#checksLeft -= 1
    return true
  }
}

function slotOf(view: View, slots: number): number {
  return Number(view) % slots
}
