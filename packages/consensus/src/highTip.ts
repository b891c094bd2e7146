import {
  assert,
  type BlockHeader,
  blockHash,
  equalBytes,
  type Fault,
  type FreshProof,
  type Hash,
  type NoEndorsementCertificate,
  type QuorumCertificate,
  type TimeoutCertificate,
  type TimeoutGroup,
  type TimeoutVote,
  type Tip,
  type View,
} from '@openliquid/primitives'
import { ignore } from './errors.ts'
import type { Replica } from './replica.ts'

// The small rules of docs/spec/consensus.md §12 that several parts share.

/** What a timeout says of the highest block that its sender stands by: of its tip, or of its QC where that is absent. */
export interface HighViews {
  readonly highQCView: View
  /** 0 for none; absent without `highTip`. */
  readonly highTipView?: View
}

/** The views that a timeout signs. With a tip, `highQCView` is of the QC in its header: so tips of one view have a rank. */
export function highViewsOf(
  { highQC, highTip }: Pick<TimeoutVote, 'highQC' | 'highTip'>,
  isHighTip: boolean,
): HighViews {
  if (!isHighTip) return { highQCView: highQC.view }
  if (highTip === undefined) return { highQCView: highQC.view, highTipView: 0n }
  return { highQCView: highTip.header.qc.view, highTipView: highTip.header.view }
}

/** By view; a QC beats a tip of its view; tips of one view by their QC. Positive if `a` is the higher. */
export function compareRanks(a: HighViews, b: HighViews): number {
  const views = compare(rankView(a), rankView(b))
  if (views !== 0) return views
  const [aHasTip, bHasTip] = [hasTip(a), hasTip(b)]
  if (aHasTip !== bHasTip) return aHasTip ? -1 : 1
  return compare(a.highQCView, b.highQCView)
}

/** View of the block stood by: what a lock is compared with. */
export function rankView(views: HighViews): View {
  return hasTip(views) ? (views.highTipView ?? 0n) : views.highQCView
}

export function hasTip({ highTipView }: HighViews): boolean {
  return highTipView !== undefined && highTipView > 0n
}

/** The group that a TC's highQC and highTip are of. */
export function highestGroup(groups: readonly TimeoutGroup[]): TimeoutGroup {
  const [first, ...others] = groups
  assert(first !== undefined, 'a TC has groups')
  return others.reduce((top, group) => (compareRanks(group, top) > 0 ? group : top), first)
}

/** The QC that a timeout's sender stands by: the one that a TC carries if this is its highest. */
export function extendedQC({ highQC, highTip }: TimeoutVote): QuorumCertificate {
  return highTip === undefined ? highQC : highTip.header.qc
}

/** The tip that a fresh proposal makes of its block. */
export function tipOf(
  header: BlockHeader,
  {
    tc,
    tcHash,
    nec,
    signature,
  }: {
    readonly tc: TimeoutCertificate | undefined
    readonly tcHash: Hash | undefined
    readonly nec: NoEndorsementCertificate | undefined
    readonly signature: Uint8Array
  },
): Tip {
  if (tc === undefined || tcHash === undefined) return { header, signature }
  const fresh: FreshProof =
    nec === undefined ? { kind: 'noTip', groups: tc.groups } : { kind: 'nec', nec }
  return { header, tcHash, fresh, signature }
}

/** Whether a TC's tip is the block of this hash. */
export function namesTip(tc: Pick<TimeoutCertificate, 'highTip'> | undefined, hash: Hash): boolean {
  return tc?.highTip !== undefined && equalBytes(blockHash(tc.highTip.header), hash)
}

/**
 * A tip must be of the leader of its view: others could put blocks of their own in front of one that was voted for.
 * Who has committed more may know a newer window of the schedule, so this is no breach.
 */
export function checkTipLeader(
  { election, epoch }: Pick<Replica, 'election' | 'epoch'>,
  tip: Tip | undefined,
): Fault | undefined {
  if (tip === undefined) return undefined
  const { proposer, view } = tip.header
  if (election.leader(epoch, view) === proposer) return undefined
  return ignore('OL_CONSENSUS_NOT_LEADER', 'the author of a tip does not lead its view')
}

function compare(a: View, b: View): number {
  return a < b ? -1 : a > b ? 1 : 0
}
