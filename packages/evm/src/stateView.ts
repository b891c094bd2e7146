import {
  type Address,
  assert,
  type ExchangeReader,
  type Hash,
  type L1Precompile,
} from '@openliquid/primitives'
import { BlockArchive, type EvmHead } from './blockArchive.ts'
import { placeReceipts } from './blockBuilder.ts'
import { CallRunner, type CallScene } from './callRunner.ts'
import { EvmError } from './errors.ts'
import type { EvmBlock } from './evmBlock.ts'
import { decodeKnownTransaction } from './evmTransaction.ts'
import type {
  EvmCallRequest,
  EvmCallResult,
  EvmFeeHistory,
  EvmGasEstimate,
  EvmLogFilter,
  EvmTransactionPlace,
  EvmView,
} from './evmView.ts'
import { feeHistory } from './feeHistory.ts'
import { effectiveGasPrice } from './gas.ts'
import type { EvmLane } from './genesis.ts'
import { LOGS_RESULTS_MAX, READ_BLOCKS_MAX } from './limits.ts'
import { invalidFilter, LogFilter, logRange } from './logFilter.ts'
import type { LruCache } from './lruCache.ts'
import type { EvmLog, EvmReceipt } from './receipts.ts'
import { StateReader } from './stateReader.ts'
import { readSystemOutcomes, type SystemOutcome } from './systemRun.ts'
import type { StoreReader } from './versionedStore.ts'

export interface StateViewOptions {
  readonly chainId: number
  readonly lanes: readonly EvmLane[]
  readonly precompiles: readonly L1Precompile[]
  readonly exchange: (() => ExchangeReader) | undefined
  readonly codes: LruCache
}

/** The accepted state and chain, as readers see it. The executor moves it with `show`. */
export class StateView implements EvmView {
  readonly chainId: bigint
  readonly #options: StateViewOptions
  readonly #calls: CallRunner
  readonly #read = new Map<bigint, ReadBlock>()
  #shown: Shown | undefined

  constructor(options: StateViewOptions) {
    this.chainId = BigInt(options.chainId)
    this.#options = options
    this.#calls = new CallRunner(this.chainId, options.precompiles)
  }

  /** From now on readers see this head. */
  show(head: EvmHead, store: StoreReader): void {
    const state = new StateReader(store, this.#options.codes)
    this.#shown = { head, state, store, archive: new BlockArchive(store) }
  }

  get head(): EvmBlock {
    return this.#now.head.block
  }

  getBalance(address: Address): bigint {
    return this.#now.state.account(address)?.balance ?? 0n
  }

  getNonce(address: Address): bigint {
    return this.#now.state.account(address)?.nonce ?? 0n
  }

  getCode(address: Address): Uint8Array {
    const { state } = this.#now
    const account = state.account(address)
    return account === undefined ? new Uint8Array(0) : state.code(account.codeHash)
  }

  getStorage(address: Address, slot: Uint8Array): Uint8Array {
    assert(slot.length === 32, 'a slot has 32 bytes')
    const { state } = this.#now
    const account = state.account(address)
    const word = new Uint8Array(32)
    if (account === undefined) return word
    const value = state.slot(address, account.incarnation, slot)
    word.set(value, 32 - value.length)
    return word
  }

  call(request: EvmCallRequest): Promise<EvmCallResult> {
    return this.#calls.call(request, this.#scene(request.lane))
  }

  estimateGas(request: EvmCallRequest): Promise<EvmGasEstimate> {
    return this.#calls.estimateGas(request, this.#scene(request.lane))
  }

  getBlockByNumber(number: bigint): EvmBlock | undefined {
    const { head, archive } = this.#now
    const { block } = head
    if (number < 0n || number > block.header.number) return undefined
    return number === block.header.number ? block : archive.block(number)
  }

  getBlockByHash(hash: Hash): EvmBlock | undefined {
    const number = this.#now.archive.numberOf(hash)
    return number === undefined ? undefined : this.getBlockByNumber(number)
  }

  getTransaction(hash: Hash): EvmTransactionPlace | undefined {
    const place = this.#place(hash)
    return place === undefined ? undefined : this.#transactions(place.block)[place.index]
  }

  getTransactions(number: bigint): readonly EvmTransactionPlace[] | undefined {
    const block = this.getBlockByNumber(number)
    return block === undefined ? undefined : this.#transactions(block)
  }

  getReceipt(hash: Hash): EvmReceipt | undefined {
    const place = this.#place(hash)
    return place === undefined ? undefined : this.#receipts(place.block)[place.index]
  }

  getReceipts(number: bigint): readonly EvmReceipt[] | undefined {
    const block = this.getBlockByNumber(number)
    return block === undefined ? undefined : this.#receipts(block)
  }

  getSystemTransactions(number: bigint): readonly EvmTransactionPlace[] | undefined {
    const block = this.getBlockByNumber(number)
    if (block === undefined) return undefined
    return this.#systemOutcomes(number).map(({ transaction }, transactionIndex) => ({
      transaction,
      blockHash: block.hash,
      blockNumber: number,
      transactionIndex,
      effectiveGasPrice: 0n,
    }))
  }

  getSystemReceipts(number: bigint): readonly EvmReceipt[] | undefined {
    const block = this.getBlockByNumber(number)
    return block === undefined ? undefined : placeReceipts(block, this.#systemOutcomes(number))
  }

  getLogs(filter: EvmLogFilter): readonly EvmLog[] {
    const wanted = new LogFilter(filter)
    const found: EvmLog[] = []
    for (const block of this.#blocksOf(filter)) {
      if (!wanted.mayMatch(block.header.logsBloom)) continue
      for (const { logs, logsBloom } of this.#receipts(block)) {
        if (!wanted.mayMatch(logsBloom)) continue
        for (const log of logs) if (wanted.matches(log)) found.push(log)
      }
      if (found.length > LOGS_RESULTS_MAX) throw tooManyLogs(block.header.number)
    }
    return found
  }

  getBaseFee(lane: number = 0): bigint {
    const fee = this.#now.head.baseFees[lane]
    if (fee === undefined) throw this.#noLane(lane)
    return fee
  }

  getGasLimit(lane: number = 0): bigint {
    const found = this.#options.lanes[lane]
    if (found === undefined) throw this.#noLane(lane)
    return found.gasLimit
  }

  getFeeHistory(request: Parameters<EvmView['getFeeHistory']>[0]): EvmFeeHistory {
    return feeHistory(request, this)
  }

  get #now(): Shown {
    assert(this.#shown !== undefined, 'a view shows a head')
    return this.#shown
  }

  #scene(lane: number = 0): CallScene {
    const { head, state, archive } = this.#now
    const { number, timestamp } = head.block.header
    return {
      state,
      exchange: this.#options.exchange?.(),
      environment: {
        number,
        timestamp,
        gasLimit: this.getGasLimit(lane),
        baseFeePerGas: this.getBaseFee(lane),
      },
      blockHash: (ancestor) => archive.block(ancestor)?.hash,
    }
  }

  #systemOutcomes(number: bigint): SystemOutcome[] {
    return readSystemOutcomes(this.#now.store, { number, chainId: this.#options.chainId })
  }

  #place(hash: Hash): { readonly block: EvmBlock; readonly index: number } | undefined {
    const place = this.#now.archive.placeOf(hash)
    const block = place === undefined ? undefined : this.getBlockByNumber(place.number)
    return place === undefined || block === undefined ? undefined : { block, index: place.index }
  }

  #transactions(block: EvmBlock): readonly EvmTransactionPlace[] {
    const kept = this.#keep(block)
    kept.transactions ??= this.#readTransactions(block)
    return kept.transactions
  }

  #receipts(block: EvmBlock): readonly EvmReceipt[] {
    const kept = this.#keep(block)
    kept.receipts ??= this.#readReceipts(block)
    return kept.receipts
  }

  /** Clients ask for the transactions of a new block one by one: it is read once. Blocks never change. */
  #keep({ header }: EvmBlock): ReadBlock {
    const known = this.#read.get(header.number)
    if (known !== undefined) return known
    const [oldest] = this.#read.keys()
    if (oldest !== undefined && this.#read.size >= READ_BLOCKS_MAX) this.#read.delete(oldest)
    const fresh: ReadBlock = { transactions: undefined, receipts: undefined }
    this.#read.set(header.number, fresh)
    return fresh
  }

  #readTransactions(block: EvmBlock): EvmTransactionPlace[] {
    const { hash: blockHash, header } = block
    return this.#now.archive.body(block).map(({ bytes, sender, hash }, transactionIndex) => {
      const transaction = decodeKnownTransaction(bytes, this.#options.chainId, { sender, hash })
      return {
        transaction,
        blockHash,
        blockNumber: header.number,
        transactionIndex,
        effectiveGasPrice: effectiveGasPrice(transaction, header.baseFeePerGas),
      }
    })
  }

  #readReceipts(block: EvmBlock): EvmReceipt[] {
    const transactions = this.#transactions(block)
    const included = this.#now.archive.receipts(block).map((record, index) => {
      const transaction = transactions[index]?.transaction
      assert(transaction !== undefined, 'a receipt has its transaction')
      return { record, transaction }
    })
    return placeReceipts(block, included)
  }

  *#blocksOf(filter: EvmLogFilter): Iterable<EvmBlock> {
    const { blockHash, fromNumber, toNumber } = filter
    if (blockHash !== undefined) {
      if (fromNumber !== undefined || toNumber !== undefined) {
        throw invalidFilter('a block hash excludes a range')
      }
      const block = this.getBlockByHash(blockHash)
      if (block === undefined) throw invalidFilter('there is no block with this hash')
      yield block
      return
    }
    const { from, to } = logRange(filter, this.head.header.number)
    for (let number = from; number <= to; number++) {
      const block = this.getBlockByNumber(number)
      assert(block !== undefined, 'every block up to the head is kept')
      yield block
    }
  }

  #noLane(lane: number): EvmError {
    const lanes = this.#options.lanes.length
    return new EvmError(`there is no lane ${lane}, the chain has ${lanes}`, {
      code: 'OL_EVM_LANE',
      lane,
      lanes,
    })
  }
}

/** What was read of a block so far. */
interface ReadBlock {
  transactions: readonly EvmTransactionPlace[] | undefined
  receipts: readonly EvmReceipt[] | undefined
}

/** One head and everything that is read at it. */
interface Shown {
  readonly head: EvmHead
  readonly state: StateReader
  readonly store: StoreReader
  readonly archive: BlockArchive
}

function tooManyLogs(reached: bigint): EvmError {
  return new EvmError(`more than ${LOGS_RESULTS_MAX} logs match; ask for fewer blocks`, {
    code: 'OL_EVM_LOGS_RESULTS',
    resultsMax: LOGS_RESULTS_MAX,
    toNumber: reached - 1n,
  })
}
