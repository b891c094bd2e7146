import type { Block, BlockHeader } from './block.ts'
import type { QuorumCertificate, TimeoutCertificate } from './certificates.ts'
import type { Evidence } from './evidence.ts'
import type { Epoch, Hash, Height, View } from './ids.ts'
import type { NoEndorsementCertificate, Tip } from './tip.ts'
import type { ValidatorSet } from './validator.ts'

/** The leader's message: an envelope around a block, signed with its nodeKey. */
export interface Proposal {
  readonly epoch: Epoch
  /** View it is proposed in. */
  readonly view: View
  readonly block: Block
  /** Present exactly when the block's QC is not of the view before. */
  readonly tc?: TimeoutCertificate
  /** Present exactly when the TC names a tip and the block is another: why that is not re-proposed. */
  readonly nec?: NoEndorsementCertificate
  /** 64 bytes ed25519. */
  readonly signature: Uint8Array
}

/** Signed agreement with a block. Identical bodies are what makes aggregation cheap. */
export interface Vote {
  readonly epoch: Epoch
  readonly view: View
  readonly blockHash: Hash
  readonly signer: number
  readonly signature: Uint8Array
}

/** Signed giving up of a view. */
export interface TimeoutVote {
  readonly epoch: Epoch
  readonly view: View
  readonly highQC: QuorumCertificate
  /** Present exactly when highQC is not of the view before. */
  readonly lastTC?: TimeoutCertificate
  /** The sender's own vote of this view, if it voted. */
  readonly vote?: Vote
  /** Under `highTip`: the block last voted for, if its view is above that of highQC. */
  readonly highTip?: Tip
  readonly signer: number
  readonly signature: Uint8Array
}

/** Signed by one who cannot endorse the tip that the leader of this view asked for; docs/spec/consensus.md §12. */
export interface NoEndorse {
  readonly epoch: Epoch
  readonly view: View
  /** View of the QC in the header of the tip. */
  readonly tipQCView: View
  readonly signer: number
  readonly signature: Uint8Array
}

/** The leader of the view after the TC's asks for the block of the tip, or for the refusal to endorse it. */
export interface RoundRecovery {
  /** Names a tip. */
  readonly tc: TimeoutCertificate
  /** 64 bytes ed25519. */
  readonly signature: Uint8Array
}

/** Shows that a block was committed; docs/spec/consensus.md §4. */
export interface CommitProof {
  /** path[0] is the committed block; hash-linked upwards. */
  readonly path: readonly BlockHeader[]
  /** Certifies the last header of the path. */
  readonly qc: QuorumCertificate
}

/** News of the newest certificates. Unsigned: certificates prove themselves. */
export interface AdvanceView {
  readonly highQC: QuorumCertificate
  readonly tc?: TimeoutCertificate
  readonly highestCommit?: CommitProof
}

/** One step of the chain of validator sets. */
export interface EpochChange {
  readonly commit: CommitProof
  readonly nextSet: ValidatorSet
}

export interface EpochChangeProof {
  readonly proofs: readonly EpochChange[]
}

/** Asks a peer for blocks in height order. */
export interface GetBlocks {
  readonly fromHeight: Height
  /** Last block wanted; without it the newest committed one. */
  readonly toHash?: Hash
  readonly bytesMax: number
}

/** Contiguous blocks and a certificate for the last. */
export interface BlocksAnswer {
  readonly blocks: readonly Block[]
  readonly qc?: QuorumCertificate
}

/** Everything that consensus sends to other nodes. */
export type ConsensusMessage =
  | { readonly kind: 'proposal'; readonly proposal: Proposal }
  | { readonly kind: 'vote'; readonly vote: Vote }
  | { readonly kind: 'timeout'; readonly timeout: TimeoutVote }
  | { readonly kind: 'advanceView'; readonly advanceView: AdvanceView }
  | { readonly kind: 'epochChange'; readonly epochChange: EpochChangeProof }
  | { readonly kind: 'noEndorse'; readonly noEndorse: NoEndorse }
  | { readonly kind: 'roundRecovery'; readonly roundRecovery: RoundRecovery }
  /** Answers `roundRecovery`. */
  | { readonly kind: 'tipBlock'; readonly block: Block }
  | { readonly kind: 'evidence'; readonly evidence: Evidence }

/** A large block's proposal as gossip carries it; the body comes by push or is asked for by hash. docs/wire.md, large blocks. */
export interface Announcement {
  /** Without actions and Ethereum transactions; evidence stands in it. */
  readonly proposal: Proposal
  /** First 8 bytes of each action's transaction id, in the order of the payload. */
  readonly actionIds: Uint8Array
  readonly evmIds: Uint8Array
}
