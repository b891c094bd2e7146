import {
  type Address,
  assert,
  type ExchangeReader,
  equalBytes,
  type Hash,
  type KeyValueStore,
  type L1Precompile,
} from '@openliquid/primitives'
import { BlockArchive, type EvmHead } from './blockArchive.ts'
import { blockOfNonce } from './blockOfNonce.ts'
import { placeReceipts } from './blockSealer.ts'
import { BlockTracer, type TraceScene } from './blockTracer.ts'
import type { CallPace } from './callQueue.ts'
import { CallRunner, type CallScene, type SimulationScene } from './callRunner.ts'
import { EvmError } from './errors.ts'
import type { EvmBlock } from './evmBlock.ts'
import { decodeKnownTransaction, type EvmTransaction } from './evmTransaction.ts'
import type {
  EvmAccessListResult,
  EvmCallRequest,
  EvmCallResult,
  EvmFeeHistory,
  EvmGasEstimate,
  EvmLogFilter,
  EvmProof,
  EvmSimulatedBlock,
  EvmSimulation,
  EvmSimulationOptions,
  EvmStateView,
  EvmStorageRangeRequest,
  EvmTransactionPlace,
  EvmView,
} from './evmView.ts'
import { feeHistory } from './feeHistory.ts'
import { effectiveGasPrice } from './gas.ts'
import type { EvmLane } from './genesis.ts'
import { JournaledState } from './journaledState.ts'
import { codeKey, diffKey } from './keys.ts'
import { LOGS_BLOCKS_PER_TURN, PAST_STATES_MAX, READ_BLOCKS_MAX } from './limits.ts'
import { invalidFilter, LogCollector, logRange } from './logFilter.ts'
import { blocksWithLogs } from './logIndex.ts'
import type { LruCache } from './lruCache.ts'
import { type BlockEnvironment, MessageStopped } from './machine.ts'
import type { EvmLog, EvmReceipt } from './receipts.ts'
import { StateAt } from './stateAt.ts'
import { missingState, precompileCallsAt, storeAt } from './stateHistory.ts'
import { proveAccount } from './stateProof.ts'
import { StateReader } from './stateReader.ts'
import { type EvmStorageRange, storageRange } from './storageRange.ts'
import { readSystemOutcomes, type SystemOutcome } from './systemRun.ts'
import type { EvmTrace, EvmTraceOptions } from './traceTypes.ts'
import { triesAt } from './triesAt.ts'
import type { StoreReader } from './versionedStore.ts'

export interface StateViewOptions {
  /** For the log index, which is read in ranges. */
  readonly store: KeyValueStore
  readonly chainId: number
  readonly lanes: readonly EvmLane[]
  readonly precompiles: readonly L1Precompile[]
  readonly exchange: (() => ExchangeReader) | undefined
  readonly codes: LruCache
  /** EVM blocks back to which states are kept. */
  readonly keepDiffs: number
  readonly callPace: CallPace | undefined
}

/** The accepted state and chain, as readers see it. The executor moves it with `show`. */
export class StateView implements EvmView {
  readonly chainId: bigint
  readonly #options: StateViewOptions
  readonly #calls: CallRunner
  readonly #read = new Map<bigint, ReadBlock>()
  readonly #past = new Map<bigint, StateAt>()
  readonly #blockHash = (number: bigint): Hash => this.#now.archive.hashOf(number) ?? NO_HASH
  #shown: Shown | undefined
  #newest: StateAt | undefined
  #oldestBlock: bigint | undefined

  constructor(options: StateViewOptions) {
    this.chainId = BigInt(options.chainId)
    this.#options = options
    this.#calls = new CallRunner(this.chainId, options.precompiles, options.callPace)
  }

  /** From now on readers see this head. */
  show(head: EvmHead, store: StoreReader): void {
    const state = new StateReader(store, this.#options.codes)
    const archive = new BlockArchive(store)
    const shown: Shown = { head, state, store, archive }
    this.#oldestBlock ??= archive.oldestBlock()
    this.#shown = shown
    this.#past.clear()
    const { number } = head.block.header
    this.#newest = new StateAt(state, {
      calls: this.#calls,
      number,
      scene: (lane) => this.#scene(shown, lane),
      simulationScene: () => {
        const scene = this.#scene(shown)
        return this.#simulationScene(head.block, store, scene)
      },
    })
  }

  get head(): EvmBlock {
    return this.#now.head.block
  }

  get number(): bigint {
    return this.head.header.number
  }

  getBalance(address: Address): bigint {
    return this.#latest.getBalance(address)
  }

  getNonce(address: Address): bigint {
    return this.#latest.getNonce(address)
  }

  getCode(address: Address): Uint8Array {
    return this.#latest.getCode(address)
  }

  getStorage(address: Address, slot: Uint8Array): Uint8Array {
    return this.#latest.getStorage(address, slot)
  }

  call(request: EvmCallRequest): Promise<EvmCallResult> {
    return this.#latest.call(request)
  }

  estimateGas(request: EvmCallRequest): Promise<EvmGasEstimate> {
    return this.#latest.estimateGas(request)
  }

  createAccessList(request: EvmCallRequest): Promise<EvmAccessListResult> {
    return this.#latest.createAccessList(request)
  }

  simulate(
    blocks: readonly EvmSimulatedBlock[],
    options?: EvmSimulationOptions,
  ): Promise<EvmSimulation> {
    return this.#latest.simulate(blocks, options)
  }

  at(number: bigint): EvmStateView {
    const { head } = this
    if (number === head.header.number) return this.#latest
    const known = this.#past.get(number)
    if (known !== undefined) return known
    if (number < 0n || number > head.header.number) throw missingState(number, this.oldestState)
    const scene = this.#pastScene(number)
    const past = new StateAt(scene.state, {
      calls: this.#calls,
      number,
      scene: () => scene,
      simulationScene: () => {
        const { block, past } = this.#pastState(number)
        return this.#simulationScene(block, past, scene)
      },
    })
    const [oldest] = this.#past.keys()
    if (oldest !== undefined && this.#past.size >= PAST_STATES_MAX) this.#past.delete(oldest)
    this.#past.set(number, past)
    return past
  }

  get statesKept(): number {
    return this.#options.keepDiffs
  }

  get oldestBlock(): bigint {
    return this.#oldestBlock ?? 0n
  }

  get oldestState(): bigint {
    const { number } = this.head.header
    let oldest = number
    const kept = BigInt(this.#options.keepDiffs)
    const limit = number > kept ? number - kept : 0n
    // What a block replaced is kept for a fixed number of blocks, so the oldest is found at once unless that has changed.
    if (limit === number || this.#now.store.read(diffKey(limit + 1n)) !== undefined) return limit
    while (oldest > limit && this.#now.store.read(diffKey(oldest)) !== undefined) oldest--
    return oldest
  }

  getProof(address: Address, slots: readonly Uint8Array[], number: bigint = this.number): EvmProof {
    const { state, store, head } = this.#now
    const block = this.getBlockByNumber(number)
    if (block === undefined) throw missingState(number, this.oldestState)
    const root = block.header.stateRoot
    if (block === head.block) return proveAccount({ store, state, root }, address, slots)
    const past = triesAt(store, [address], { number, head: this.number, root })
    const reader = new StateReader(past, this.#options.codes)
    return proveAccount({ store: past, state: reader, root }, address, slots)
  }

  async traceTransaction(hash: Hash, options: EvmTraceOptions): Promise<EvmTrace> {
    const place = this.#place(hash)
    if (place === undefined) throw noTrace('there is no such transaction')
    const [trace] = await this.#trace(place.block, options, place.index)
    if (trace === undefined) throw noTrace('there is no such transaction')
    return trace
  }

  async traceBlock(number: bigint, options: EvmTraceOptions): Promise<readonly EvmTrace[]> {
    const block = this.getBlockByNumber(number)
    if (block === undefined) throw noTrace('there is no such block')
    return number === 0n ? [] : this.#trace(block, options)
  }

  async traceCall(
    request: EvmCallRequest,
    number: bigint,
    options: EvmTraceOptions,
  ): Promise<EvmTrace> {
    const isHead = number === this.number
    const scene = isHead ? this.#scene(this.#now, request.lane) : this.#pastScene(number)
    const { state: source, environment, ...binding } = scene
    return this.#traced(options, (tracer) => {
      const state = new JournaledState(source)
      return this.#calls.trace(request, { state, environment, binding, tracer })
    })
  }

  async storageRange({
    blockNumber,
    transactionIndex,
    ...range
  }: EvmStorageRangeRequest): Promise<EvmStorageRange> {
    const block = this.getBlockByNumber(blockNumber)
    if (block === undefined) throw noTrace('there is no such block')
    if (transactionIndex > block.transactionHashes.length) {
      throw noTrace('there is no such transaction')
    }
    const number = blockNumber === 0n ? 0n : blockNumber - 1n
    const { state: source, store: reader } = this.#pastState(number)
    const state = new JournaledState(source)
    if (blockNumber > 0n) {
      await this.#traced({ tracer: 'noop' }, (tracer) =>
        tracer.replay(state, this.#replayScene(block), {
          system: this.#systemTransactions(blockNumber),
          transactions: this.#mined(block).slice(0, transactionIndex),
        }),
      )
    }
    const { store } = this.#options
    return storageRange(state, range, { store, reader, number, head: this.number })
  }

  codeByHash(codeHash: Hash): Uint8Array | undefined {
    return this.#now.store.read(codeKey(codeHash))
  }

  async findBySender(sender: Address, nonce: bigint): Promise<EvmTransactionPlace | undefined> {
    if (this.getNonce(sender) <= nonce) return undefined
    const number = await blockOfNonce(this.#now.store, this.number, { sender, nonce })
    const places = number === undefined ? [] : (this.getTransactions(number) ?? [])
    return places.find(
      ({ transaction }) => transaction.nonce === nonce && equalBytes(transaction.sender, sender),
    )
  }

  async #trace(block: EvmBlock, options: EvmTraceOptions, only?: number): Promise<EvmTrace[]> {
    const { number } = block.header
    const { state } = number === 0n ? this.#pastState(0n) : this.#pastState(number - 1n)
    return this.#traced(options, (tracer) =>
      tracer.traceBlock(
        { ...this.#replayScene(block), state },
        {
          system: this.#systemTransactions(number),
          transactions: this.#mined(block),
          ...(only === undefined ? {} : { only }),
        },
      ),
    )
  }

  /** Runs something again, in line with the calls of clients. @throws {EvmError} OL_EVM_TRACE */
  async #traced<T>(options: EvmTraceOptions, run: (tracer: BlockTracer) => Promise<T>): Promise<T> {
    const { precompiles } = this.#options
    const pause = (): Promise<void> => this.#calls.turn()
    const machineOptions = { chainId: this.chainId, precompiles, pause }
    try {
      const trace = await this.#calls.inLine(
        async () => run(await BlockTracer.create(machineOptions, options)),
        options.signal,
      )
      if (trace === 'full') throw noTrace('too many calls at a time')
      if (trace === 'stopped') throw noTrace(TOO_LONG)
      return trace
    } catch (error) {
      if (error instanceof MessageStopped) throw noTrace(TOO_LONG)
      throw error
    }
  }

  /** What a block saw beside the state before it. */
  #replayScene(block: EvmBlock): Omit<TraceScene, 'state'> {
    return {
      environment: environmentOf(block),
      exchange: undefined,
      replay: precompileCallsAt(this.#now.store, block.header.number),
      blockHash: this.#blockHash,
    }
  }

  #systemTransactions(number: bigint): EvmTransaction[] {
    return this.#systemOutcomes(number).map(({ transaction }) => transaction)
  }

  #mined(block: EvmBlock): EvmTransaction[] {
    return this.#transactions(block).map(({ transaction }) => transaction)
  }

  #pastScene(number: bigint): CallScene & { readonly state: StateReader } {
    const { state, block, store } = this.#pastState(number)
    return {
      state,
      exchange: undefined,
      replay: precompileCallsAt(store, number),
      environment: environmentOf(block),
      blockHash: this.#blockHash,
    }
  }

  #pastState(number: bigint): {
    readonly state: StateReader
    readonly block: EvmBlock
    readonly past: StoreReader
    /** The newest, which has all that never changes. */
    readonly store: StoreReader
  } {
    const block = this.getBlockByNumber(number)
    if (block === undefined) throw missingState(number, this.oldestState)
    const { store } = this.#now
    const past = storeAt(store, { number, head: this.number })
    return { state: new StateReader(past, this.#options.codes), block, past, store }
  }

  getBlockByNumber(number: bigint): EvmBlock | undefined {
    const { head, archive } = this.#now
    const { block } = head
    if (number < 0n || number > block.header.number) return undefined
    const found = number === block.header.number ? block : archive.block(number)
    if (found === undefined) throw this.#pruned(number)
    return found
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
    this.#assertWhole(number)
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
    if (block === undefined) return undefined
    this.#assertWhole(number)
    return placeReceipts(block, this.#systemOutcomes(number))
  }

  getLogs(filter: EvmLogFilter): readonly EvmLog[] {
    const collected = new LogCollector(filter)
    for (const block of this.#blocksOf(filter)) this.#collectLogs(block, collected)
    return collected.found
  }

  async findLogs(filter: EvmLogFilter): Promise<readonly EvmLog[]> {
    if (filter.blockHash !== undefined) return this.getLogs(filter)
    const collected = new LogCollector(filter)
    const range = logRange(filter, this.number)
    this.#assertWhole(range.from)
    const numbers = await blocksWithLogs(this.#options.store, filter, range)
    const count = numbers === undefined ? Number(range.to - range.from) + 1 : numbers.length
    for (let index = 0; index < count; index++) {
      if (index % LOGS_BLOCKS_PER_TURN === LOGS_BLOCKS_PER_TURN - 1) {
        await this.#calls.turn()
      }
      const number = numbers === undefined ? range.from + BigInt(index) : (numbers[index] as bigint)
      const block = this.getBlockByNumber(number)
      assert(block !== undefined, 'the range ends at the head')
      this.#collectLogs(block, collected)
    }
    return collected.found
  }

  #collectLogs(block: EvmBlock, collected: LogCollector): void {
    if (!collected.mayMatch(block.header.logsBloom)) return
    for (const { logs, logsBloom } of this.#receipts(block)) {
      if (collected.mayMatch(logsBloom)) collected.add(logs)
    }
    collected.checkSize(block.header.number)
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

  get #latest(): StateAt {
    assert(this.#newest !== undefined, 'a view shows a head')
    return this.#newest
  }

  /** What calls on the newest state see: its number and time, and the next block's limit and base fee. */
  #scene({ head, state, archive }: Shown, lane: number = 0): CallScene {
    const { number, timestamp } = head.block.header
    const baseFeePerGas = head.baseFees[lane]
    if (baseFeePerGas === undefined) throw this.#noLane(lane)
    return {
      state,
      exchange: this.#options.exchange?.(),
      environment: { number, timestamp, gasLimit: this.getGasLimit(lane), baseFeePerGas },
      blockHash: (ancestor) => archive.hashOf(ancestor) ?? NO_HASH,
    }
  }

  /** Simulated blocks are those of the first lane. */
  #simulationScene(
    block: EvmBlock,
    store: StoreReader,
    { exchange, replay, blockHash }: CallScene,
  ): SimulationScene {
    const { number, stateRoot: root } = block.header
    const { codes, lanes } = this.#options
    const tries = (addresses: readonly Address[]): StoreReader => {
      // The chain may have gone on since: nodes are those of the newest block.
      const now = this.#now
      if (number === this.number) return now.store
      return triesAt(now.store, addresses, { number, head: this.number, root })
    }
    const baseFeeMin = lanes[0]?.baseFeeMin ?? 0n
    return {
      base: { block, store, codes, tries },
      lane: { gasLimit: this.getGasLimit(), baseFeePerGas: this.#baseFeeAfter(number), baseFeeMin },
      scene: { exchange, replay, blockHash },
    }
  }

  /** Base fee of the first block of the first lane after a block: that of the block, if there is one. */
  #baseFeeAfter(number: bigint): bigint {
    for (let above = number + 1n; above <= this.number; above++) {
      const block = this.getBlockByNumber(above)
      if (block?.lane === 0) return block.header.baseFeePerGas
    }
    return this.getBaseFee()
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
    if (block.transactionHashes.length > 0) this.#assertWhole(header.number)
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
    this.#assertWhole(from)
    for (let number = from; number <= to; number++) {
      const block = this.getBlockByNumber(number)
      assert(block !== undefined, 'the range ends at the head')
      yield block
    }
  }

  /** @throws {EvmError} OL_EVM_PRUNED */
  #assertWhole(number: bigint): void {
    if (number < this.oldestBlock) throw this.#pruned(number)
  }

  #pruned(number: bigint): EvmError {
    const oldest = this.oldestBlock
    return new EvmError(`pruned history unavailable: whole blocks are kept from ${oldest} on`, {
      code: 'OL_EVM_PRUNED',
      number,
      oldest,
    })
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

/** What calls see of a block that there is not: they may run above the head, or wherever a client puts them. */
const NO_HASH: Hash = new Uint8Array(32)

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

/** What the opcodes of a block saw of it. */
function environmentOf({ header }: EvmBlock): BlockEnvironment {
  const { number, timestamp, gasLimit, baseFeePerGas } = header
  return { number, timestamp, gasLimit, baseFeePerGas }
}

const TOO_LONG = 'it took too long'

function noTrace(reason: string): EvmError {
  return new EvmError(`nothing to trace: ${reason}`, { code: 'OL_EVM_TRACE', reason })
}
