import type { Epoch, Hash, View } from './ids.ts'
import type { Tip } from './tip.ts'

/** More than 2/3 of stake voted for (epoch, view, block). */
export interface QuorumCertificate {
  readonly epoch: Epoch
  readonly view: View
  readonly blockHash: Hash
  /** One bit per validator, lowest bit of byte 0 first; ⌈n/8⌉ bytes, no bit at or above n. */
  readonly signers: Uint8Array
  /** Aggregate (BLS, 96 bytes) or concatenation in index order (ed25519, 64 bytes each). */
  readonly signature: Uint8Array
}

/** Those who gave the view up knowing a highQC of one and the same view, and under `highTip` a tip of one view. */
export interface TimeoutGroup {
  readonly highQCView: View
  /** View of their tip, 0 for none; present exactly under `consensus.highTip`. `highQCView` is then the tip's QC's. */
  readonly highTipView?: View
  readonly signers: Uint8Array
  readonly signature: Uint8Array
}

/** More than 2/3 of stake gave up the view. */
export interface TimeoutCertificate {
  readonly epoch: Epoch
  readonly view: View
  /** Ascending by highQCView, then by highTipView; distinct, with disjoint signers. */
  readonly groups: readonly TimeoutGroup[]
  /** Its view is the greatest highQCView of the groups; under `highTip` that of the group of the highest rank. */
  readonly highQC: QuorumCertificate
  /** The tip of the group of the highest rank, if that has one; `highQC` is the QC in its header. */
  readonly highTip?: Tip
}
