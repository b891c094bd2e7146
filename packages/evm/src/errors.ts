import { OpenLiquidError } from '@openliquid/primitives'

/** Why raw bytes are not a transaction of this chain. Depends on the bytes alone, never on state. */
export type EvmTransactionFault =
  | { readonly code: 'OL_EVM_TX_SIZE'; readonly size: number; readonly max: number }
  | { readonly code: 'OL_EVM_TX_MALFORMED'; readonly reason: string }
  | { readonly code: 'OL_EVM_TX_TYPE'; readonly type: number }
  | { readonly code: 'OL_EVM_TX_CHAIN_ID'; readonly chainId: bigint; readonly expected: bigint }
  | { readonly code: 'OL_EVM_TX_UNPROTECTED' }
  | { readonly code: 'OL_EVM_TX_SIGNATURE'; readonly reason: string }
  | {
      readonly code: 'OL_EVM_TX_INTRINSIC_GAS'
      readonly gasLimit: bigint
      readonly required: bigint
    }
  | { readonly code: 'OL_EVM_TX_FEES'; readonly reason: string }
  | { readonly code: 'OL_EVM_TX_INIT_CODE'; readonly size: number; readonly max: number }

/** Thrown by `decodeEvmTransaction`; caught at the door the bytes came through. */
export class EvmTransactionError extends OpenLiquidError<EvmTransactionFault> {
  override readonly name: string = 'EvmTransactionError'
}

/** Why a transaction of a committed block did not run: no receipt, no change of state. */
export type EvmSkipReason =
  | { readonly code: 'OL_EVM_SKIP_MALFORMED'; readonly reason: string }
  | {
      readonly code: 'OL_EVM_SKIP_NONCE_TOO_LOW'
      readonly nonce: bigint
      readonly expected: bigint
    }
  | {
      readonly code: 'OL_EVM_SKIP_NONCE_TOO_HIGH'
      readonly nonce: bigint
      readonly expected: bigint
    }
  | { readonly code: 'OL_EVM_SKIP_NONCE_WINDOW'; readonly window: number }
  | { readonly code: 'OL_EVM_SKIP_SENDER_HAS_CODE' }
  | { readonly code: 'OL_EVM_SKIP_FUNDS'; readonly required: bigint; readonly balance: bigint }
  | { readonly code: 'OL_EVM_SKIP_BASE_FEE'; readonly maxFee: bigint; readonly baseFee: bigint }
  | {
      readonly code: 'OL_EVM_SKIP_BLOCK_GAS'
      readonly gasLimit: bigint
      readonly available: bigint
    }
  | { readonly code: 'OL_EVM_SKIP_REFUSED'; readonly reason: string }

/** What a caller of the package can do about. */
export type EvmFault =
  | { readonly code: 'OL_EVM_GENESIS_MISMATCH'; readonly stored: string; readonly given: string }
  | { readonly code: 'OL_EVM_GENESIS'; readonly reason: string }
  | { readonly code: 'OL_EVM_LANE'; readonly lane: number; readonly lanes: number }
  | {
      readonly code: 'OL_EVM_LOGS_RANGE'
      readonly fromNumber: bigint
      readonly toNumber: bigint
      readonly blocksMax: number
    }
  | { readonly code: 'OL_EVM_LOGS_RESULTS'; readonly resultsMax: number; readonly toNumber: bigint }
  | { readonly code: 'OL_EVM_LOGS_FILTER'; readonly reason: string }
  | { readonly code: 'OL_EVM_FEE_HISTORY'; readonly reason: string }
  | { readonly code: 'OL_EVM_HISTORY'; readonly number: bigint; readonly oldest: bigint }
  | { readonly code: 'OL_EVM_PRUNED'; readonly number: bigint; readonly oldest: bigint }
  | { readonly code: 'OL_EVM_PROOF'; readonly number: bigint; readonly max: number }
  | { readonly code: 'OL_EVM_OVERRIDE'; readonly reason: string }
  | { readonly code: 'OL_EVM_OVERRIDE_SELF' }
  | { readonly code: 'OL_EVM_OVERRIDE_TWICE' }
  | { readonly code: 'OL_EVM_SIMULATION'; readonly size: number; readonly max: number }
  | { readonly code: 'OL_EVM_STORAGE_RANGE'; readonly max: number }
  | { readonly code: 'OL_EVM_TRACE'; readonly reason: string }
  | { readonly code: 'OL_EVM_STATE_TEST'; readonly reason: string }
  | { readonly code: 'OL_EVM_IMPORT'; readonly number: bigint; readonly reason: string }

/** Thrown for a wrong genesis, lane or query. */
export class EvmError extends OpenLiquidError<EvmFault> {
  override readonly name: string = 'EvmError'
}

/** Our own fault while a block executes: the disk or a bug. The node must stop, not go on. */
export class EvmFatalError extends OpenLiquidError<{
  readonly code: 'OL_EVM_FATAL'
  readonly height: bigint
}> {
  override readonly name: string = 'EvmFatalError'
}
