import {
  type Block,
  type BlockHeader,
  blockCodec,
  blockHash,
  bytesToHex,
  equalBytes,
  type Fault,
  FLAG_EPOCH_CLOSING,
  type Hash,
  type NoEndorsementCertificate,
  type PeerId,
  type Proposal,
  proposalDigest,
  type QuorumCertificate,
  type TimeoutCertificate,
  type Verified,
} from '@openliquid/primitives'
import { isEmptyPayload } from './blockRules.ts'
import type { BlockNode } from './blockTree.ts'
import type { CertificateProcessor } from './certificateProcessor.ts'
import { deferredRecord } from './deferredRecord.ts'
import { ignore, reject } from './errors.ts'
import { checkEvidenceInBranch } from './evidenceRules.ts'
import { checkTipLeader } from './highTip.ts'
import { nextSetHashOf } from './nextSet.ts'
import { checkProposal } from './proposalRules.ts'
import type { Replica } from './replica.ts'
import { tcHashOf } from './safetyRules.ts'
import type { ViewSynchronizer } from './viewSynchronizer.ts'
import type { VoteAggregator } from './voteAggregator.ts'

/** The proposal of the current view that waits for its vote. */
interface Candidate {
  readonly proposal: Proposal
  readonly blockHash: Hash
  readonly qc: Verified<QuorumCertificate>
  readonly tc: Verified<TimeoutCertificate> | undefined
  readonly nec: Verified<NoEndorsementCertificate> | undefined
  /** Absent for our own proposal. */
  readonly from: PeerId | undefined
  payload: 'unchecked' | 'checking' | 'good'
}

/**
 * Judges proposals and votes for them. Validity decides whether a block enters the tree; gates, which depend on our
 * clock and progress, decide only whether and when we vote in this view.
 *
 * @see docs/spec/consensus.md §3
 */
export class Voter {
  readonly #replica: Replica
  readonly #processor: CertificateProcessor
  readonly #synchronizer: ViewSynchronizer
  readonly #aggregator: VoteAggregator
  #candidate: Candidate | undefined
  /** Proposers of blocks with another state root than ours, in this epoch. */
  readonly #otherRoots = new Set<number>()

  constructor(options: {
    readonly replica: Replica
    readonly processor: CertificateProcessor
    readonly synchronizer: ViewSynchronizer
    readonly aggregator: VoteAggregator
  }) {
    this.#replica = options.replica
    this.#processor = options.processor
    this.#synchronizer = options.synchronizer
    this.#aggregator = options.aggregator
  }

  /** Returns what is wrong with the proposal. */
  onProposal(proposal: Proposal, from: PeerId, nowMs: number): Fault | undefined {
    const { pacemaker, targets, verifier } = this.#replica
    const fault = checkProposal(proposal, this.#replica.rules)
    if (fault !== undefined) return fault

    const { header } = proposal.block
    const qc = verifier.verifyQC(header.qc)
    const tc = proposal.tc === undefined ? undefined : verifier.verifyTC(proposal.tc)
    const nec = proposal.nec === undefined ? undefined : verifier.verifyNec(proposal.nec)
    const isWhole =
      (tc === undefined) === (proposal.tc === undefined) &&
      (nec === undefined) === (proposal.nec === undefined)
    if (qc === undefined || !isWhole) {
      return reject('OL_CONSENSUS_CERTIFICATE', 'a certificate of the proposal is invalid')
    }
    const tipFault = checkTipLeader(this.#replica, tc?.highTip)
    if (tipFault !== undefined) return tipFault
    if (tc !== undefined) this.#processor.learnTC(tc, nowMs)
    this.#processor.learnQC(qc, nowMs)
    const hash = blockHash(header)
    // B3. The certificates have proven the view, and may have committed what changes its leader.
    const authorFault = this.#checkAuthor(proposal, hash)
    if (authorFault !== undefined) return authorFault
    this.#watch(proposal, hash)
    const isStale = proposal.view < pacemaker.view
    if (isStale && targets.qcOf(hash) === undefined) {
      this.#synchronizer.tellPeer(from, nowMs)
      return ignore('OL_CONSENSUS_STALE', 'a proposal of a view that is over')
    }
    const blockFault = this.takeBlock(proposal.block, hash, nowMs)
    if (blockFault !== undefined) return blockFault
    if (isStale || this.#candidate?.proposal.view === proposal.view) return undefined
    const payload = this.#isKnownGood(proposal, hash) ? 'good' : 'unchecked'
    this.#candidate = { proposal, blockHash: hash, qc, tc, nec, from, payload }
    return undefined
  }

  /** The block that waits for our vote, and what it still needs of its payload. */
  get candidate(): Pick<Candidate, 'blockHash' | 'payload' | 'tc'> | undefined {
    return this.#candidate
  }

  /** Forgets what was of the epoch before. */
  beginEpoch(): void {
    this.#candidate = undefined
    this.#otherRoots.clear()
  }

  /** Our own proposal, signed in this view; its block is in the tree. */
  onOwnProposal(proposal: Proposal, hash: Hash): void {
    const { verifier } = this.#replica
    this.#candidate = {
      proposal,
      blockHash: hash,
      qc: verifier.trustQC(proposal.block.header.qc),
      tc: proposal.tc === undefined ? undefined : verifier.trustTC(proposal.tc),
      nec: proposal.nec === undefined ? undefined : verifier.verifyNec(proposal.nec),
      from: undefined,
      payload: 'good',
    }
  }

  onPayloadChecked(hash: Hash, ok: boolean): void {
    const candidate = this.#candidate
    if (candidate === undefined || !equalBytes(candidate.blockHash, hash)) return
    if (candidate.payload !== 'checking') return
    if (ok) candidate.payload = 'good'
    else this.#refuse(candidate, reject('OL_CONSENSUS_PAYLOAD', 'the payload is invalid'))
  }

  /** Votes for the candidate if all gates are open; returns whether it did. */
  voteIfReady(nowMs: number): boolean {
    const { pacemaker, safety, tree } = this.#replica
    const candidate = this.#candidate
    if (candidate === undefined) return false
    const { view } = candidate.proposal
    if (view < pacemaker.view || safety === undefined || safety.data.lastVotedView >= view) {
      this.#candidate = undefined
      return false
    }
    const node = tree.get(candidate.blockHash)
    if (node === undefined) return false // B8: an ancestor is being fetched.

    if (!this.#isTimely(candidate, node, nowMs)) return false
    if (!this.#isRootOurs(candidate, node)) return false
    if (candidate.payload === 'unchecked') {
      const fault = checkEvidenceInBranch(node, this.#replica)
      if (fault !== undefined) {
        this.#refuse(candidate, fault)
        return false
      }
      candidate.payload = 'checking'
      this.checkPayload(node)
    }
    if (candidate.payload !== 'good' || nowMs < node.header.timestampMs) return false
    this.#candidate = undefined
    return this.#vote(candidate, node)
  }

  /** What the leader signed, to be compared with what else it signs in this view. */
  #watch({ epoch, signature, tc, view }: Proposal, hash: Hash): void {
    const { detector, election } = this.#replica
    const tcHash = tcHashOf(tc)
    // The envelope is the leader's, whoever the author of the block is.
    const signer = election.leader(epoch, view)
    detector.onProposal(
      tcHash === undefined
        ? { epoch, view, blockHash: hash, signer, signature }
        : { epoch, view, blockHash: hash, tcHash, signer, signature },
    )
  }

  #checkAuthor(proposal: Proposal, hash: Hash): Fault | undefined {
    const { committee, context, election, epoch, nodeScheme } = this.#replica
    const { header } = proposal.block
    // §12: a block that is proposed again stays its author's; the envelope is the leader's.
    const isAgain = header.view !== proposal.view
    const proposer = isAgain ? election.leader(epoch, proposal.view) : header.proposer
    if (proposer !== election.leader(epoch, proposal.view)) {
      // Who has committed more may know a newer window of the schedule: no breach.
      return ignore('OL_CONSENSUS_NOT_LEADER', 'the proposer does not lead the view')
    }
    const digest = proposalDigest(context, epoch, proposal.view, hash, tcHashOf(proposal.tc))
    if (nodeScheme.verify(committee.nodeKeyOf(proposer), digest, proposal.signature))
      return undefined
    if (isAgain) return ignore('OL_CONSENSUS_NOT_LEADER', 'a block is not proposed by the leader')
    return reject('OL_CONSENSUS_SIGNATURE', 'the proposal is not signed by its proposer')
  }

  /** Puts the block into the tree, or among the orphans until its ancestors come. */
  takeBlock(block: Block, hash: Hash, nowMs: number): Fault | undefined {
    const { orphans, targets, tree } = this.#replica
    if (tree.get(hash) !== undefined) return undefined
    if (tree.get(block.header.parentHash) === undefined) {
      // The parent is certified by the header's QC, so learning that has set out to fetch it.
      orphans.add({ block, blockHash: hash })
      return undefined
    }
    const isCertified = targets.qcOf(hash) !== undefined
    if (!isCertified && !tree.hasRoomInView(block.header.epoch, block.header.view)) {
      return reject('OL_CONSENSUS_EQUIVOCATION', 'the leader proposed too many blocks in one view')
    }
    return this.#processor.admit(block, hash, { isCertified, nowMs })
  }

  /** B5 upper bound: a block from far ahead of our clock gets no vote in this view, one from a little ahead waits. */
  #isTimely(candidate: Candidate, { header }: BlockNode, nowMs: number): boolean {
    const { params, timers } = this.#replica
    if (header.timestampMs > nowMs + params.clockDriftMsMax) {
      this.#refuse(candidate, reject('OL_CONSENSUS_TIMESTAMP', 'the block is ahead of our clock'))
      return false
    }
    if (header.timestampMs > nowMs) timers.set('hold', header.timestampMs)
    return true
  }

  /** B7: votes wait for our execution, and never support a state root that is not ours. */
  #isRootOurs(candidate: Candidate, { header }: BlockNode): boolean {
    const { committee, outbox, stateRoots } = this.#replica
    if (header.executedHeight > stateRoots.executedHeight) return false
    if (supportsRoot(this.#replica, header)) return true

    const ours = stateRoots.rootAt(header.executedHeight)
    this.#refuse(
      candidate,
      reject('OL_CONSENSUS_PROPOSED_STATE_ROOT', 'the block names another state root than ours'),
    )
    this.#otherRoots.add(header.proposer)
    if (committee.isBlockingSet(committee.stakeOf([...this.#otherRoots]))) {
      outbox.push({
        kind: 'alarm',
        code: 'OL_CONSENSUS_NONDETERMINISM',
        message: 'a third of the stake proposed other state roots than ours: execution may differ',
        details: {
          height: `${header.executedHeight}`,
          proposed: bytesToHex(header.stateRoot),
          ours: ours === undefined ? 'unknown' : bytesToHex(ours),
        },
      })
    }
    return false
  }

  #refuse(candidate: Candidate, fault: Fault): void {
    if (candidate.from !== undefined) this.#replica.outbox.report(candidate.from, fault)
    this.#candidate = undefined
  }

  #vote(candidate: Candidate, node: BlockNode): boolean {
    const { election, epoch, outbox, pacemaker, safety, selfIndex, tree } = this.#replica
    const signed = safety?.vote({
      currentView: pacemaker.view,
      view: candidate.proposal.view,
      header: node.header,
      qc: candidate.qc,
      tc: candidate.tc,
      nec: candidate.nec,
      signature: candidate.proposal.signature,
    })
    if (signed === undefined) return false
    const { message: vote, records } = signed
    const blockRecord = deferredRecord('block', blockCodec.encode, node.block)
    outbox.persist(node.isLogged ? records : [blockRecord, ...records], { sync: true }) // R6
    tree.markLogged(node)
    tree.markVoted(node)

    // The next leader proposes with the QC; this one makes the backup QC if the next is down.
    const next = election.leader(epoch, vote.view + 1n)
    const present = election.leader(epoch, vote.view)
    const message = { kind: 'vote', vote } as const
    if (next !== selfIndex) outbox.sendToValidator(next, message)
    if (present !== selfIndex && present !== next) outbox.sendToValidator(present, message)
    if (next === selfIndex || present === selfIndex) this.#aggregator.add(vote)
    return true
  }

  /** Has the application look at the payload. */
  checkPayload(node: BlockNode): void {
    const { outbox, tree } = this.#replica
    const { block, blockHash: hash, header } = node
    const ancestors = tree.branchAbove(node, header.executedHeight).slice(0, -1)
    outbox.push({ kind: 'checkPayload', block, blockHash: hash, ancestors })
  }

  /** What is empty, or was voted for before it is proposed again (§12), need not be looked at. */
  #isKnownGood({ block: { header, payload }, view }: Proposal, hash: Hash): boolean {
    if (isEmptyPayload(payload)) return true
    return header.view !== view && this.#replica.tree.get(hash)?.isVoted === true
  }
}

/** B7: whether the header names what our own execution of an executed height came to. */
export function supportsRoot(
  { committee, stateRoots }: Pick<Replica, 'committee' | 'stateRoots'>,
  header: BlockHeader,
): boolean {
  const ours = stateRoots.rootAt(header.executedHeight)
  const nextSetHash =
    header.flags === FLAG_EPOCH_CLOSING
      ? nextSetHashOf({ committee, stateRoots }, header.executedHeight)
      : committee.hash
  const isRootOurs = ours !== undefined && equalBytes(ours, header.stateRoot)
  return isRootOurs && equalBytes(nextSetHash, header.nextValidatorSetHash)
}
