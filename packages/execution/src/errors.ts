import { OpenLiquidError } from '@openliquid/primitives'

/** Why a transaction was not admitted, or left the mempool without being executed. */
export type MempoolRejection =
  | { readonly code: 'OL_MEMPOOL_MALFORMED'; readonly reason: string; readonly fault: string }
  | { readonly code: 'OL_MEMPOOL_SIGNATURE' }
  | { readonly code: 'OL_MEMPOOL_UNKNOWN_SIGNER'; readonly signer: string }
  | { readonly code: 'OL_MEMPOOL_KNOWN' }
  | { readonly code: 'OL_MEMPOOL_FULL'; readonly limit: 'transactions' | 'bytes' }
  | { readonly code: 'OL_MEMPOOL_SENDER_FULL'; readonly transactionsMax: number }
  | {
      readonly code: 'OL_MEMPOOL_ACTION_NONCE'
      readonly nonce: number
      readonly reason: 'duplicate' | 'tooLow' | 'outOfRange'
    }
  | { readonly code: 'OL_MEMPOOL_EXPIRED'; readonly expiresAfter: number }
  | { readonly code: 'OL_MEMPOOL_NONCE_TOO_LOW'; readonly nonce: bigint; readonly expected: bigint }
  | { readonly code: 'OL_MEMPOOL_NONCE_TOO_HIGH'; readonly nonce: bigint; readonly max: bigint }
  | { readonly code: 'OL_MEMPOOL_FUNDS'; readonly required: bigint; readonly balance: bigint }
  | { readonly code: 'OL_MEMPOOL_GAS_LIMIT'; readonly gasLimit: bigint; readonly max: bigint }
  | { readonly code: 'OL_MEMPOOL_BASE_FEE'; readonly maxFee: bigint; readonly baseFee: bigint }
  | { readonly code: 'OL_MEMPOOL_SENDER_HAS_CODE' }
  | {
      readonly code: 'OL_MEMPOOL_REPLACEMENT_UNDERPRICED'
      readonly requiredFee: bigint
      readonly requiredTip: bigint
    }
  | { readonly code: 'OL_MEMPOOL_REPLACED'; readonly byTxId: string }
  | { readonly code: 'OL_MEMPOOL_OUTDATED'; readonly ageMs: number }
  | { readonly code: 'OL_MEMPOOL_EVICTED' }
  | { readonly code: 'OL_MEMPOOL_SKIPPED'; readonly skip: string }

/**
 * Thrown by `submit`, and by `waitForReceipt` when the transaction left the mempool unexecuted.
 *
 * `reason` is the text that Ethereum tools match on (docs/spec/evm.md §9) or that exchange clients expect.
 */
export class MempoolError extends OpenLiquidError<MempoolRejection> {
  override readonly name: string = 'MempoolError'
  readonly reason: string

  constructor(reason: string, rejection: MempoolRejection, options?: { readonly cause?: unknown }) {
    super(reason, rejection, options)
    this.reason = reason
  }
}

/** Bytes of a transaction that no state could make right. */
export interface TransactionFault {
  readonly code: 'OL_TRANSACTION_SIGNATURE'
  readonly txId: string
}

export class TransactionError extends OpenLiquidError<TransactionFault> {
  override readonly name: string = 'TransactionError'
}

/** What can go wrong in executing, opening or waiting. */
export type ExecutionFailure =
  | { readonly code: 'OL_EXECUTION_GENESIS'; readonly stored: string; readonly given: string }
  | { readonly code: 'OL_EXECUTION_HEIGHT'; readonly height: bigint; readonly expected: bigint }
  | { readonly code: 'OL_EXECUTION_PARENT'; readonly height: bigint }
  | { readonly code: 'OL_EXECUTION_STATE'; readonly height: bigint; readonly reason: string }
  | { readonly code: 'OL_EXECUTION_VALIDATORS'; readonly height: bigint; readonly ours: string }
  | { readonly code: 'OL_EXECUTION_STOPPED' }
  | {
      readonly code: 'OL_EXECUTION_SNAPSHOT'
      readonly what: SnapshotRefusal
      readonly reason: string
    }
  | { readonly code: 'OL_RECEIPT_WAITERS'; readonly waitersMax: number }
  | { readonly code: 'OL_RECEIPT_TIMEOUT'; readonly txId: string; readonly timeoutMs: number }

export class ExecutionError extends OpenLiquidError<ExecutionFailure> {
  override readonly name: string = 'ExecutionError'
}

/** Why a proposed block is not valid; docs/spec/consensus.md §3 B6. A function of the block and its branch. */
export type PayloadFault =
  | { readonly code: 'OL_PAYLOAD_ROOT' }
  | { readonly code: 'OL_PAYLOAD_SIZE'; readonly bytes: number; readonly max: number }
  | { readonly code: 'OL_PAYLOAD_COUNT'; readonly count: number; readonly max: number }
  | { readonly code: 'OL_PAYLOAD_NOT_EMPTY' }
  | { readonly code: 'OL_PAYLOAD_EVIDENCE'; readonly count: number; readonly bytes: number }
  | { readonly code: 'OL_PAYLOAD_EVM_NOT_DUE' }
  | { readonly code: 'OL_PAYLOAD_DUPLICATE'; readonly txId: string }
  | { readonly code: 'OL_PAYLOAD_TRANSACTION'; readonly txId: string; readonly reason: string }

export type PayloadVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly fault: PayloadFault }

/** What of a snapshot is wrong: it contradicts itself, its pieces contradict the certified root, or the store is in use. */
export type SnapshotRefusal = 'manifest' | 'hash' | 'chunk' | 'proof' | 'root' | 'store'
