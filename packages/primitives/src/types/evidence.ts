import type { BlockHeader } from './block.ts'
import type { QuorumCertificate } from './certificates.ts'
import type { Epoch, Hash, View } from './ids.ts'
import type { Vote } from './messages.ts'
import type { Misbehavior } from './stateMachine.ts'

/** What a leader's signature under a proposal says; neither block nor TC is needed to verify it. */
export interface ProposalStatement {
  readonly epoch: Epoch
  readonly view: View
  readonly blockHash: Hash
  /** SHA-256 of the proposal's encoded TC, if it carries one. */
  readonly tcHash?: Hash
  /** Whose nodeKey signed. */
  readonly signer: number
  /** 64 bytes ed25519. */
  readonly signature: Uint8Array
}

/** What a validator's signature under a timeout says. */
export interface TimeoutStatement {
  readonly epoch: Epoch
  readonly view: View
  readonly highQCView: View
  /** Under `highTip`: view of the tip, 0 for none. */
  readonly highTipView?: View
  readonly signer: number
  readonly signature: Uint8Array
}

/**
 * Proof that a validator broke the protocol, complete in itself: whoever has the validator set of its epoch can verify
 * it. In a pair the smaller blockHash, or the smaller (highQCView, highTipView), comes first, so that a pair has one encoding.
 * @see docs/spec/consensus.md §8 evidence
 */
export type Evidence =
  /** Two votes of one key in one view for different blocks. */
  | { readonly kind: 'duplicateVote'; readonly first: Vote; readonly second: Vote }
  /** Two proposals of one key in one view with different blocks. */
  | {
      readonly kind: 'duplicateProposal'
      readonly first: ProposalStatement
      readonly second: ProposalStatement
    }
  /** A vote for the block of this header, and in the same view or later a timeout that knows less than its QC. */
  | {
      readonly kind: 'lockRegression'
      readonly vote: Vote
      readonly header: BlockHeader
      readonly timeout: TimeoutStatement
    }
  /** Two timeouts of one key in one view with different highQCs, or tips. */
  | {
      readonly kind: 'conflictingTimeouts'
      readonly first: TimeoutStatement
      readonly second: TimeoutStatement
    }
  /** Two QCs of one view over different blocks: whoever signed both is guilty. */
  | {
      readonly kind: 'conflictingQCs'
      readonly first: QuorumCertificate
      readonly second: QuorumCertificate
    }

/** Byte of each kind on the wire and on disk. */
export const EVIDENCE_KIND: Readonly<Record<Misbehavior['kind'], number>> = {
  duplicateVote: 1,
  duplicateProposal: 2,
  lockRegression: 3,
  conflictingTimeouts: 4,
  conflictingQCs: 5,
}
