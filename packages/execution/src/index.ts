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
  ExchangeEvent,
  ExchangeView,
  FillEvent,
} from '@openliquid/exchange'
export type { BlockResult, EvmBlockResult, TransactionOutcome } from './blockResult.ts'
export {
  ExecutionError,
  type ExecutionFailure,
  MempoolError,
  type MempoolRejection,
  type PayloadFault,
  type PayloadVerdict,
} from './errors.ts'
export type {
  Admission,
  ChainFacts,
  ChainHead,
  ChainView,
  EvmPoolContent,
  MempoolCounts,
} from './readView.ts'
