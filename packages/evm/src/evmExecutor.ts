import {
  type Address,
  assert,
  type BlockContext,
  bytesToHex,
  type ExchangeReader,
  equalBytes,
  type GenesisEvm,
  type Hash,
  type KeyValueStore,
  type L1Precompile,
  type StateMachine,
  type Write,
} from '@openliquid/primitives'
import { archiveWrites, BlockArchive, type EvmHead } from './blockArchive.ts'
import { BlockBuilder } from './blockBuilder.ts'
import { placeReceipts, type SealedBlock } from './blockSealer.ts'
import type { CallPace } from './callQueue.ts'
import { coreWriterLogs } from './coreWriterLogs.ts'
import { createMachine, type EvmEngine } from './engines.ts'
import { EvmError, EvmFatalError } from './errors.ts'
import { evmBlockHash, evmBlockHeader, evmBlockSize } from './evmBlock.ts'
import { evmStateRoot } from './evmStateRoot.ts'
import type { EvmPayload, EvmTransition } from './evmTransition.ts'
import type { EvmView } from './evmView.ts'
import { nextBaseFee } from './gas.ts'
import { applyGenesis, type EvmGenesis, type EvmLane, readGenesis } from './genesis.ts'
import { JournaledState } from './journaledState.ts'
import { metaKey } from './keys.ts'
import { CODE_CACHE_BYTES_MAX, KEEP_DIFFS, TRIE_CACHE_BYTES_MAX } from './limits.ts'
import { LruCache } from './lruCache.ts'
import type { Machine } from './machine.ts'
import { NodeCache } from './nodeCache.ts'
import type { PrecompileAnswer, PrecompileCalls } from './precompileCalls.ts'
import { type EvmReceipt, encodeReceipts } from './receipts.ts'
import { commitState, NO_STATE, type StateCommit } from './stateCommit.ts'
import { historyWrites } from './stateHistory.ts'
import { StateReader } from './stateReader.ts'
import { StateView } from './stateView.ts'
import { runSystemTransactions, type SystemOutcome, systemWrites } from './systemRun.ts'
import { EMPTY_TRIE_ROOT } from './trie.ts'
import { VersionedStore } from './versionedStore.ts'

export interface EvmExecutorOptions {
  /** Every key used starts with the byte `e`. */
  readonly store: KeyValueStore
  readonly genesis: GenesisEvm
  readonly chainId: number
  /** Time of EVM block 0. */
  readonly genesisTimeMs: number
  readonly precompiles: readonly L1Precompile[]
  /** The Core as calls outside of blocks see it. Without it, precompiles fail in such calls. */
  readonly exchange?: () => ExchangeReader
  /** What runs the transactions of blocks; `fast` if absent. All give the same results. */
  readonly engine?: EvmEngine
  /** EVM blocks back to which states can be read; KEEP_DIFFS if absent. */
  readonly keepDiffs?: number
  /** When calls of clients may go on; every turn of the event loop if absent. */
  readonly callPace?: CallPace
}

/**
 * Executes EVM blocks.
 *
 * `applyBlock` runs one on top of the last applied one and writes nothing; the caller puts the writes on disk, together
 * with whatever else the committed block changed, and then calls `accept`. Blocks may be applied ahead of those that are
 * accepted; they are accepted in the same order. The view shows accepted blocks only. After a crash the executor goes on
 * from the store, which is at a block boundary because the batch was atomic.
 *
 * @see docs/spec/evm.md §4
 */
export class EvmExecutor implements StateMachine<EvmPayload, EvmReceipt> {
  readonly name: string = 'evm'
  readonly #chainId: number
  readonly #genesis: EvmGenesis
  readonly #machine: Machine
  /** Runs every block once more, in mode `check`. */
  readonly #oracle: Machine | undefined
  readonly #store: VersionedStore
  readonly #codes: LruCache
  readonly #nodes: NodeCache
  readonly #view: StateView
  readonly #applied: EvmTransition[] = []
  readonly #keepDiffs: number
  #tip: EvmHead
  /** Heads of the applied blocks that are not accepted. */
  readonly #heads: EvmHead[] = []
  #applying: boolean = false

  private constructor(parts: ExecutorParts) {
    this.#chainId = parts.options.chainId
    this.#genesis = parts.genesis
    this.#machine = parts.machine
    this.#oracle = parts.oracle
    this.#store = parts.store
    this.#codes = parts.codes
    this.#nodes = new NodeCache(TRIE_CACHE_BYTES_MAX)
    this.#tip = parts.head
    this.#keepDiffs = parts.options.keepDiffs ?? KEEP_DIFFS
    this.#view = new StateView({
      store: parts.options.store,
      chainId: parts.options.chainId,
      lanes: parts.genesis.lanes,
      precompiles: parts.options.precompiles,
      exchange: parts.options.exchange,
      codes: parts.codes,
      keepDiffs: this.#keepDiffs,
      callPace: parts.options.callPace,
    })
    this.#view.show(parts.head, parts.store.accepted)
  }

  /**
   * Opens the state that the store holds. If it holds none, writes the genesis state in one synced batch first.
   *
   * @throws {EvmError} OL_EVM_GENESIS, OL_EVM_GENESIS_MISMATCH
   */
  static async create(options: EvmExecutorOptions): Promise<EvmExecutor> {
    const genesis = readGenesis(options.genesis, options.chainId)
    const { store } = options
    const stored = store.get(metaKey('genesis'))
    if (stored === undefined) {
      await store.batch(genesisWrites(genesis, options.genesisTimeMs), { sync: true })
    } else if (!equalBytes(stored, genesis.digest)) {
      throw new EvmError(
        'the EVM state on disk is of another genesis; use its genesis file or an empty data folder',
        {
          code: 'OL_EVM_GENESIS_MISMATCH',
          stored: bytesToHex(stored),
          given: bytesToHex(genesis.digest),
        },
      )
    }
    const versions = new VersionedStore(store)
    const head = new BlockArchive(versions.tip).head()
    assert(head !== undefined, 'a store with a genesis has a head')
    const { engine = 'fast', precompiles } = options
    const machineOptions = { chainId: BigInt(options.chainId), precompiles }
    const machine = await createMachine(engine === 'reference' ? engine : 'fast', machineOptions)
    const oracle = engine === 'check' ? await createMachine('reference', machineOptions) : undefined
    const codes = new LruCache(CODE_CACHE_BYTES_MAX)
    return new EvmExecutor({ options, genesis, machine, oracle, store: versions, codes, head })
  }

  /** Root of the account trie after the last applied block. */
  get evmRoot(): Hash {
    return this.#tip.block.header.stateRoot
  }

  /** Of all that a later block depends on, after the last applied block: the EVM's part of the chain's state root. */
  get evmStateRoot(): Hash {
    return evmStateRoot(this.#tip)
  }

  /** Number of the last applied block. */
  get number(): bigint {
    return this.#tip.block.header.number
  }

  get view(): EvmView {
    return this.#view
  }

  /**
   * Runs one EVM block. What cannot be part of it is skipped with a reason; a transaction never fails the block.
   *
   * @throws {EvmError} OL_EVM_LANE
   * @throws {EvmFatalError} the disk failed or the program is wrong: stop
   */
  async applyBlock(context: BlockContext, payload: EvmPayload): Promise<EvmTransition> {
    assert(!this.#applying, 'one block at a time')
    const lane = this.#lane(payload.lane)
    this.#applying = true
    try {
      return await this.#apply(context, payload, lane)
    } catch (cause) {
      throw new EvmFatalError(
        'an EVM block stopped: the disk failed or the program is wrong',
        { code: 'OL_EVM_FATAL', height: context.height },
        { cause },
      )
    } finally {
      this.#machine.release()
      this.#oracle?.release()
      this.#applying = false
    }
  }

  /** Wei of an account after the last applied block. */
  balanceOf(address: Address): bigint {
    return this.#tipState().account(address)?.balance ?? 0n
  }

  /** A word of an account's storage after the last applied block. */
  storageOf(address: Address, slot: Uint8Array): Uint8Array {
    const state = this.#tipState()
    const account = state.account(address)
    const word = new Uint8Array(32)
    if (account === undefined) return word
    const value = state.slot(address, account.incarnation, slot)
    word.set(value, word.length - value.length)
    return word
  }

  /** The writes of the transition are on disk: the view shows its block. */
  accept(transition: EvmTransition): void {
    if (transition.block === undefined) return
    const oldest = this.#applied.shift()
    assert(oldest === transition, 'blocks are accepted in the order in which they were applied')
    const head = this.#heads.shift()
    assert(head !== undefined, 'an applied block has a head')
    this.#store.accept()
    this.#view.show(head, this.#store.accepted)
  }

  async #apply(context: BlockContext, payload: EvmPayload, lane: EvmLane): Promise<EvmTransition> {
    const built = await this.#build(this.#machine, context, payload, lane)
    if (this.#oracle !== undefined) {
      assertSame(built, await this.#build(this.#oracle, context, payload, lane))
    }
    const { sealed, commit, builder, system, record } = built
    if (sealed === undefined || commit === undefined) return this.#nothing(builder)
    return this.#advance(sealed, commit, { builder, system, record })
  }

  /** Runs the block on a state of its own; nothing of the executor changes. */
  async #build(
    machine: Machine,
    context: BlockContext,
    payload: EvmPayload,
    lane: EvmLane,
  ): Promise<BuiltBlock> {
    const state = new JournaledState(new StateReader(this.#store.tip, this.#codes))
    const parent = this.#tip.block
    const archive = new BlockArchive(this.#store.tip)
    const record = new Map<string, PrecompileAnswer>()
    machine.bind({
      state,
      exchange: payload.reader,
      record,
      blockHash: (number) => archive.block(number)?.hash,
    })
    const environment = {
      number: parent.header.number + 1n,
      timestamp: BigInt(Math.floor(context.timestampMs / 1_000)),
      gasLimit: lane.gasLimit,
      baseFeePerGas: this.baseFee(payload.lane),
    }
    const chainId = this.#chainId
    const requests = payload.systemTransactions ?? []
    const system = await runSystemTransactions(requests, { machine, state, environment, chainId })
    const { nonceWindow } = this.#genesis
    const builder = new BlockBuilder({ machine, state, chainId, nonceWindow, environment })
    for (const [index, transaction] of payload.transactions.entries()) {
      const added = builder.add(transaction, index)
      if (added !== undefined) await added
    }
    // A lane with a period makes a block even of nothing; one without makes blocks of work only.
    const isEmpty = builder.empty && system.length === 0
    if (isEmpty && lane.periodMs === 0) return { builder, system, record }

    const commit = this.#commit(state)
    const sealed = builder.seal({
      height: context.height,
      lane: payload.lane,
      parentHash: parent.hash,
      parentBeaconBlockRoot: context.parentHash,
      stateRoot: commit.root,
    })
    return { builder, system, record, commit, sealed }
  }

  #advance(
    sealed: SealedBlock,
    commit: StateCommit,
    { builder, system, record }: Pick<BuiltBlock, 'builder' | 'system' | 'record'>,
  ): EvmTransition {
    const { block, body, records, receipts } = sealed
    const baseFees = this.#tip.baseFees.map((fee, index) =>
      index === block.lane ? nextBaseFee(block.header, this.#lane(block.lane).baseFeeMin) : fee,
    )
    const head = { block, baseFees }
    const root = evmStateRoot(head)
    const systemReceipts = placeReceipts(block, system)
    const writes = [
      ...commit.writes,
      ...archiveWrites(head, body, records),
      ...systemWrites(block.header.number, system),
      ...historyWrites(
        { number: block.header.number, replaced: commit.replaced, precompileCalls: record },
        this.#keepDiffs,
      ),
    ]
    const transition: EvmTransition = {
      block,
      evmRoot: commit.root,
      evmStateRoot: root,
      stateRoot: root,
      receipts,
      writes,
      systemReceipts,
      coreWriterLogs: coreWriterLogs([...systemReceipts, ...receipts]),
      skipped: builder.skipped,
    }
    this.#store.push(writes, commit.replaced)
    for (const [key, node] of commit.nodes) this.#nodes.set(key, node)
    this.#tip = head
    this.#heads.push(head)
    this.#applied.push(transition)
    return transition
  }

  #nothing(builder: BlockBuilder): EvmTransition {
    return {
      evmRoot: this.evmRoot,
      evmStateRoot: this.evmStateRoot,
      stateRoot: this.evmStateRoot,
      receipts: [],
      writes: [],
      systemReceipts: [],
      coreWriterLogs: [],
      skipped: builder.skipped,
    }
  }

  #tipState(): StateReader {
    return new StateReader(this.#store.tip, this.#codes)
  }

  #commit(state: JournaledState): StateCommit {
    const reader = new StateReader(this.#store.tip, this.#codes)
    return commitState(this.evmRoot, state.changes(), {
      readNode: (key) => this.#nodes.get(key, (bytes) => this.#store.tip.read(bytes)),
      account: (address) => reader.account(address),
      slot: (address, incarnation, slot) => reader.slot(address, incarnation, slot),
      nextIncarnation: (address) => reader.nextIncarnation(address),
    })
  }

  #lane(lane: number): EvmLane {
    const { lanes } = this.#genesis
    const found = lanes[lane]
    if (found !== undefined) return found
    throw new EvmError(`there is no lane ${lane}, the chain has ${lanes.length}`, {
      code: 'OL_EVM_LANE',
      lane,
      lanes: lanes.length,
    })
  }

  /** Wei per gas that the lane's next block asks for, after the last applied one. */
  baseFee(lane: number): bigint {
    const fee = this.#tip.baseFees[lane]
    assert(fee !== undefined, 'every lane has a base fee')
    return fee
  }
}

interface ExecutorParts {
  readonly options: EvmExecutorOptions
  readonly genesis: EvmGenesis
  readonly machine: Machine
  readonly oracle: Machine | undefined
  readonly store: VersionedStore
  readonly codes: LruCache
  readonly head: EvmHead
}

interface BuiltBlock {
  /** What precompiles answered. */
  readonly record: PrecompileCalls
  readonly builder: BlockBuilder
  readonly system: readonly SystemOutcome[]
  /** Absent if nothing ran that makes a block. */
  readonly sealed?: SealedBlock
  readonly commit?: StateCommit
}

/** Both engines did the same: gas, status, logs and state are in the block's hash, return data and skips are not. */
function assertSame(fast: BuiltBlock, reference: BuiltBlock): void {
  const hash = ({ sealed }: BuiltBlock): string =>
    sealed === undefined ? 'no block' : bytesToHex(sealed.block.hash)
  assert(hash(fast) === hash(reference), 'both engines make the same block')
  const outputs = ({ builder }: BuiltBlock): string =>
    builder.outputs.map((output) => bytesToHex(output)).join()
  assert(outputs(fast) === outputs(reference), 'both engines return the same data')
  const skips = ({ builder }: BuiltBlock): string =>
    builder.skipped.map(({ index, reason }) => `${index} ${reason.code}`).join()
  assert(skips(fast) === skips(reference), 'both engines skip the same transactions')
  const systems = ({ system }: BuiltBlock): string =>
    bytesToHex(encodeReceipts(system.map(({ record }) => record)))
  assert(systems(fast) === systems(reference), 'both engines run system transactions alike')
}

/** State and block 0. */
function genesisWrites(genesis: EvmGenesis, genesisTimeMs: number): Write[] {
  const nothing = new StateReader({ read: () => undefined }, new LruCache(CODE_CACHE_BYTES_MAX))
  const state = new JournaledState(nothing)
  applyGenesis(state, genesis)
  const commit = commitState(EMPTY_TRIE_ROOT, state.changes(), NO_STATE)
  const [first] = genesis.lanes
  assert(first !== undefined, 'a chain has a lane')
  const header = evmBlockHeader({
    number: 0n,
    gasLimit: first.gasLimit,
    gasUsed: 0n,
    timestamp: BigInt(Math.floor(genesisTimeMs / 1_000)),
    baseFeePerGas: first.baseFee,
    parentHash: new Uint8Array(32),
    parentBeaconBlockRoot: new Uint8Array(32),
    stateRoot: commit.root,
    transactionsRoot: EMPTY_TRIE_ROOT,
    receiptsRoot: EMPTY_TRIE_ROOT,
    logsBloom: new Uint8Array(256),
  })
  const block = {
    hash: evmBlockHash(header),
    header,
    height: 0n,
    lane: 0,
    transactionHashes: [],
    size: evmBlockSize(header, 0),
  }
  const head = { block, baseFees: genesis.lanes.map(({ baseFee }) => baseFee) }
  return [...commit.writes, ...archiveWrites(head, [], []), [metaKey('genesis'), genesis.digest]]
}
