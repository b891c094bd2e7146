import type {
  Epoch,
  Hash,
  NoEndorse,
  Proposal,
  QuorumCertificate,
  TimeoutCertificate,
  TimeoutVote,
  Tip,
  View,
  Vote,
} from '@openliquid/primitives'

/** What let a replica into a view: a certificate of the view before; docs/spec/consensus.md §3 B4. */
export type EntryCertificate =
  | { readonly kind: 'qc'; readonly qc: QuorumCertificate }
  | { readonly kind: 'tc'; readonly tc: TimeoutCertificate }

/** Everything a replica must never forget about its own signatures; docs/spec/consensus.md §4. */
export interface SafetyData {
  readonly epoch: Epoch
  /** Greatest view voted or timed out in. */
  readonly lastVotedView: View
  /** Greatest `qc.view` of any block voted for; the view of `lockedQC`. */
  readonly lockedView: View
  /** Absent where the lock is a mark that an operator set; see `safetyAt`. */
  readonly lockedQC?: QuorumCertificate | undefined
  /** Of the view before lastVotedView; absent while that is 0 (R6). */
  readonly entry?: EntryCertificate | undefined
  readonly lastVote?: Vote | undefined
  readonly lastTimeout?: TimeoutVote | undefined
  /** Without its payload. */
  readonly lastProposed?: Proposal | undefined
  /** Under `highTip`: the block last voted for. */
  readonly highTip?: Tip | undefined
  /** Under `highTip`: the last refusal, and the hash of the tip that it is about. */
  readonly lastNoEndorse?: { readonly noEndorse: NoEndorse; readonly tip: Hash } | undefined
}
