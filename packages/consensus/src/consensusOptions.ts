import type { SignatureScheme } from '@openliquid/crypto'
import type {
  Block,
  BlockHeader,
  ConsensusParams,
  Height,
  Misbehavior,
  QuorumCertificate,
  SigningContext,
  TimeoutCertificate,
  ValidatorSet,
} from '@openliquid/primitives'
import type { Election } from './leaderElection.ts'
import type { PastEpoch } from './pastEpochs.ts'
import type { ReputationState } from './reputation.ts'
import type { SafetyData } from './safetyData.ts'
import type { ExecutedState } from './stateRoots.ts'

/** The keys a validator signs consensus messages with. */
export interface ValidatorIdentity {
  /** Position in the validator set, checked against the keys. Without it the keys may be those of a later member. */
  readonly index?: number
  /** Secret key of votes and timeouts. */
  readonly voteSecretKey: Uint8Array
  /** Secret key of proposals. */
  readonly nodeSecretKey: Uint8Array
}

/** What a replica knows when it starts: made by `recoverState` from the log and the store. */
export interface RecoveredState {
  /** Header of the block beneath the epoch: the closing block before it; absent in epoch 1. */
  readonly epochBase?: BlockHeader
  /** Absent in a log that was never written. May be of a later epoch than the executed blocks. */
  readonly safety?: SafetyData
  /** Of the epoch that the replica starts in. */
  readonly highQC?: QuorumCertificate
  /** Of the epoch that the replica starts in. */
  readonly lastTC?: TimeoutCertificate
  /** Newest ones of later epochs, which are reached again by the certificates below. */
  readonly laterTCs?: readonly TimeoutCertificate[]
  /** Executed blocks, ascending, from the height after K(tip) to the tip; the last one is the tip. */
  readonly recent: readonly Block[]
  /** Header of the parent of `recent[0]`; absent when that is the genesis block. */
  readonly parentHeader?: BlockHeader
  /** Blocks above the tip, ascending by height. They may be forks. */
  readonly blocksAbove: readonly Block[]
  /** Certificates found in the log beside highQC; certify blocks above. */
  readonly certificates: readonly QuorumCertificate[]
  /** State roots by height, at least from K(tip) to the tip. */
  readonly stateRoots: readonly ExecutedState[]
  /** Newest one in the log that is not above the tip. */
  readonly reputation?: ReputationState
  /** Headers of executed blocks from the height of `reputation` (without it: the genesis block) to the tip; not needed at genesis. */
  readonly headers?: Iterable<BlockHeader>
  /** Sets of earlier epochs, ascending; the members of the present one stand in for those that are missing. */
  readonly validatorSets?: readonly ValidatorSet[]
  /** What the evidence of executed blocks convicted of. */
  readonly misbehaviors?: Iterable<Misbehavior>
  /** Epochs that are over, newest first; read as far as their members can still be punished. */
  readonly pastEpochs?: Iterable<PastEpoch>
}

/** Everything a replica is made from. */
export interface ConsensusOptions {
  readonly context: SigningContext
  readonly genesis: Block
  /** Of the epoch that the replica starts in: that of the newest executed block, or the next if it closes one. */
  readonly validatorSet: ValidatorSet
  readonly params: ConsensusParams
  /** Of votes, timeouts and certificates; as `params.scheme` says. */
  readonly scheme: SignatureScheme
  /** Of proposals: ed25519 outside of simulations. */
  readonly nodeScheme: SignatureScheme
  /** Instead of the schedule by stake and reputation, for a chain whose replicas all agree on another one. */
  readonly election?: Election
  /** Absent in a follower. */
  readonly self?: ValidatorIdentity
  /** Nobody can be sure that these keys sign nowhere else: listen for two leader rotations before the first signature. */
  readonly doppelgangerWait?: boolean
  /**
   * Where there are executed blocks but no safety data: signs first in an epoch whose closing block is younger than this.
   * What this validator signed is not known, but in such an epoch it cannot have been before the loss (§7). Wall clock.
   */
  readonly signsAfterMs?: number
  /** Heights whose leader schedule is kept for a while, for snapshots of the state. */
  readonly keepsReputation?: (height: Height) => boolean
  /** Absent: the chain starts now, and this replica has never been part of it. */
  readonly recovered?: RecoveredState
}
