export { CertificateVerifier } from './certificateVerifier.ts'
export { type Chain, createChain, DEFAULT_PARAMS } from './chain.ts'
export { Committee } from './committee.ts'
export type {
  ConsensusOptions,
  RecoveredState,
  ValidatorIdentity,
} from './consensusOptions.ts'
export { type ConsensusBuffers, ConsensusCore, type ConsensusStatus } from './core.ts'
export type { CoreDump } from './coreDump.ts'
export type { CommittedBlock, Details, Effect, LogRecord, Recipient } from './effect.ts'
export { answerEpochChange, type EpochSource } from './epochArchive.ts'
export {
  ConsensusError,
  type ConsensusFailure,
  type ConsensusFaultCode,
  type HaltCode,
} from './errors.ts'
export { type EvidenceJudge, verifyEvidence } from './evidenceVerifier.ts'
export type { ConsensusInput, TimerId } from './input.ts'
export { type Election, LeaderElection, type LeaderWindow } from './leaderElection.ts'
export { LightClient, type LightClientOptions, type ProvenBlock } from './lightClient.ts'
export { verifyCommitProof, verifyEpochChange } from './lightVerifier.ts'
export { closingBeneath, type ExecutedChain, epochAbove, recoverState } from './recovery.ts'
export { Reputation, type ReputationState, type SlotRecord } from './reputation.ts'
export { decodeSafetyData, encodeSafetyData } from './safetyCodec.ts'
export type { EntryCertificate, SafetyData } from './safetyData.ts'
export type { ExecutedState } from './stateRoots.ts'
export { StateSync, type StateSyncOptions } from './stateSync.ts'
export type { StateSyncEffect, StateSyncTarget } from './stateSyncEffect.ts'
export type { StateSyncInput, StateSyncRequest } from './stateSyncInput.ts'
export { answerGetBlocks, type BlockSource } from './syncServer.ts'
export {
  compareWatermarks,
  isWatermark,
  safetyAt,
  type Watermark,
  watermarkOf,
} from './watermark.ts'
