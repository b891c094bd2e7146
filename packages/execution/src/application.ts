import { type CallPace, EvmExecutor, type EvmTransition } from '@openliquid/evm'
import { type ExchangeEvent, ExchangeMachine, type ExchangeOptions } from '@openliquid/exchange'
import { readPrecompiles } from '@openliquid/precompiles'
import {
  assert,
  type Block,
  type BlockContext,
  type BlockHeader,
  blockHash,
  bytesToHex,
  type CommitProof,
  type Counter,
  type Epoch,
  equalBytes,
  type Gauge,
  type Genesis,
  genesisBlock,
  genesisHash,
  genesisValidatorSet,
  type Hash,
  type Height,
  type Hex,
  type KeyValueStore,
  type Metrics,
  type Misbehavior,
  noMetrics,
  type Payload,
  TRANSACTION_KIND,
  transactionId,
  type ValidatorInfo,
  type ValidatorSet,
  validatorSetHash,
  type Write,
} from '@openliquid/primitives'
import { BlockStore, KEYSPACE, keyspaceRange } from '@openliquid/storage'
import { valuesAfter } from './accountValues.ts'
import { ApplicationView } from './applicationView.ts'
import type { BlockResult, TransactionOutcome } from './blockResult.ts'
import { buildPayload, EMPTY_PAYLOAD, type PayloadLimits } from './buildPayload.ts'
import { checkPayload, isEmptyPayload } from './checkPayload.ts'
import {
  genesisWrite,
  markerWrites,
  readGenesisHash,
  readMarker,
  readStateRoot,
} from './commitMarker.ts'
import { ExecutionError, type PayloadVerdict } from './errors.ts'
import { type Engines, type ExecutedBlock, executeBlock, readable } from './executeBlock.ts'
import { History } from './history.ts'
import { RECENT_ROOTS_MAX } from './limits.ts'
import { Mempool, type MempoolOptions } from './mempool.ts'
import { EXECUTION_METRICS } from './metrics.ts'
import { misbehaviorWrites, readMisbehaviors } from './misbehaviorRecord.ts'
import { withNativeEscrow } from './nativeEscrow.ts'
import { possessionVerifierOf } from './possessionVerifier.ts'
import { ReadLock } from './readLock.ts'
import type { ChainHead, ChainView } from './readView.ts'
import { ReceiptWaiters } from './receiptWaiters.ts'
import { combineRoots } from './stateRoot.ts'
import { TransactionReader } from './transactionReader.ts'
import { ValidatorSets } from './validatorSets.ts'

export interface ApplicationOptions {
  /** The node's one database. */
  readonly store: KeyValueStore
  readonly genesis: Genesis
  /** Wall clock in milliseconds; used by the mempool only, never by execution. */
  readonly clock: () => number
  readonly mempool?: Pick<
    MempoolOptions,
    'transactionsMax' | 'bytesMax' | 'senderTransactionsMax' | 'ageMsMax'
  >
  /** Resting orders whose memory the Core takes at once; see `ExchangeOptions`. */
  readonly coreRoom?: number
  readonly metrics?: Metrics
  /** When calls of clients may go on; every turn of the event loop if absent. */
  readonly callPace?: CallPace
}

/** What comes with a committed block beside its payload. */
export interface BlockExtras {
  readonly header: BlockHeader
  /** Of this very block, when the commit that brought it proved it. */
  readonly proof?: CommitProof
}

/** What a leader wants a payload for. `ancestors` are the blocks of the branch above the new header's executedHeight. */
export interface BuildRequest {
  readonly timestampMs: number
  readonly parent: { readonly header: BlockHeader }
  readonly ancestors: readonly Block[]
  readonly mustBeEmpty: boolean
  /** Room for evidence that consensus puts into the block; none if absent. */
  readonly evidenceBytes?: number
  readonly limits?: PayloadLimits
}

/** A proposed block. `ancestors` are the blocks of its branch above its header's executedHeight, ascending. */
export interface CheckRequest {
  readonly block: Block
  readonly ancestors: readonly Block[]
}

/**
 * What a committed block does: the Core, then the EVM, then actions of contracts; one root, one batch.
 *
 * Heights come in order, one each. After a crash it goes on from the commit marker, which is in the block's own batch.
 * After anything is thrown by `applyBlock` it executes nothing more: memory may be ahead of the disk.
 */
export class Application {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  /** Block 0 with its root. */
  readonly genesisBlock: Block
  readonly blocks: BlockStore
  readonly history: History
  readonly mempool: Mempool
  /** For servers of requests. */
  readonly view: ChainView

  readonly #store: KeyValueStore
  readonly #engines: Engines
  readonly #lock = new ReadLock()
  readonly #waiters = new ReceiptWaiters()
  readonly #listeners = new Set<(result: BlockResult) => void>()
  readonly #roots = new Map<Height, Hash>()
  readonly #sets: ValidatorSets
  readonly #heightGauge: Gauge
  readonly #transactionCounter: Counter
  readonly #coreWriterCounter: Counter
  readonly #transferCounter: Counter
  #head: ChainHead
  #isStopped = false

  /**
   * Opens the state in the store, or writes the genesis state there if it holds none.
   *
   * @throws {ExecutionError} OL_EXECUTION_GENESIS: the store belongs to another chain; OL_EXECUTION_STATE: what is
   *   stored does not add up to the stored root
   */
  static async create(options: ApplicationOptions): Promise<Application> {
    const { store, genesis } = options
    const hash = genesisHash(genesis)
    checkGenesis(store, hash)
    const marker = readMarker(store)
    const funded = withNativeEscrow(genesis)
    const { core, writes: coreWrites } = await openCore(store, funded, marker, options.coreRoom)
    const evm = await EvmExecutor.create({
      store,
      genesis: funded.evm,
      chainId: genesis.chainId,
      genesisTimeMs: genesis.genesisTimeMs,
      precompiles: readPrecompiles,
      exchange: () => core.view.reader(),
      ...(options.callPace === undefined ? {} : { callPace: options.callPace }),
    })
    const genesisSet = genesisValidatorSet(genesis)
    const sets = new ValidatorSets(store, genesisSet)
    const blocks = new BlockStore(store)
    const tip = marker === undefined ? undefined : blocks.headerAt(marker.height)
    const stateRoot = combineRoots({
      coreRoot: core.coreRoot,
      evmStateRoot: evm.evmStateRoot,
      validatorSetHash: tip?.validatorSetHash ?? validatorSetHash(genesisSet),
    })
    const block = genesisBlock(genesis, hash, readStateRoot(store, 0n) ?? stateRoot)
    const head = marker ?? headOf(block.header, stateRoot)
    if (!equalBytes(head.stateRoot, stateRoot)) {
      throw new ExecutionError(
        `the state of height ${head.height} does not have the root it was stored with; restore the data folder or sync again`,
        { code: 'OL_EXECUTION_STATE', height: head.height, reason: 'root' },
      )
    }
    if (marker === undefined) {
      const writes = [
        ...coreWrites,
        ...blocks.putBlocks([{ block, blockHash: head.blockHash }]),
        ...sets.genesisWrites(core.nextMembers()),
        ...markerWrites(head),
        genesisWrite(hash),
      ]
      await store.batch(writes, { sync: true })
    } else {
      sets.resume(core.epoch)
    }
    const reader = new TransactionReader(genesis)
    const engines: Engines = { core, evm, reader, genesis: genesis.evm }
    return new Application(options, { engines, head, block, sets, hash })
  }

  /** @see create */
  private constructor(
    options: ApplicationOptions,
    opened: {
      readonly engines: Engines
      readonly head: ChainHead
      readonly block: Block
      readonly sets: ValidatorSets
      readonly hash: Hash
    },
  ) {
    const { store, genesis, clock, metrics = noMetrics } = options
    const { engines } = opened
    this.genesis = genesis
    this.genesisHash = opened.hash
    this.genesisBlock = opened.block
    this.#sets = opened.sets
    this.#store = store
    this.#engines = engines
    this.#head = opened.head
    this.blocks = new BlockStore(store)
    this.history = new History(store)
    this.#heightGauge = metrics.gauge(EXECUTION_METRICS.executedHeight)
    this.#transactionCounter = metrics.counter(EXECUTION_METRICS.executedTransactions)
    this.#coreWriterCounter = metrics.counter(EXECUTION_METRICS.coreWriterActions)
    this.#transferCounter = metrics.counter(EXECUTION_METRICS.evmTransfers)
    this.mempool = new Mempool({
      ...options.mempool,
      state: { core: engines.core.view, evm: engines.evm.view },
      reader: engines.reader,
      evm: genesis.evm,
      clock,
      metrics,
    })
    this.mempool.onDrop(({ txId, error }) => this.#waiters.reject(txId, error))
    this.view = new ApplicationView({
      chain: {
        chainId: genesis.chainId,
        network: genesis.network,
        genesisHash: opened.hash,
        genesis,
        precompiles: readPrecompiles,
      },
      core: engines.core.view,
      evm: engines.evm.view,
      mempool: this.mempool,
      blocks: this.blocks,
      history: this.history,
      lock: this.#lock,
      waiters: this.#waiters,
      head: () => this.#head,
      onBlock: (listener) => this.onBlock(listener),
    })
    this.#remember(opened.head)
  }

  /** The newest height whose batch is on disk. */
  get executedHeight(): Height {
    return this.#head.height
  }

  get head(): ChainHead {
    return this.#head
  }

  /** Of the epoch that grows on the newest executed block. */
  get validatorSet(): ValidatorSet {
    return this.#sets.current
  }

  /** Of any epoch up to the present one. */
  validatorSetOf(epoch: Epoch): ValidatorSet | undefined {
    return this.#sets.setOf(epoch)
  }

  /** Who would validate the next epoch by the state after an executed height. */
  validatorsAt(height: Height): readonly ValidatorInfo[] | undefined {
    return this.#sets.membersAt(height)
  }

  /** Root after an executed height; undefined above the newest. */
  stateRootAt(height: Height): Hash | undefined {
    return this.#roots.get(height) ?? readStateRoot(this.#store, height)
  }

  /** What the evidence of all executed blocks convicted of: consensus starts with it. */
  misbehaviors(): Promise<readonly Misbehavior[]> {
    return readMisbehaviors(this.#store)
  }

  /** Calls back after each block is on disk, in height order. A listener must not throw. Returns the way to stop it. */
  onBlock(listener: (result: BlockResult) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Executes the next committed block and puts everything that it did on disk in one synced batch.
   *
   * @throws {ExecutionError} OL_EXECUTION_HEIGHT, OL_EXECUTION_PARENT: not the next block, and nothing has happened;
   *   OL_EXECUTION_STOPPED
   * @throws {StoreError} the batch failed: the process must stop
   */
  applyBlock(context: BlockContext, payload: Payload, extras: BlockExtras): Promise<BlockResult> {
    return this.#lock.write(async () => {
      this.#assertNext(context, extras.header)
      try {
        return await this.#execute(context, payload, extras)
      } catch (error) {
        this.stop()
        throw error
      }
    })
  }

  /** Whether a proposed block's payload is valid; docs/spec/consensus.md §3 B6. */
  checkPayload({ block, ancestors }: CheckRequest): PayloadVerdict {
    const { height } = block.header
    const parent = ancestors.at(-1)?.header ?? this.blocks.headerAt(height - 1n)
    assert(parent?.height === height - 1n, 'a checked block has its parent among the ancestors')
    const isWhole = BigInt(ancestors.length) >= height - 1n - block.header.executedHeight
    assert(isWhole || isEmptyPayload(block.payload), 'ancestors reach down to the executed height')
    const unexecutedIds = new Set<Hex>()
    if (!isEmptyPayload(block.payload)) {
      for (const ancestor of ancestors) addIds(unexecutedIds, ancestor.payload)
    }
    return checkPayload({
      block,
      parentTimestampMs: parent.timestampMs,
      unexecutedIds,
      evm: this.genesis.evm,
      reader: this.#engines.reader,
    })
  }

  /**
   * Takes transactions for a block out of the mempool, without those of unexecuted ancestors, after whose nonces a
   * sender's own go on. They stay in the mempool until a block is executed.
   */
  buildPayload({
    timestampMs,
    parent,
    ancestors,
    mustBeEmpty,
    evidenceBytes = 0,
    limits,
  }: BuildRequest): Payload {
    if (mustBeEmpty || this.#isStopped) return EMPTY_PAYLOAD
    const excluded = new Set<Hex>()
    const firstNonces = new Map<Hex, bigint>()
    for (const { header, payload } of ancestors) {
      addIds(excluded, payload)
      if (header.height <= this.#head.height) continue
      const read = readable(payload.evm, (bytes) => this.#engines.reader.readEvm(bytes))
      for (const { sender, transaction } of read) {
        firstNonces.set(bytesToHex(sender), transaction.nonce + 1n)
      }
    }
    const times = { timestampMs, parentTimestampMs: parent.header.timestampMs }
    const selection = { times, excluded, firstNonces }
    return buildPayload(
      this.mempool,
      selection,
      this.genesis.evm,
      { ...limits, evidenceBytes },
      (sender) => this.#engines.core.view.makerSharePpm(sender),
    )
  }

  /** Executes nothing more; requests that wait are told so. The store is the caller's. */
  stop(): void {
    this.#isStopped = true
    this.#waiters.stop(stopped())
  }

  #assertNext(context: BlockContext, header: BlockHeader): void {
    if (this.#isStopped) throw stopped()
    const { height } = context
    const expected = this.#head.height + 1n
    if (height !== expected) {
      throw new ExecutionError(`block ${height} is not the next one, which is ${expected}`, {
        code: 'OL_EXECUTION_HEIGHT',
        height,
        expected,
      })
    }
    if (!equalBytes(context.parentHash, this.#head.blockHash)) {
      throw new ExecutionError(`block ${height} does not stand on the executed chain`, {
        code: 'OL_EXECUTION_PARENT',
        height,
      })
    }
    assert(header.height === height, 'the header is that of the context')
    assert(
      equalBytes(blockHash(header), context.blockHash),
      'the header has the hash of the context',
    )
  }

  async #execute(
    context: BlockContext,
    payload: Payload,
    { header, proof }: BlockExtras,
  ): Promise<BlockResult> {
    const nextSet = this.#sets.nextSetOf(header)
    const executed = await executeBlock(this.#engines, context, payload, nextSet)
    const { coreRoot, evmStateRoot } = executed
    const { validatorSetHash } = header
    const stateRoot = combineRoots({ coreRoot, evmStateRoot, validatorSetHash })
    const members = this.#engines.core.nextMembers()
    const head: ChainHead = headOf(header, stateRoot, context.blockHash)
    const receipts = executed.actions.map(({ receipt }) => receipt)
    const ranEvm = receiptedEvm(executed)
    const block = { header, payload }
    const writes: Write[] = [
      ...executed.writes,
      ...this.blocks.putBlocks([
        { block, blockHash: context.blockHash, ...(proof === undefined ? {} : { proof }) },
      ]),
      ...this.history.writesOf({
        height: context.height,
        receipts,
        events: executed.events,
        evm: ranEvm.map(({ read }) => ({ txId: read.txId, evmHash: read.transaction.hash })),
        values: valuesAfter(this.#engines.core.view, executed.events),
      }),
      ...this.#sets.writesOf(context.height, members, nextSet),
      ...misbehaviorWrites(context.height, context.misbehavior),
      ...markerWrites(head),
    ]
    await this.#store.batch(writes, { sync: true })
    this.#sets.accept(context.height, members, nextSet)

    for (const transition of executed.transitions) this.#engines.evm.accept(transition)
    this.#head = head
    this.#remember(head)
    const result: BlockResult = {
      ...head,
      receipts,
      events: executed.events,
      evmBlocks: executed.transitions.flatMap(
        ({ block: evmBlock, receipts: evmReceipts, systemReceipts }) =>
          evmBlock === undefined
            ? []
            : [{ block: evmBlock, receipts: evmReceipts, systemReceipts }],
      ),
    }
    this.#settle(executed, result)
    return result
  }

  /** Tells everyone: the mempool, those who wait, those who listen. */
  #settle(executed: ExecutedBlock, result: BlockResult): void {
    const { height } = result
    const ranEvm = receiptedEvm(executed)
    const skipped = skippedEvm(executed)
    this.#count(executed, ranEvm.length, skipped.length)
    this.mempool.onExecuted(
      {
        actions: executed.actions.map(({ read }) => read),
        evm: ranEvm.map(({ read }) => read),
        skipped,
      },
      result.timestampMs,
    )
    for (const listener of this.#listeners) listener(result)
    for (const { read, receipt } of executed.actions) {
      this.#waiters.resolve({ kind: 'action', txId: read.txId, height, receipt })
    }
    for (const { read, receipt } of ranEvm) {
      this.#waiters.resolve({ kind: 'evm', txId: read.txId, height, receipt })
    }
  }

  #count(executed: ExecutedBlock, ranEvm: number, skippedEvmCount: number): void {
    this.#heightGauge.set(Number(this.#head.height))
    for (const { receipt } of executed.actions) {
      this.#transactionCounter.inc({ kind: 'action', result: receipt.status })
    }
    this.#transactionCounter.inc({ kind: 'evm', result: 'ok' }, ranEvm)
    this.#transactionCounter.inc({ kind: 'evm', result: 'skipped' }, skippedEvmCount)
    this.#transactionCounter.inc({ kind: 'any', result: 'malformed' }, executed.malformed)
    for (const event of executed.events) this.#countCrossing(event)
  }

  /** What went from one world to the other. */
  #countCrossing(event: ExchangeEvent): void {
    if (event.kind === 'evmTransfer') {
      this.#transferCounter.inc({ direction: 'toEvm', result: event.status })
    }
    if (event.kind === 'evmCredit') {
      const result = event.refused === undefined ? 'executed' : 'refused'
      this.#transferCounter.inc({ direction: 'toCore', result })
    }
    const result = CORE_WRITER_RESULTS.get(event.kind)
    if (result !== undefined) this.#coreWriterCounter.inc({ result })
  }

  #remember({ height, stateRoot }: ChainHead): void {
    this.#roots.set(height, stateRoot)
    this.#roots.delete(height - BigInt(RECENT_ROOTS_MAX))
  }
}

const CORE_WRITER_RESULTS: ReadonlyMap<ExchangeEvent['kind'], string> = new Map([
  ['coreWriterDelayed', 'delayed'],
  ['coreWriterExecuted', 'executed'],
  ['coreWriterRejected', 'rejected'],
])

/** An Ethereum transaction of a block with what it did. */
type EvmOutcome = Pick<Extract<TransactionOutcome, { kind: 'evm' }>, 'receipt'> & {
  readonly read: ExecutedBlock['evm'][number]
}

function receiptedEvm({ evm, transitions }: ExecutedBlock): EvmOutcome[] {
  const byHash = new Map(evm.map((read) => [bytesToHex(read.transaction.hash), read] as const))
  return transitions.flatMap(({ receipts }) =>
    receipts.flatMap((receipt) => {
      const read = byHash.get(bytesToHex(receipt.transactionHash))
      return read === undefined ? [] : [{ read, receipt }]
    }),
  )
}

function skippedEvm({
  evm,
  transitions,
}: ExecutedBlock): { read: ExecutedBlock['evm'][number]; code: string }[] {
  const byHash = new Map(evm.map((read) => [bytesToHex(read.transaction.hash), read] as const))
  const skips = transitions.flatMap(({ skipped }: EvmTransition) => skipped)
  return skips.flatMap(({ hash, reason }) => {
    const read = byHash.get(bytesToHex(hash))
    return read === undefined ? [] : [{ read, code: reason.code }]
  })
}

function addIds(ids: Set<Hex>, { actions, evm }: Payload): void {
  for (const bytes of actions) ids.add(bytesToHex(transactionId(TRANSACTION_KIND.action, bytes)))
  for (const bytes of evm) ids.add(bytesToHex(transactionId(TRANSACTION_KIND.evm, bytes)))
}

function headOf(header: BlockHeader, stateRoot: Hash, hash: Hash = blockHash(header)): ChainHead {
  return { height: header.height, blockHash: hash, timestampMs: header.timestampMs, stateRoot }
}

function checkGenesis(store: KeyValueStore, given: Hash): void {
  const stored = readGenesisHash(store)
  if (stored === undefined || equalBytes(stored, given)) return
  throw new ExecutionError(
    `the data folder belongs to the chain of genesis ${bytesToHex(stored)}, not ${bytesToHex(given)}; use the genesis file it was made with or another data folder`,
    { code: 'OL_EXECUTION_GENESIS', stored: bytesToHex(stored), given: bytesToHex(given) },
  )
}

async function openCore(
  store: KeyValueStore,
  genesis: Genesis,
  marker: ChainHead | undefined,
  room = 0,
): Promise<{ core: ExchangeMachine; writes: readonly Write[] }> {
  const options: ExchangeOptions = { verifyPossession: possessionVerifierOf(genesis), room }
  if (marker === undefined) {
    const { machine, writes } = ExchangeMachine.genesis(
      {
        core: genesis.core,
        validators: genesis.validators,
        timestampMs: genesis.genesisTimeMs,
        unbondingMs: genesis.consensus.unbondingMs,
      },
      options,
    )
    return { core: machine, writes }
  }
  const entries: (readonly [Uint8Array, Uint8Array])[] = []
  for await (const entry of store.entries(keyspaceRange(KEYSPACE.core))) entries.push(entry)
  return { core: ExchangeMachine.load(entries, options), writes: [] }
}

function stopped(): ExecutionError {
  return new ExecutionError('the node has stopped executing blocks', {
    code: 'OL_EXECUTION_STOPPED',
  })
}
