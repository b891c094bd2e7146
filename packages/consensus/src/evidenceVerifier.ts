import type { SignatureScheme } from '@openliquid/crypto'
import {
  blockHash,
  compareBytes,
  type Evidence,
  equalBytes,
  type Misbehavior,
  type ProposalStatement,
  proposalDigest,
  type QuorumCertificate,
  type SigningContext,
  type TimeoutStatement,
  timeoutDigest,
  unreachable,
  type Vote,
  voteDigest,
} from '@openliquid/primitives'
import { CertificateVerifier } from './certificateVerifier.ts'
import type { Committee } from './committee.ts'
import { rankView } from './highTip.ts'
import { accusationsOf, compareTimeouts } from './offences.ts'

/** What evidence is verified with: the chain, its schemes, and the members of the epoch the evidence is of. */
export interface EvidenceJudge {
  readonly context: SigningContext
  readonly scheme: SignatureScheme
  readonly nodeScheme: SignatureScheme
  readonly committee: Committee
}

/**
 * Whom the evidence convicts: one or more members of the committee, or nobody.
 *
 * Needs no state and no other block, so that anyone can do it: a replica, a light client, a court. An honest validator
 * signs nothing that convicts it, whatever happens to its process, disk and network.
 * @see docs/spec/consensus.md §8 evidence
 */
export function verifyEvidence(evidence: Evidence, judge: EvidenceJudge): readonly Misbehavior[] {
  const accusations = accusationsOf(evidence)
  const areMembers = accusations.every(({ validator }) => judge.committee.has(validator))
  return areMembers && isBreach(evidence, judge) && isSigned(evidence, judge) ? accusations : []
}

/** Whether it is a breach if all of it was signed by whom it names. */
function isBreach(evidence: Evidence, { committee: { epoch } }: EvidenceJudge): boolean {
  switch (evidence.kind) {
    case 'duplicateVote':
    case 'duplicateProposal': {
      const { first, second } = evidence
      if (first.signer !== second.signer || !isOneView(first, second)) return false
      return first.epoch === epoch && compareBytes(first.blockHash, second.blockHash) < 0
    }
    case 'conflictingTimeouts': {
      const { first, second } = evidence
      if (first.signer !== second.signer || !isOneView(first, second)) return false
      return first.epoch === epoch && compareTimeouts(first, second) < 0
    }
    case 'lockRegression': {
      const { header, timeout, vote } = evidence
      if (vote.signer !== timeout.signer) return false
      if (vote.epoch !== epoch || timeout.epoch !== epoch || header.epoch !== epoch) return false
      if (!equalBytes(vote.blockHash, blockHash(header))) return false
      // R1 locks on the QC of what is voted for, and R3 keeps every timeout at or above the lock; §12.4: by its rank.
      return timeout.view >= vote.view && rankView(timeout) < header.qc.view
    }
    case 'conflictingQCs': {
      const { first, second } = evidence
      if (!isOneView(first, second) || first.epoch !== epoch || first.view < 1n) return false
      return compareBytes(first.blockHash, second.blockHash) < 0
    }
    default:
      return unreachable(evidence)
  }
}

function isOneView(
  one: Pick<Vote, 'epoch' | 'view'>,
  other: Pick<Vote, 'epoch' | 'view'>,
): boolean {
  return one.epoch === other.epoch && one.view === other.view
}

function isSigned(evidence: Evidence, judge: EvidenceJudge): boolean {
  switch (evidence.kind) {
    case 'duplicateVote':
      return isVoteSigned(evidence.first, judge) && isVoteSigned(evidence.second, judge)
    case 'duplicateProposal':
      return isProposalSigned(evidence.first, judge) && isProposalSigned(evidence.second, judge)
    case 'conflictingTimeouts':
      return isTimeoutSigned(evidence.first, judge) && isTimeoutSigned(evidence.second, judge)
    case 'lockRegression':
      return isVoteSigned(evidence.vote, judge) && isTimeoutSigned(evidence.timeout, judge)
    case 'conflictingQCs':
      return isQCSigned(evidence.first, judge) && isQCSigned(evidence.second, judge)
    default:
      return unreachable(evidence)
  }
}

export function isVoteSigned(
  { epoch, view, blockHash: hash, signer, signature }: Vote,
  { committee, context, scheme }: EvidenceJudge,
): boolean {
  const digest = voteDigest(context, epoch, view, hash)
  return scheme.verify(committee.voteKeyOf(signer), digest, signature)
}

export function isTimeoutSigned(
  { epoch, view, highQCView, highTipView, signer, signature }: TimeoutStatement,
  { committee, context, scheme }: EvidenceJudge,
): boolean {
  const digest = timeoutDigest(context, epoch, view, highQCView, highTipView)
  return scheme.verify(committee.voteKeyOf(signer), digest, signature)
}

function isProposalSigned(
  { epoch, view, blockHash: hash, tcHash, signer, signature }: ProposalStatement,
  { committee, context, nodeScheme }: EvidenceJudge,
): boolean {
  const digest = proposalDigest(context, epoch, view, hash, tcHash)
  return nodeScheme.verify(committee.nodeKeyOf(signer), digest, signature)
}

function isQCSigned(qc: QuorumCertificate, judge: EvidenceJudge): boolean {
  return new CertificateVerifier(judge).verifyQC(qc) !== undefined
}
