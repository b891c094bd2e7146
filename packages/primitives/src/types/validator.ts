import type { Address, Epoch } from './ids.ts'

/** One voting member of an epoch. */
export interface ValidatorInfo {
  /** Position in the set, which is sorted by address. */
  readonly index: number
  readonly address: Address
  /** Voting power in 1e-8 HYPE, above 0. */
  readonly stake: bigint
  /** 48 bytes BLS12-381 G1, or 32 bytes ed25519, by the genesis scheme. Signs votes and timeouts. */
  readonly voteKey: Uint8Array
  /** 32 bytes ed25519: libp2p identity, proposals, hello. */
  readonly nodeKey: Uint8Array
}

/** The voting members of one epoch. */
export interface ValidatorSet {
  readonly epoch: Epoch
  readonly validators: readonly ValidatorInfo[]
  readonly totalStake: bigint
}
