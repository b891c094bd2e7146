// What readers of the chain need of the engines; `rpc` imports no engine itself.

export type {
  EvmBlock,
  EvmBlockHeader,
  EvmCallRequest,
  EvmCallResult,
  EvmFeeHistory,
  EvmGasEstimate,
  EvmLog,
  EvmLogFilter,
  EvmReceipt,
  EvmTransaction,
  EvmTransactionPlace,
  EvmView,
} from '@openliquid/evm'
export { EvmError, type EvmFault } from '@openliquid/evm'
export type {
  ActionReceipt,
  ActionResponse,
  ActiveAssetDataJson,
  BookAggregation,
  ExchangeEvent,
  ExchangeView,
  FillEvent,
  FrontendOrderJson,
  FundingEvent,
  FundingRateEvent,
  HoldingReading,
  L2BookJson,
  LedgerUpdateEvent,
  OrderDetailsJson,
  OrderJson,
  OrderStatus,
  OrderUpdateEvent,
  PerpCtxJson,
  SpotCtxJson,
  TradeEvent,
  TwapUpdateEvent,
  VaultReading,
} from '@openliquid/exchange'
export { type AccountValue, AccountValuer } from './accountValues.ts'
export {
  Application,
  type ApplicationOptions,
  type BlockExtras,
  type BuildRequest,
  type CheckRequest,
} from './application.ts'
export type { BlockResult, EvmBlockResult, TransactionOutcome } from './blockResult.ts'
export type { PayloadLimits } from './buildPayload.ts'
export { isEmptyPayload } from './checkPayload.ts'
export type { CoreWriterResult } from './coreWriterResult.ts'
export {
  ExecutionError,
  type ExecutionFailure,
  MempoolError,
  type MempoolRejection,
  type PayloadFault,
  type PayloadVerdict,
  type SnapshotRefusal,
  TransactionError,
  type TransactionFault,
} from './errors.ts'
export { History } from './history.ts'
export { CANDLE_INTERVALS, type CandleInterval, candleSpan } from './historyCandles.ts'
export type { TimeRange } from './historyKeys.ts'
export type { Candle, DayTotals, HistoryView, OrderRecord } from './historyView.ts'
export { type Drop, Mempool, type MempoolOptions, type MempoolState } from './mempool.ts'
export { EXECUTION_METRICS } from './metrics.ts'
export type {
  Admission,
  ChainFacts,
  ChainHead,
  ChainView,
  EvmPoolContent,
  MempoolCounts,
} from './readView.ts'
export { type ChunkSink, makeSnapshot } from './snapshotMaker.ts'
export { type RestoreTarget, StateRestorer } from './stateRestorer.ts'
export { combineRoots, type RootParts } from './stateRoot.ts'
export { readStateSyncBase, type StateSyncBase } from './stateSyncBase.ts'
export {
  type ReadAction,
  type ReadEvmTransaction,
  type ReadTransaction,
  TransactionReader,
} from './transactionReader.ts'
