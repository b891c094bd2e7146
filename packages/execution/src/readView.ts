import type { EvmTransaction, EvmView } from '@openliquid/evm'
import type { ExchangeView, FillEvent } from '@openliquid/exchange'
import type { Address, Block, Genesis, Hash, Height, Transaction } from '@openliquid/primitives'
import type { BlockResult, TransactionOutcome } from './blockResult.ts'
import type { HistoryView } from './historyView.ts'

/** What never changes about a chain. */
export interface ChainFacts {
  readonly chainId: number
  readonly network: Genesis['network']
  readonly genesisHash: Hash
  readonly genesis: Genesis
  /** Contracts built into the EVM through which it reads the exchange. */
  readonly precompiles: readonly { readonly name: string; readonly address: Address }[]
}

/** The newest executed block. */
export interface ChainHead {
  readonly height: Height
  readonly blockHash: Hash
  readonly timestampMs: number
  readonly stateRoot: Hash
}

/** What became of a submitted transaction at the door. */
export interface Admission {
  readonly txId: Hash
  readonly sender: Address
  /** keccak-256 of the bytes, for Ethereum transactions. */
  readonly evmHash?: Hash
}

export interface MempoolCounts {
  readonly transactions: number
  readonly bytes: number
  readonly actions: number
  /** Ethereum transactions that may go into the next EVM block. */
  readonly evmPending: number
  /** Ethereum transactions behind a gap of nonces. */
  readonly evmQueued: number
}

/** Ethereum transactions waiting, by sender in order of nonce. */
export interface EvmPoolContent {
  readonly pending: readonly EvmTransaction[]
  readonly queued: readonly EvmTransaction[]
}

/**
 * Everything that a server of requests may read of the chain, and the one way in.
 *
 * `core` and `evm` are consistent with each other only inside `call`: a block executes in several steps.
 */
export interface ChainView {
  readonly chain: ChainFacts
  readonly head: ChainHead
  /** State of the exchange; read it inside `call`. */
  readonly core: ExchangeView
  /** State, blocks, receipts and logs of the EVM; read it inside `call`. */
  readonly evm: EvmView
  /** What the events of executed blocks left for the APIs; read it inside `call` beside state. */
  readonly history: HistoryView

  /**
   * Runs a reader while no block is executing. Readers run side by side, in the order they came; a block waits for
   * those that began before it. Keep them short.
   */
  call<T>(read: () => T | Promise<T>): Promise<T>

  /**
   * Admits a transaction to the mempool and returns; it is then gossiped and waits for a block.
   *
   * @throws {MempoolError} with the text that clients expect in `reason`
   */
  submit(transaction: Transaction): Promise<Admission>

  /**
   * Waits until a transaction is executed.
   *
   * @param timeoutMs - 10 s if absent; the transaction stays in the mempool after it
   * @throws {ExecutionError} OL_RECEIPT_TIMEOUT
   * @throws {MempoolError} the transaction left the mempool without being executed
   */
  waitForReceipt(txId: Hash, timeoutMs?: number): Promise<TransactionOutcome>

  /** Calls back after each block is on disk, in height order. Returns the way to stop it. */
  onBlock(listener: (result: BlockResult) => void): () => void

  /**
   * Calls back with each Ethereum transaction that the mempool takes, from clients and from other nodes. A listener
   * must not throw. Returns the way to stop it.
   */
  onPendingEvm(listener: (transaction: EvmTransaction) => void): () => void

  /** Where an action or an Ethereum transaction ended, by txId. */
  outcomeOf(txId: Hash): TransactionOutcome | undefined

  /** Fills of a user, newest first, at most 2,000. */
  userFills(user: Address): Promise<readonly FillEvent[]>

  /** Executed block of the chain by height or hash. */
  blockAt(height: Height): Block | undefined
  blockByHash(hash: Hash): Block | undefined

  /** Nonce for a sender's next Ethereum transaction, counting those that wait. */
  pendingNonce(address: Address): bigint
  /** A waiting Ethereum transaction by its Ethereum hash. */
  pendingEvmTransaction(evmHash: Hash): EvmTransaction | undefined
  /** A sender's waiting Ethereum transaction with a nonce. */
  pendingEvmTransactionOf(sender: Address, nonce: bigint): EvmTransaction | undefined
  mempool(): MempoolCounts
  evmPool(): EvmPoolContent
}
