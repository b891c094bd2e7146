import type { BlockHeader } from './block.ts'
import type { TimeoutGroup } from './certificates.ts'
import type { Epoch, Hash, View } from './ids.ts'

/** More than 2/3 of stake declared in this view that they cannot endorse the tip; docs/spec/consensus.md §12. */
export interface NoEndorsementCertificate {
  readonly epoch: Epoch
  readonly view: View
  /** View of the QC in the header of the tip. */
  readonly tipQCView: View
  readonly signers: Uint8Array
  readonly signature: Uint8Array
}

/** Why a block was built anew after a view was given up, and nothing re-proposed. */
export type FreshProof =
  /** The groups of the TC: nobody of a quorum had a tip above the block's QC. */
  | { readonly kind: 'noTip'; readonly groups: readonly TimeoutGroup[] }
  | { readonly kind: 'nec'; readonly nec: NoEndorsementCertificate }

/**
 * The header of a block that was voted for, as its leader signed it: what a timeout carries so that the block is not
 * forgotten. It proves itself: that the leader of its view proposed it, and might.
 */
export interface Tip {
  readonly header: BlockHeader
  /** SHA-256 of the TC it was first proposed with; absent if its QC was of the view before. */
  readonly tcHash?: Hash
  /** Present exactly when tcHash is. */
  readonly fresh?: FreshProof
  /** Of the proposal in the view of the header: 64 bytes ed25519. */
  readonly signature: Uint8Array
}
