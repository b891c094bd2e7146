export type { EvmHead } from './blockArchive.ts'
export type { CallPace } from './callQueue.ts'
export type { EvmEngine } from './engines.ts'
export {
  EvmError,
  EvmFatalError,
  type EvmFault,
  type EvmSkipReason,
  EvmTransactionError,
  type EvmTransactionFault,
} from './errors.ts'
export { type EvmBlock, type EvmBlockHeader, encodeEvmBlock } from './evmBlock.ts'
export { EvmExecutor, type EvmExecutorOptions } from './evmExecutor.ts'
export { evmStateRoot } from './evmStateRoot.ts'
export {
  type AccessListEntry,
  decodeEvmTransaction,
  type EvmTransaction,
} from './evmTransaction.ts'
export type {
  EvmPayload,
  EvmPayloadTransaction,
  EvmSkip,
  EvmTransition,
} from './evmTransition.ts'
export type {
  EvmAccessListResult,
  EvmBlockOverride,
  EvmCallRequest,
  EvmCallResult,
  EvmFeeHistory,
  EvmGasEstimate,
  EvmLogFilter,
  EvmProof,
  EvmSimulatedBlock,
  EvmSimulatedCall,
  EvmSimulatedRequest,
  EvmSimulatedResult,
  EvmSimulation,
  EvmSimulationOptions,
  EvmSimulationRefusal,
  EvmSlotValue,
  EvmStateOverride,
  EvmStateView,
  EvmStorageRangeRequest,
  EvmTransactionPlace,
  EvmView,
} from './evmView.ts'
export { type ImportedChain, type ImportedState, importChain } from './importChain.ts'
export {
  CALL_GAS_MAX,
  FEE_HISTORY_BLOCKS_MAX,
  LOG_TOPICS_MAX,
  LOGS_BLOCKS_MAX,
  LOGS_RESULTS_MAX,
} from './limits.ts'
export { PREDEPLOYS, WRAPPED_HYPE_ADDRESS } from './predeploys.ts'
export type { EvmLog, EvmLogEntry, EvmReceipt } from './receipts.ts'
export { EvmRestorer, evmGenesisDigest, readEvmBlock } from './stateRestore.ts'
export { evmHeadOf, evmStateChunks } from './stateSnapshot.ts'
export { runStateTests, type StateTestOptions, type StateTestResult } from './stateTests.ts'
export type { EvmStorageRange } from './storageRange.ts'
export type { EvmSystemTransaction } from './systemTransaction.ts'
export type {
  EvmAccountTrace,
  EvmCallFrame,
  EvmStep,
  EvmTrace,
  EvmTraceOptions,
} from './traceTypes.ts'
