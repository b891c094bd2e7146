import type { EvmTransaction, EvmView } from '@openliquid/evm'
import { type ExchangeView, NONCE_TEXTS } from '@openliquid/exchange'
import {
  type Address,
  assert,
  bytesToHex,
  type GenesisEvm,
  type Hash,
  type Hex,
  type Metrics,
  noMetrics,
  TRANSACTION_KIND,
  type Transaction,
} from '@openliquid/primitives'
import { readFailure } from './admissionErrors.ts'
import { CandidateHeap } from './candidateHeap.ts'
import { MempoolError, type MempoolRejection } from './errors.ts'
import { type BlockTimes, laneOf, wouldLaneRun } from './evmLanes.ts'
import { costOf, EvmQueue, tipOf } from './evmQueue.ts'
import {
  MEMPOOL_AGE_MS_MAX,
  MEMPOOL_BYTES_MAX,
  MEMPOOL_SENDER_TRANSACTIONS_MAX,
  MEMPOOL_TRANSACTIONS_MAX,
  REPLACEMENT_FEE_PERCENT_MIN,
} from './limits.ts'
import { mempoolMetrics } from './metrics.ts'
import type { PoolEntry } from './poolEntry.ts'
import type { Admission, EvmPoolContent, MempoolCounts } from './readView.ts'
import type {
  ReadAction,
  ReadEvmTransaction,
  ReadTransaction,
  TransactionReader,
} from './transactionReader.ts'

/** What admission asks of the executed state. */
export interface MempoolState {
  readonly core: Pick<ExchangeView, 'checkNonce' | 'isSigner' | 'usingBigBlocks' | 'timestampMs'>
  readonly evm: Pick<EvmView, 'getBalance' | 'getNonce' | 'getCode' | 'getBaseFee' | 'getGasLimit'>
}

export interface MempoolOptions {
  readonly state: MempoolState
  readonly reader: Pick<TransactionReader, 'read'>
  readonly evm: GenesisEvm
  /** Wall clock in milliseconds: ages, and the block time that the next block will about have. */
  readonly clock: () => number
  readonly transactionsMax?: number
  readonly bytesMax?: number
  readonly senderTransactionsMax?: number
  readonly ageMsMax?: number
  readonly metrics?: Metrics
}

/** A transaction that left without being executed. */
export interface Drop {
  readonly txId: Hash
  readonly error: MempoolError
}

/** What a payload may take. */
export interface Selection {
  readonly times: BlockTimes
  /** Ids that stand in the branch already. */
  readonly excluded: ReadonlySet<Hex>
  /** First nonce of senders with transactions in blocks that are not yet executed. */
  readonly firstNonces: ReadonlyMap<Hex, bigint>
}

/** How an executed block used what it carried. */
export interface ExecutedTransactions {
  readonly actions: readonly ReadAction[]
  /** With a receipt. */
  readonly evm: readonly ReadEvmTransaction[]
  /** Without one: hash and code of the reason. */
  readonly skipped: readonly { readonly read: ReadEvmTransaction; readonly code: string }[]
}

/** Skips that no later block can heal. */
const FINAL_SKIPS: ReadonlySet<string> = new Set([
  'OL_EVM_SKIP_MALFORMED',
  'OL_EVM_SKIP_SENDER',
  'OL_EVM_SKIP_SENDER_HAS_CODE',
  'OL_EVM_SKIP_REFUSED',
])

/**
 * Transactions of both kinds that wait for a block, checked once at the door.
 *
 * Bounded by count, bytes and share of one sender. Each transaction leaves when it is executed, or with a reason that
 * `onDrop` tells.
 * @see docs/design.md §8, docs/spec/evm.md §9, docs/spec/hyperliquid.md §3.5
 */
export class Mempool {
  readonly #options: Required<MempoolOptions>
  /** In order of arrival. */
  readonly #entries = new Map<Hex, PoolEntry>()
  readonly #actionsOf = new Map<Hex, Map<number, PoolEntry<ReadAction>>>()
  readonly #queues = new Map<Hex, EvmQueue>()
  readonly #byEvmHash = new Map<Hex, PoolEntry<ReadEvmTransaction>>()
  readonly #admitListeners = new Set<(transaction: ReadTransaction) => void>()
  readonly #dropListeners = new Set<(drop: Drop) => void>()
  readonly #metrics: ReturnType<typeof mempoolMetrics>
  #bytes = 0
  #actionCount = 0
  #arrivals = 0

  constructor(options: MempoolOptions) {
    this.#options = {
      transactionsMax: MEMPOOL_TRANSACTIONS_MAX,
      bytesMax: MEMPOOL_BYTES_MAX,
      senderTransactionsMax: MEMPOOL_SENDER_TRANSACTIONS_MAX,
      ageMsMax: MEMPOOL_AGE_MS_MAX,
      metrics: noMetrics,
      ...options,
    }
    this.#metrics = mempoolMetrics(this.#options.metrics)
  }

  /**
   * Checks a transaction against the executed state and keeps it.
   *
   * @throws {MempoolError} why not, with the text that clients expect in `reason`
   */
  admit({ kind, bytes }: Transaction): Admission {
    try {
      const read = this.#read({ kind, bytes })
      if (this.#entries.has(read.key)) {
        throw new MempoolError('already known', { code: 'OL_MEMPOOL_KNOWN' })
      }
      const replaced =
        read.kind === TRANSACTION_KIND.action ? this.#checkAction(read) : this.#checkEvm(read)
      if (replaced === undefined) this.#makeRoom(read)
      else this.#drop(replaced, 'replaced', { code: 'OL_MEMPOOL_REPLACED', byTxId: read.key })
      this.#add(read)
      for (const listener of this.#admitListeners) listener(read)
      const { txId, sender } = read
      return read.kind === TRANSACTION_KIND.evm
        ? { txId, sender, evmHash: read.transaction.hash }
        : { txId, sender }
    } catch (error) {
      if (error instanceof MempoolError) this.#metrics.rejected.inc({ reason: error.code })
      throw error
    }
  }

  /** Calls back with each transaction that is admitted. Returns the way to stop it. */
  onAdmit(listener: (transaction: ReadTransaction) => void): () => void {
    this.#admitListeners.add(listener)
    return () => this.#admitListeners.delete(listener)
  }

  /** Calls back with each transaction that leaves unexecuted. Returns the way to stop it. */
  onDrop(listener: (drop: Drop) => void): () => void {
    this.#dropListeners.add(listener)
    return () => this.#dropListeners.delete(listener)
  }

  /** All that wait, in the order they came. */
  *transactions(): Generator<Transaction> {
    for (const { read } of this.#entries.values()) yield { kind: read.kind, bytes: read.bytes }
  }

  has(txId: Hash): boolean {
    return this.#entries.has(bytesToHex(txId))
  }

  get(txId: Hash): Transaction | undefined {
    return this.#entries.get(bytesToHex(txId))?.read
  }

  /** Waiting transactions whose id begins so; `undefined` where there is none or more than one. O(pool). */
  byIdPrefix(prefixes: readonly string[]): readonly (Transaction | undefined)[] {
    if (prefixes.length === 0) return []
    const found = new Map<string, Transaction | undefined>(
      prefixes.map((prefix) => [prefix, undefined]),
    )
    const seen = new Set<string>()
    const [{ length }] = prefixes as [string]
    for (const [key, { read }] of this.#entries) {
      const prefix = key.slice(0, length)
      if (!found.has(prefix)) continue
      found.set(prefix, seen.has(prefix) ? undefined : { kind: read.kind, bytes: read.bytes })
      seen.add(prefix)
    }
    return prefixes.map((prefix) => found.get(prefix))
  }

  /** Waiting Ethereum transaction by its Ethereum hash. */
  evmTransaction(evmHash: Hash): EvmTransaction | undefined {
    return this.#byEvmHash.get(bytesToHex(evmHash))?.read.transaction
  }

  /** A sender's waiting Ethereum transaction with a nonce. */
  evmTransactionOf(sender: Address, nonce: bigint): EvmTransaction | undefined {
    return this.#queues.get(bytesToHex(sender))?.get(nonce)?.read.transaction
  }

  /** Nonce for the sender's next Ethereum transaction. */
  pendingNonce(address: Address): bigint {
    const nonce = this.#options.state.evm.getNonce(address)
    return this.#queues.get(bytesToHex(address))?.firstFree(nonce) ?? nonce
  }

  counts(): MempoolCounts {
    const evm = this.#entries.size - this.#actionCount
    let evmPending = 0
    for (const queue of this.#queues.values()) evmPending += this.#pendingCount(queue)
    return {
      transactions: this.#entries.size,
      bytes: this.#bytes,
      actions: this.#actionCount,
      evmPending,
      evmQueued: evm - evmPending,
    }
  }

  evmContent(): EvmPoolContent {
    const pending: EvmTransaction[] = []
    const queued: EvmTransaction[] = []
    for (const queue of this.#queues.values()) {
      const entries = queue.entries().map(({ read }) => read.transaction)
      const pendingCount = this.#pendingCount(queue)
      pending.push(...entries.slice(0, pendingCount))
      queued.push(...entries.slice(pendingCount))
    }
    return { pending, queued }
  }

  /** Actions that may run in a block of this time, in order of arrival. Those that never can again are dropped. */
  *actions({ times: { timestampMs }, excluded }: Selection): Generator<ReadAction> {
    for (const { read } of this.#entries.values()) {
      if (read.kind !== TRANSACTION_KIND.action || excluded.has(read.key)) continue
      const error = this.#actionFault(read, timestampMs)
      if (error === undefined) yield read
      else if (!isEarly(error, read, timestampMs)) this.#dropWith(read, error)
    }
  }

  /**
   * Ethereum transactions for the EVM blocks that are due: by tip, then arrival, and in order of nonce for one sender.
   * Keeps to gas limits of the lanes and to the nonces that one block takes from one sender.
   */
  *evm({ times, excluded, firstNonces }: Selection): Generator<ReadEvmTransaction> {
    const { state, evm } = this.#options
    const gasLeft = evm.lanes.map((_, lane) => state.evm.getGasLimit(lane))
    const lastNonces = new Map<Hex, bigint>()
    const heap = new CandidateHeap()
    const offer = (sender: Hex, queue: EvmQueue, nonce: bigint): void => {
      const entry = queue.get(nonce)
      if (entry === undefined || excluded.has(entry.read.key)) return
      const lane = this.#laneOf(entry.read)
      if (!wouldLaneRun(laneAt(evm, lane), times)) return
      const tip = tipOf(entry.read, state.evm.getBaseFee(lane))
      if (tip < 0n || nonce > (lastNonces.get(sender) ?? nonce)) return
      heap.push({ entry, tip })
    }
    for (const [sender, queue] of this.#queues) {
      const first = firstNonces.get(sender) ?? this.#nonceOf(queue)
      lastNonces.set(sender, first + BigInt(evm.nonceWindow) - 1n)
      offer(sender, queue, first)
    }
    for (let best = heap.pop(); best !== undefined; best = heap.pop()) {
      const { read } = best.entry
      const lane = this.#laneOf(read)
      const left = gasLeft[lane] ?? 0n
      // The rest of this sender waits for the next block: its nonces are in order.
      if (read.transaction.gasLimit > left) continue
      gasLeft[lane] = left - read.transaction.gasLimit
      yield read
      const sender = bytesToHex(read.sender)
      const queue = this.#queues.get(sender)
      if (queue !== undefined) offer(sender, queue, read.transaction.nonce + 1n)
    }
  }

  /** Lets go what a block executed, and what its effects or time made impossible. */
  onExecuted({ actions, evm, skipped }: ExecutedTransactions, timestampMs: number): void {
    for (const read of actions) this.#remove(read.key)
    for (const read of evm) this.#remove(read.key)
    for (const { read, code } of skipped) {
      if (FINAL_SKIPS.has(code)) {
        this.#drop(read, 'not executable', { code: 'OL_MEMPOOL_SKIPPED', skip: code })
      }
    }
    for (const signer of new Set(actions.map(({ sender }) => bytesToHex(sender)))) {
      for (const { read } of [...(this.#actionsOf.get(signer)?.values() ?? [])]) {
        const error = this.#actionFault(read, timestampMs)
        if (error !== undefined && !isEarly(error, read, timestampMs)) this.#dropWith(read, error)
      }
    }
    const senders = new Map(evm.map(({ sender }) => [bytesToHex(sender), sender] as const))
    for (const { read } of skipped) senders.set(bytesToHex(read.sender), read.sender)
    for (const [key, sender] of senders) this.#recheckSender(key, sender)
    this.#dropOutdated()
    this.#report()
  }

  #read({ kind, bytes }: Transaction): ReadTransaction {
    try {
      return this.#options.reader.read(kind, bytes)
    } catch (cause) {
      throw readFailure(cause)
    }
  }

  #checkAction(read: ReadAction): undefined {
    const { state, clock } = this.#options
    if (!state.core.isSigner(read.sender)) {
      const signer = bytesToHex(read.sender)
      throw new MempoolError(`User or API Wallet ${signer} does not exist.`, {
        code: 'OL_MEMPOOL_UNKNOWN_SIGNER',
        signer,
      })
    }
    const error = this.#actionFault(read, Math.max(clock(), state.core.timestampMs))
    if (error !== undefined) throw error
    const { nonce } = read.envelope
    if (this.#actionsOf.get(bytesToHex(read.sender))?.has(nonce) === true) {
      throw actionNonceError(nonce, 'duplicate')
    }
  }

  #actionFault({ sender, envelope }: ReadAction, timestampMs: number): MempoolError | undefined {
    const { nonce, expiresAfter } = envelope
    if (expiresAfter !== undefined && timestampMs > expiresAfter) {
      return new MempoolError('Action expired.', { code: 'OL_MEMPOOL_EXPIRED', expiresAfter })
    }
    const verdict = this.#options.state.core.checkNonce(sender, nonce, timestampMs)
    return verdict === 'ok' ? undefined : actionNonceError(nonce, verdict)
  }

  /** @returns the transaction that it replaces */
  #checkEvm(read: ReadEvmTransaction): ReadEvmTransaction | undefined {
    const { evm } = this.#options.state
    const { transaction, sender } = read
    const { nonce, gasLimit, maxFeePerGas } = transaction
    const lane = this.#laneOf(read)
    const gasLimitMax = evm.getGasLimit(lane)
    if (gasLimit > gasLimitMax) {
      throw new MempoolError('exceeds block gas limit', {
        code: 'OL_MEMPOOL_GAS_LIMIT',
        gasLimit,
        max: gasLimitMax,
      })
    }
    const baseFee = evm.getBaseFee(lane)
    if (maxFeePerGas < baseFee) {
      throw new MempoolError('max fee per gas less than block base fee', {
        code: 'OL_MEMPOOL_BASE_FEE',
        maxFee: maxFeePerGas,
        baseFee,
      })
    }
    const expected = evm.getNonce(sender)
    if (nonce < expected) throw nonceTooLow(nonce, expected)
    const nonceMax = expected + BigInt(this.#options.senderTransactionsMax) - 1n
    if (nonce > nonceMax) {
      throw new MempoolError('nonce too high', {
        code: 'OL_MEMPOOL_NONCE_TOO_HIGH',
        nonce,
        max: nonceMax,
      })
    }
    // EIP-3607.
    if (evm.getCode(sender).length > 0) {
      throw new MempoolError('sender not an eoa', { code: 'OL_MEMPOOL_SENDER_HAS_CODE' })
    }
    const queue = this.#queues.get(bytesToHex(sender))
    const old = queue?.get(nonce)?.read
    if (old !== undefined) checkReplacement(old, read)
    const required = (queue?.cost ?? 0n) + costOf(read) - (old === undefined ? 0n : costOf(old))
    const balance = evm.getBalance(sender)
    if (required > balance) throw fundsError(required, balance)
    return old
  }

  #makeRoom(read: ReadTransaction): void {
    const { transactionsMax, bytesMax, senderTransactionsMax } = this.#options
    if (this.#senderCount(bytesToHex(read.sender)) >= senderTransactionsMax) {
      throw new MempoolError('txpool is full', {
        code: 'OL_MEMPOOL_SENDER_FULL',
        transactionsMax: senderTransactionsMax,
      })
    }
    while (this.#entries.size >= transactionsMax || this.#bytes + read.bytes.length > bytesMax) {
      const victim = this.#victim(read)
      if (victim === undefined) {
        const limit = this.#entries.size >= transactionsMax ? 'transactions' : 'bytes'
        throw new MempoolError('txpool is full', { code: 'OL_MEMPOOL_FULL', limit })
      }
      this.#drop(victim, 'evicted: txpool is full', { code: 'OL_MEMPOOL_EVICTED' })
    }
  }

  /** The tail of the sender with the most Ethereum transactions, if that sender has clearly more than the newcomer's. */
  #victim(newcomer: ReadTransaction): ReadEvmTransaction | undefined {
    let largest: EvmQueue | undefined
    for (const queue of this.#queues.values()) {
      if (largest === undefined || queue.size > largest.size) largest = queue
    }
    const share = this.#senderCount(bytesToHex(newcomer.sender))
    if (largest === undefined || largest.size <= share + 1) return undefined
    return largest.tail()?.read
  }

  #add(read: ReadTransaction): void {
    const entry = { arrival: this.#arrivals, addedAtMs: this.#options.clock() }
    this.#arrivals += 1
    this.#bytes += read.bytes.length
    const sender = bytesToHex(read.sender)
    if (read.kind === TRANSACTION_KIND.action) {
      const actions = this.#actionsOf.get(sender) ?? new Map<number, PoolEntry<ReadAction>>()
      actions.set(read.envelope.nonce, { ...entry, read })
      this.#actionsOf.set(sender, actions)
      this.#actionCount += 1
      this.#entries.set(read.key, { ...entry, read })
    } else {
      const queue = this.#queues.get(sender) ?? new EvmQueue()
      const evmEntry = { ...entry, read }
      queue.add(evmEntry)
      this.#queues.set(sender, queue)
      this.#byEvmHash.set(bytesToHex(read.transaction.hash), evmEntry)
      this.#entries.set(read.key, evmEntry)
    }
    this.#report()
  }

  #remove(key: Hex): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined) return false
    const { read } = entry
    const sender = bytesToHex(read.sender)
    this.#entries.delete(key)
    this.#bytes -= read.bytes.length
    if (read.kind === TRANSACTION_KIND.action) {
      this.#actionCount -= 1
      const actions = this.#actionsOf.get(sender)
      actions?.delete(read.envelope.nonce)
      if (actions?.size === 0) this.#actionsOf.delete(sender)
    } else {
      this.#byEvmHash.delete(bytesToHex(read.transaction.hash))
      const queue = this.#queues.get(sender)
      queue?.remove(read.transaction.nonce)
      if (queue?.size === 0) this.#queues.delete(sender)
    }
    return true
  }

  #drop(read: ReadTransaction, reason: string, rejection: MempoolRejection): void {
    this.#dropWith(read, new MempoolError(reason, rejection))
  }

  #dropWith({ key, txId }: ReadTransaction, error: MempoolError): void {
    if (!this.#remove(key)) return
    this.#metrics.dropped.inc({ reason: error.code })
    for (const listener of this.#dropListeners) listener({ txId, error })
  }

  /** After a block that touched the sender: what it can no longer send goes, the dearest promises last. */
  #recheckSender(key: Hex, sender: Address): void {
    const { evm } = this.#options.state
    const queue = this.#queues.get(key)
    if (queue === undefined) return
    const expected = evm.getNonce(sender)
    for (const { read } of queue.entries()) {
      const { nonce } = read.transaction
      if (nonce >= expected) break
      this.#dropWith(read, nonceTooLow(nonce, expected))
    }
    const balance = evm.getBalance(sender)
    for (let tail = queue.tail(); tail !== undefined; tail = queue.tail()) {
      if (queue.cost <= balance) return
      this.#dropWith(tail.read, fundsError(queue.cost, balance))
    }
  }

  #dropOutdated(): void {
    const nowMs = this.#options.clock()
    for (const { read, addedAtMs } of this.#entries.values()) {
      const ageMs = nowMs - addedAtMs
      if (ageMs <= this.#options.ageMsMax) return
      this.#drop(read, 'transaction waited too long', { code: 'OL_MEMPOOL_OUTDATED', ageMs })
    }
  }

  #laneOf({ sender }: ReadEvmTransaction): number {
    return laneOf(this.#options.evm, this.#options.state.core.usingBigBlocks(sender))
  }

  #senderCount(sender: Hex): number {
    return (this.#actionsOf.get(sender)?.size ?? 0) + (this.#queues.get(sender)?.size ?? 0)
  }

  /** Nonce of the account whose transactions the queue holds. */
  #nonceOf(queue: EvmQueue): bigint {
    const tail = queue.tail()
    assert(tail !== undefined, 'no empty queue is kept')
    return this.#options.state.evm.getNonce(tail.read.sender)
  }

  #pendingCount(queue: EvmQueue): number {
    const nonce = this.#nonceOf(queue)
    return Number(queue.firstFree(nonce) - nonce)
  }

  #report(): void {
    this.#metrics.size.set(this.#entries.size)
    this.#metrics.bytes.set(this.#bytes)
  }
}

function laneAt({ lanes }: GenesisEvm, index: number): GenesisEvm['lanes'][number] {
  const lane = lanes[index]
  assert(lane !== undefined, 'a lane of the genesis')
  return lane
}

/** A nonce too far ahead of one block's time fits a later block. */
function isEarly(error: MempoolError, { envelope }: ReadAction, timestampMs: number): boolean {
  return error.code === 'OL_MEMPOOL_ACTION_NONCE' && envelope.nonce > timestampMs
    ? 'reason' in error.data && error.data.reason === 'outOfRange'
    : false
}

function actionNonceError(nonce: number, reason: keyof typeof NONCE_TEXTS): MempoolError {
  return new MempoolError(NONCE_TEXTS[reason], { code: 'OL_MEMPOOL_ACTION_NONCE', nonce, reason })
}

function nonceTooLow(nonce: bigint, expected: bigint): MempoolError {
  return new MempoolError('nonce too low', { code: 'OL_MEMPOOL_NONCE_TOO_LOW', nonce, expected })
}

function fundsError(required: bigint, balance: bigint): MempoolError {
  return new MempoolError('insufficient funds for gas * price + value', {
    code: 'OL_MEMPOOL_FUNDS',
    required,
    balance,
  })
}

function checkReplacement(old: ReadEvmTransaction, next: ReadEvmTransaction): void {
  const requiredFee = raised(old.transaction.maxFeePerGas)
  const requiredTip = raised(old.transaction.maxPriorityFeePerGas)
  const { maxFeePerGas, maxPriorityFeePerGas } = next.transaction
  if (maxFeePerGas < requiredFee || maxPriorityFeePerGas < requiredTip) {
    throw new MempoolError('replacement transaction underpriced', {
      code: 'OL_MEMPOOL_REPLACEMENT_UNDERPRICED',
      requiredFee,
      requiredTip,
    })
  }
}

function raised(fee: bigint): bigint {
  return (fee * REPLACEMENT_FEE_PERCENT_MIN + 99n) / 100n
}
