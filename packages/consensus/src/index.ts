export type {
  ConsensusOptions,
  RecoveredState,
  ValidatorIdentity,
} from './consensusOptions.ts'
export { ConsensusCore } from './core.ts'
export type { CommittedBlock, Details, Effect, LogRecord, Recipient } from './effect.ts'
export type { ConsensusInput, TimerId } from './input.ts'
export type { EntryCertificate, SafetyData } from './safetyData.ts'
