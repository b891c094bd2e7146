import type { EvmBlock, EvmReceipt } from '@openliquid/evm'
import type { ActionReceipt, ExchangeEvent } from '@openliquid/exchange'
import type { Hash, Height } from '@openliquid/primitives'

/** An EVM block that a committed block brought, with what its transactions did. */
export interface EvmBlockResult {
  readonly block: EvmBlock
  readonly receipts: readonly EvmReceipt[]
  /** Of the transactions that the chain itself sent; no filter of logs finds theirs. */
  readonly systemReceipts: readonly EvmReceipt[]
}

/**
 * What one committed block did, told once after its batch is on disk.
 *
 * Waiting requests, pushes and API indexes read only this.
 */
export interface BlockResult {
  readonly height: Height
  readonly blockHash: Hash
  readonly timestampMs: number
  readonly stateRoot: Hash
  /** One per action that ran, in the order of execution. */
  readonly receipts: readonly ActionReceipt[]
  /** In the order they happened. */
  readonly events: readonly ExchangeEvent[]
  readonly evmBlocks: readonly EvmBlockResult[]
}

/** Where a transaction ended. */
export type TransactionOutcome =
  | {
      readonly kind: 'action'
      readonly txId: Hash
      readonly height: Height
      readonly receipt: ActionReceipt
    }
  | {
      readonly kind: 'evm'
      readonly txId: Hash
      readonly height: Height
      readonly receipt: EvmReceipt
    }
