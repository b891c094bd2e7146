import type {
  Address,
  CoreWriterLog,
  ExchangeReader,
  Hash,
  StateTransition,
} from '@openliquid/primitives'
import type { EvmSkipReason } from './errors.ts'
import type { EvmBlock } from './evmBlock.ts'
import type { EvmTransaction } from './evmTransaction.ts'
import type { EvmReceipt } from './receipts.ts'
import type { EvmSystemTransaction } from './systemTransaction.ts'

/** A transaction of a payload. The sender was recovered once, when it was admitted. */
export interface EvmPayloadTransaction {
  readonly bytes: Uint8Array
  readonly sender: Address
  /** keccak-256 of the bytes. */
  readonly hash: Hash
  /** What `decodeEvmTransaction` made of the bytes, if it is at hand: they are not read again. */
  readonly decoded?: EvmTransaction
}

/** What one EVM block executes. */
export interface EvmPayload {
  /** Index into the genesis lanes. */
  readonly lane: number
  /** In the order of the committed payload. */
  readonly transactions: readonly EvmPayloadTransaction[]
  /** Sent by the chain itself, and run before all others. */
  readonly systemTransactions?: readonly EvmSystemTransaction[]
  /** The Core after the actions of this block. */
  readonly reader: ExchangeReader
}

/** A transaction that did not run. */
export interface EvmSkip {
  readonly hash: Hash
  /** Position in the payload. */
  readonly index: number
  readonly reason: EvmSkipReason
}

/** All that one EVM block changed. Nothing of it is durable until the writes are. */
export interface EvmTransition extends StateTransition<EvmReceipt> {
  /** Absent when a lane without period had nothing that could run. */
  readonly block?: EvmBlock
  /** Root of the account trie, as any Ethereum tool computes it. */
  readonly evmRoot: Hash
  /** Of all that a later block depends on; the same as `stateRoot`. */
  readonly evmStateRoot: Hash
  /** Of the transactions that the chain itself sent, which are in no root of the block. Log indexes are their own. */
  readonly systemReceipts: readonly EvmReceipt[]
  /** In the order of their logs, those of system transactions first. */
  readonly coreWriterLogs: readonly CoreWriterLog[]
  readonly skipped: readonly EvmSkip[]
}
