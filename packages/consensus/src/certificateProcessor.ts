import {
  assert,
  type Block,
  blockCodec,
  bytesToHex,
  type CommitProof,
  commitProofCodec,
  type Fault,
  FLAG_EPOCH_CLOSING,
  FLAG_EPOCH_SUFFIX,
  type Hash,
  type Height,
  type QuorumCertificate,
  quorumCertificateCodec,
  type TimeoutCertificate,
  timeoutCertificateCodec,
  type Verified,
} from '@openliquid/primitives'
import { blockContext } from './blockContext.ts'
import { checkBlockInBranch } from './blockRules.ts'
import type { BlockNode } from './blockTree.ts'
import { deferredRecord } from './deferredRecord.ts'
import type { CommittedBlock } from './effect.ts'
import { ConsensusHalt } from './errors.ts'
import { addMisbehaviors } from './evidenceRules.ts'
import { REPUTATIONS_KEPT_MAX } from './limits.ts'
import { decidedView, endQuarantine, type Replica } from './replica.ts'
import type { RootMismatch } from './stateRoots.ts'
import { viewTimeoutMs } from './viewTimer.ts'

/**
 * What certificates do: they move the view, certify blocks and, two in consecutive views, commit them.
 *
 * Every certificate a replica learns goes through here, whichever message, block or log it came from; so does every
 * block that enters the tree.
 * @see docs/spec/consensus.md §4 commit rule, §5
 */
export class CertificateProcessor {
  readonly #replica: Replica
  /** The QC that was learned last, with its block here: to learn it again changes nothing. */
  #learned: QuorumCertificate | undefined

  constructor(replica: Replica) {
    this.#replica = replica
  }

  learnQC(qc: Verified<QuorumCertificate>, nowMs: number): void {
    if (qc === this.#learned) return
    const { detector, outbox, pacemaker, targets, tree } = this.#replica
    detector.onQC(qc)
    if (qc.view > pacemaker.highQC.view) {
      outbox.persist([deferredRecord('qc', quorumCertificateCodec.encode, qc)], { sync: false })
    }
    const node = tree.get(qc.blockHash)
    if (node !== undefined) {
      this.#certify(node, qc)
      this.#learned = qc
    }
    // Views grow along a branch: what is not above the last committed block is decided.
    else if (qc.view > decidedView(this.#replica)) targets.want(qc)
    if (pacemaker.onQC(qc)) this.enterView(nowMs)
  }

  learnTC(tc: Verified<TimeoutCertificate>, nowMs: number): void {
    const { outbox, pacemaker, verifier } = this.#replica
    this.learnQC(verifier.trustQC(tc.highQC), nowMs)
    if (pacemaker.isNewTC(tc)) {
      outbox.persist([deferredRecord('tc', timeoutCertificateCodec.encode, tc)], { sync: false })
    }
    if (pacemaker.onTC(tc)) this.enterView(nowMs)
  }

  /**
   * Adds a block to the tree; its parent must be there, and its QC verified unless the block itself is certified.
   *
   * @returns why the block is invalid
   * @throws {ConsensusHalt} the block is invalid although a quorum certified it
   */
  admit(
    block: Block,
    blockHash: Hash,
    { isCertified, nowMs }: { readonly isCertified: boolean; readonly nowMs: number },
  ): Fault | undefined {
    const { orphans, rules, targets, tree, verifier } = this.#replica
    if (tree.get(blockHash) !== undefined) return undefined
    const { header } = block
    const parent = tree.get(header.parentHash)
    assert(parent !== undefined, 'the parent is in the tree')

    const qc = targets.qcOf(blockHash)
    const fault = checkBlockInBranch(block, parent, rules)
    if (fault !== undefined) {
      if (isCertified || qc !== undefined) throw certifiedInvalid(blockHash, block, fault)
      return fault
    }
    this.learnQC(verifier.trustQC(header.qc), nowMs)
    const node = tree.insert(block, blockHash)
    if (qc !== undefined) {
      targets.remove(blockHash)
      this.#certify(node, qc)
    }
    for (const orphan of orphans.takeChildrenOf(blockHash)) {
      // A child may have brought a commit that its siblings are not part of.
      if (tree.get(blockHash) === undefined) break
      this.admit(orphan.block, orphan.blockHash, { isCertified: false, nowMs })
    }
    return undefined
  }

  /** What happens at the door of every view. */
  enterView(nowMs: number): void {
    const { committee, detector, election, epoch, outbox, pacemaker, params, timers } =
      this.#replica
    const { view } = pacemaker
    detector.onView()
    this.#replica.quarantine?.onView(nowMs)
    if (this.#replica.quarantine?.isOver(nowMs) === true) endQuarantine(this.#replica)
    timers.cancel('backup')
    timers.cancel('hold')
    if (this.#replica.safety !== undefined) {
      // A chain of one paces itself: its timer must leave room for that.
      const paceMs = committee.size === 1 ? params.minBlockIntervalMs : 0
      timers.set('view', nowMs + paceMs + viewTimeoutMs(params, pacemaker.failures))
    }
    // The votes of the view before may still become a QC: better than the TC that ended it.
    this.#replica.votes.forgetBelow(view - 1n)
    this.#replica.timeouts.forgetBelow(view)
    outbox.push({ kind: 'enterView', epoch, view, leader: election.leader(epoch, view) })
  }

  #certify(node: BlockNode, qc: Verified<QuorumCertificate>): void {
    this.#lookForTwin(node, qc)
    const { params, stateRoots, tree } = this.#replica
    const { header, qc: known } = node
    // §12: a block that was proposed again may be certified again, and what the QCs commit may differ.
    if (known?.view === qc.view || (known !== undefined && !params.highTip)) return
    if (node === tree.root) {
      if (params.highTip && qc.view > decidedView(this.#replica)) tree.certify(node, qc)
      return
    }
    if (params.highTip ? header.view > qc.view : header.view !== qc.view) {
      throw new ConsensusHalt(
        'OL_CONSENSUS_CERTIFIED_INVALID',
        'a QC names a block of another view',
        {
          blockHash: bytesToHex(node.blockHash),
          qcView: `${qc.view}`,
          blockView: `${header.view}`,
        },
      )
    }
    if (known === undefined || known.view < qc.view) tree.certify(node, qc)
    const mismatch = known === undefined ? stateRoots.certified(header) : undefined
    if (mismatch !== undefined) throw rootHalt(mismatch)

    // Commit rule: two certified blocks in consecutive views commit the lower one. A gap commits nothing yet.
    if (header.qc.view === 0n || header.qc.view + 1n !== qc.view) return
    // A suffix block is never committed: a pair of them commits the closing block below.
    const path = [header]
    let lowest = node.parent
    while (lowest !== undefined && lowest.header.flags === FLAG_EPOCH_SUFFIX) {
      path.unshift(lowest.header)
      lowest = lowest.parent
    }
    assert(lowest !== undefined, 'a block above the root has a parent')
    if (lowest.header.height <= tree.root.header.height) return
    this.#commit(lowest, { path: [lowest.header, ...path], qc })
  }

  /** While we kept silent, who has signed with our keys? */
  #lookForTwin({ header }: BlockNode, { signers }: QuorumCertificate): void {
    const { committee, quarantine, selfIndex } = this.#replica
    if (quarantine === undefined || selfIndex === undefined) return
    if (header.timestampMs <= quarantine.sinceMs) return
    const isOurs =
      header.proposer === selfIndex || committee.signersOf(signers)?.includes(selfIndex)
    if (isOurs !== true) return
    throw new ConsensusHalt(
      'OL_CONSENSUS_DOPPELGANGER',
      'another node signs with the keys of this validator',
      { height: `${header.height}`, view: `${header.view}`, validator: `${selfIndex}` },
    )
  }

  /** Commits a block of the tree, and all below it, by a proof that was verified elsewhere. */
  commitByProof(node: BlockNode, proof: CommitProof): void {
    const { tree } = this.#replica
    if (node.header.height > tree.root.header.height) this.#commit(node, proof)
  }

  #keepReputation(height: Height): void {
    const { keepsReputation, keptReputations, reputation } = this.#replica
    if (!keepsReputation(height)) return
    keptReputations.set(height, reputation.state)
    const [oldest] = keptReputations.keys()
    if (keptReputations.size > REPUTATIONS_KEPT_MAX && oldest !== undefined) {
      keptReputations.delete(oldest)
    }
  }

  /** Counts a block that is committed, and tells what its execution may know. */
  #committed(node: BlockNode): CommittedBlock {
    const { offences, reputation } = this.#replica
    const { block, blockHash, header } = node
    const parent = node.parent?.header
    assert(parent !== undefined, 'a block above the root has a parent')
    const { missedSlots, isBoundary } = reputation.onCommitted(header, parent)
    if (isBoundary) this.#replica.reputationStates.push(reputation.state)
    this.#keepReputation(header.height)
    const misbehavior = addMisbehaviors(block, offences)
    const context = blockContext(this.#replica, {
      header,
      blockHash,
      parent,
      missedSlots,
      misbehavior,
    })
    return { block, blockHash, context }
  }

  #commit(node: BlockNode, proof: CommitProof): void {
    const { evidencePool, offences, outbox, orphans, stateRoots, targets, tree } = this.#replica
    const path = tree.pathFromRoot(node)
    const blocks = path.map((committed) => this.#committed(committed))
    for (const committed of path) {
      if (committed.isLogged) continue
      const record = deferredRecord('block', blockCodec.encode, committed.block)
      outbox.persist([record], { sync: false })
      tree.markLogged(committed)
    }
    const record = deferredRecord('commit', commitProofCodec.encode, proof)
    outbox.persist([record], { sync: false })
    outbox.push({ kind: 'commit', blocks, proof })

    tree.commit(node)
    if (evidencePool.size > 0) {
      evidencePool.retain(({ accusations }) => accusations.some((one) => offences.isNew(one)))
    }
    if (targets.size > 0) targets.forgetUpTo(decidedView(this.#replica))
    if (orphans.size > 0) orphans.forgetUpTo(node.header.view)
    // What the last block names is still needed if it closes the epoch: the next set comes from there.
    stateRoots.forgetBelow(node.header.executedHeight)
    this.#replica.highestCommit = proof
    if (node.header.flags !== FLAG_EPOCH_CLOSING) return
    // R7: nothing is signed any more in an epoch whose closing block is committed.
    this.#replica.epochEnd = { header: node.header, blockHash: node.blockHash, commit: proof }
    this.#replica.safety = undefined
  }
}

/** B7: we execute otherwise than a quorum does. */
export function rootHalt({ height, ours, certified, header }: RootMismatch): ConsensusHalt {
  return new ConsensusHalt(
    'OL_CONSENSUS_STATE_ROOT',
    `a quorum certified another state root of height ${height} than this replica computed`,
    {
      height: `${height}`,
      ours: bytesToHex(ours),
      certified: bytesToHex(certified),
      namedByHeight: `${header.height}`,
      namedByView: `${header.view}`,
    },
  )
}

function certifiedInvalid(blockHash: Hash, { header }: Block, fault: Fault): ConsensusHalt {
  return new ConsensusHalt(
    'OL_CONSENSUS_CERTIFIED_INVALID',
    `a quorum certified a block that is invalid: ${String(fault.data?.['reason'])}`,
    { blockHash: bytesToHex(blockHash), height: `${header.height}`, view: `${header.view}` },
  )
}
