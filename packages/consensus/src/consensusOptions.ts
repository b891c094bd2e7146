import type { SignatureScheme } from '@openliquid/crypto'
import type {
  Block,
  BlockHeader,
  ConsensusParams,
  Hash,
  Height,
  QuorumCertificate,
  SigningContext,
  TimeoutCertificate,
  ValidatorSet,
} from '@openliquid/primitives'
import type { ReputationState } from './reputation.ts'
import type { SafetyData } from './safetyData.ts'

/** The keys a validator signs consensus messages with. */
export interface ValidatorIdentity {
  /** Position in the validator set. */
  readonly index: number
  /** Secret key of votes and timeouts. */
  readonly voteSecretKey: Uint8Array
  /** Secret key of proposals. */
  readonly nodeSecretKey: Uint8Array
}

/** What a replica knows when it starts: made by `recoverState` from the log and the store. */
export interface RecoveredState {
  /** Absent in a log that was never written. */
  readonly safety?: SafetyData
  readonly highQC?: QuorumCertificate
  readonly lastTC?: TimeoutCertificate
  /** Executed blocks, ascending, from the height after K(tip) to the tip; the last one is the tip. */
  readonly recent: readonly Block[]
  /** Header of the parent of `recent[0]`; absent when that is the genesis block. */
  readonly parentHeader?: BlockHeader
  /** Blocks above the tip, ascending by height. They may be forks. */
  readonly blocksAbove: readonly Block[]
  /** Certificates found in the log beside highQC; certify blocks above. */
  readonly certificates: readonly QuorumCertificate[]
  /** State roots by height, at least from K(tip) to the tip. */
  readonly stateRoots: readonly { readonly height: Height; readonly stateRoot: Hash }[]
  /** Newest one in the log that is not above the tip. */
  readonly reputation?: ReputationState
  /** Headers of executed blocks from the height of `reputation` (without it: the genesis block) to the tip; not needed at genesis. */
  readonly headers?: Iterable<BlockHeader>
}

/** Everything a replica is made from. */
export interface ConsensusOptions {
  readonly context: SigningContext
  readonly genesis: Block
  readonly validatorSet: ValidatorSet
  readonly params: ConsensusParams
  /** Of votes, timeouts and certificates; as `params.scheme` says. */
  readonly scheme: SignatureScheme
  /** Of proposals: ed25519 outside of simulations. */
  readonly nodeScheme: SignatureScheme
  /** Absent in a follower. */
  readonly self?: ValidatorIdentity
  readonly recovered: RecoveredState
}
