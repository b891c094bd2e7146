export { BlockStore, type CommittedBlock } from './blockStore.ts'
export {
  type ConsensusLog,
  type ConsensusLogOptions,
  LOG_KIND,
  type LoggedRecord,
  type LogIo,
  type LogKind,
  type LogRecord,
  openConsensusLog,
} from './consensusLog.ts'
export { StoreError, type StoreFailure, WalError, type WalFailure } from './errors.ts'
export {
  heightToBytes,
  KEYSPACE,
  type Keyspace,
  keyspaceRange,
  metaKey,
} from './keyspace.ts'
export { type LevelStore, openStore, STORE_SCHEMA } from './levelStore.ts'
export { LOG_BODY_BYTES_MAX, LOG_SEGMENT_BYTES_MAX } from './limits.ts'
