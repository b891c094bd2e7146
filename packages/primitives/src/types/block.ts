import type { QuorumCertificate } from './certificates.ts'
import type { Epoch, Hash, Height, View } from './ids.ts'

/** Bit 0 of a header's flags: the last block of its epoch that can be committed. */
export const FLAG_EPOCH_CLOSING = 1
/** Bit 1 of a header's flags: an empty block after a closing block. */
export const FLAG_EPOCH_SUFFIX = 2

/** What a block hash covers; docs/spec/consensus.md §2. */
export interface BlockHeader {
  readonly version: number
  readonly chainId: bigint
  readonly epoch: Epoch
  /** View the block was first proposed in. */
  readonly view: View
  readonly height: Height
  readonly parentHash: Hash
  /** Certifies parentHash. */
  readonly qc: QuorumCertificate
  /** Index of the author in the epoch's validator set. */
  readonly proposer: number
  /** Milliseconds since 1970, greater than the parent's. */
  readonly timestampMs: number
  readonly payloadRoot: Hash
  /** K(parent), docs/spec/consensus.md §3.1. */
  readonly executedHeight: Height
  /** State after executedHeight. */
  readonly stateRoot: Hash
  readonly validatorSetHash: Hash
  readonly nextValidatorSetHash: Hash
  readonly flags: number
}

/** The transactions of a block, in the proposer's order. */
export interface Payload {
  /** Encoded action envelopes: transactions of kind 0. */
  readonly actions: readonly Uint8Array[]
  /** Raw signed Ethereum transactions: transactions of kind 1. */
  readonly evm: readonly Uint8Array[]
  readonly evidence: readonly Uint8Array[]
}

export interface Block {
  readonly header: BlockHeader
  readonly payload: Payload
}
