import type { EvmTransaction, EvmView } from '@openliquid/evm'
import type { ExchangeView, FillEvent } from '@openliquid/exchange'
import {
  type Address,
  type Block,
  type Hash,
  type Height,
  TRANSACTION_KIND,
  type Transaction,
} from '@openliquid/primitives'
import type { BlockStore } from '@openliquid/storage'
import type { BlockResult, TransactionOutcome } from './blockResult.ts'
import type { History } from './history.ts'
import type { HistoryView } from './historyView.ts'
import { RECEIPT_TIMEOUT_MS } from './limits.ts'
import type { Mempool } from './mempool.ts'
import type { ReadLock } from './readLock.ts'
import type {
  Admission,
  ChainFacts,
  ChainHead,
  ChainView,
  EvmPoolContent,
  MempoolCounts,
} from './readView.ts'
import type { ReceiptWaiters } from './receiptWaiters.ts'

/** Parts of an application that readers see. */
export interface ViewParts {
  readonly chain: ChainFacts
  readonly core: ExchangeView
  readonly evm: EvmView
  readonly mempool: Mempool
  readonly blocks: BlockStore
  readonly history: History
  readonly lock: ReadLock
  readonly waiters: ReceiptWaiters
  head(): ChainHead
  onBlock(listener: (result: BlockResult) => void): () => void
}

/** The read side of an application. */
export class ApplicationView implements ChainView {
  readonly chain: ChainFacts
  readonly core: ExchangeView
  readonly evm: EvmView
  readonly history: HistoryView
  readonly #parts: ViewParts

  constructor(parts: ViewParts) {
    this.#parts = parts
    this.chain = parts.chain
    this.core = parts.core
    this.evm = parts.evm
    this.history = parts.history
  }

  get head(): ChainHead {
    return this.#parts.head()
  }

  call<T>(read: () => T | Promise<T>): Promise<T> {
    return this.#parts.lock.read(read)
  }

  async submit(transaction: Transaction): Promise<Admission> {
    return this.#parts.mempool.admit(transaction)
  }

  async waitForReceipt(
    txId: Hash,
    timeoutMs: number = RECEIPT_TIMEOUT_MS,
  ): Promise<TransactionOutcome> {
    return this.outcomeOf(txId) ?? this.#parts.waiters.wait(txId, timeoutMs)
  }

  onBlock(listener: (result: BlockResult) => void): () => void {
    return this.#parts.onBlock(listener)
  }

  onPendingEvm(listener: (transaction: EvmTransaction) => void): () => void {
    return this.#parts.mempool.onAdmit((read) => {
      if (read.kind === TRANSACTION_KIND.evm) listener(read.transaction)
    })
  }

  outcomeOf(txId: Hash): TransactionOutcome | undefined {
    const { history } = this.#parts
    const stored = history.outcomeOf(txId)
    if (stored === undefined) return undefined
    const { height } = stored
    if (stored.kind === 'action') {
      const receipt = history.receiptAt(height, stored.index)
      return receipt === undefined ? undefined : { kind: 'action', txId, height, receipt }
    }
    const receipt = this.evm.getReceipt(stored.evmHash)
    return receipt === undefined ? undefined : { kind: 'evm', txId, height, receipt }
  }

  userFills(user: Address): Promise<readonly FillEvent[]> {
    return this.#parts.history.userFills(user)
  }

  blockAt(height: Height): Block | undefined {
    return this.#parts.blocks.blockAt(height)
  }

  blockByHash(hash: Hash): Block | undefined {
    return this.#parts.blocks.blockByHash(hash)
  }

  pendingNonce(address: Address): bigint {
    return this.#parts.mempool.pendingNonce(address)
  }

  pendingEvmTransaction(evmHash: Hash): EvmTransaction | undefined {
    return this.#parts.mempool.evmTransaction(evmHash)
  }

  pendingEvmTransactionOf(sender: Address, nonce: bigint): EvmTransaction | undefined {
    return this.#parts.mempool.evmTransactionOf(sender, nonce)
  }

  mempool(): MempoolCounts {
    return this.#parts.mempool.counts()
  }

  evmPool(): EvmPoolContent {
    return this.#parts.mempool.evmContent()
  }
}
