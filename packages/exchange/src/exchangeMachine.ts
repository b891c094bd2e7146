import {
  type Action,
  type Address,
  assert,
  type BlockContext,
  type CoreWriterAction,
  type CoreWriterSource,
  type Epoch,
  type EvmCredit,
  type EvmLink,
  type EvmTransfer,
  type ExchangeReader,
  type Hash,
  type Height,
  InvariantError,
  type ValidatorSet,
  type Write,
} from '@openliquid/primitives'
import { actingUser, isSigner, unknownSigner } from './actingUser.ts'
import { carryOut } from './actions/carryOut.ts'
import { dispatchAction } from './actions/dispatch.ts'
import { type ActionFault, fault, isFault } from './actions/outcome.ts'
import { countRequest } from './addressLimits.ts'
import { beginBlock } from './beginBlock.ts'
import { ByteReader, corrupt } from './byteCodec.ts'
import type { CoreProof } from './coreProof.ts'
import { CoreState } from './coreState.ts'
import { CoreTree } from './coreTree.ts'
import { CoreView } from './coreView.ts'
import { applyCoreWriter } from './coreWriter.ts'
import { EntryWriter, entryRows } from './entryRows.ts'
import {
  creditFromEvm,
  type EvmEscrow,
  type EvmFacts,
  evmEscrowOf,
  evmLinks,
  takeEvmTransfers,
} from './evmBridge.ts'
import { type ExchangeTransition, RecordedTransition, RecordLease } from './exchangeTransition.ts'
import { applyGenesis, type ExchangeGenesis } from './genesis.ts'
import { assertInvariants } from './invariants.ts'
import { NONCE_TEXTS } from './nonces.ts'
import type { OrderArena } from './orderArena.ts'
import { LinkedOrderBook, type OrderBook } from './orderBook.ts'
import { checkMultiSig } from './profiles/multiSig.ts'
import { CoreReader } from './reader.ts'
import type { ActionReceipt } from './receipt.ts'
import type { User } from './records.ts'
import { type NextMember, nextMembers, rotateEpoch } from './staking/validatorSet.ts'
import type { PossessionVerifier } from './staking/validators.ts'
import { CORE_PREFIX, type StoredTable } from './table.ts'
import type { TriggerBook } from './triggerBook.ts'
import type { ExchangeView } from './view.ts'
import { WriteOrder } from './writeOrder.ts'

/** How an action came: beside the action itself, all that its execution depends on. */
export interface ActionMeta {
  readonly txId: Hash
  readonly nonce: number
  readonly vaultAddress?: Address
  readonly expiresAfter?: number
  /** Of a `multiSig`: who made the signatures inside, in their order. */
  readonly innerSigners?: readonly Address[]
}

/** Anything but a wrapper of another action. */
type SingleAction = Exclude<Action, { type: 'multiSig' }>

export interface ExchangeOptions {
  /** The index that orders rest in; every implementation gives the same results. */
  readonly createBook?: (arena: OrderArena) => OrderBook
  readonly createTriggerBook?: () => TriggerBook
  /** Sends every match and margin check the general way, in `bigint`: the same results, for comparison. */
  readonly generalOnly?: boolean
  /** So many resting orders, and half as many positions, have their memory from the start: no block has to find it. 250 bytes each. */
  readonly room?: number
  /** Checks the proofs of a validator's keys; without it no validator can be registered. */
  readonly verifyPossession?: PossessionVerifier
}

/** Tables with one entry that is always there. */
const SINGLETONS = ['clock', 'counters', 'rulesTable', 'riskRulesTable'] as const
const STAKING_SINGLETONS = ['rulesTable', 'epochClock'] as const

/** Entries that go into the tree together while a state is loaded. */
const LOAD_BATCH = 4_096

/** Tables below this tag describe the markets and must be there before the others. */
const DYNAMIC_TAG_MIN = 0x10

/**
 * The Core: executes actions one after another on integer state. Synchronous and deterministic; nothing that a user
 * can cause makes it throw.
 *
 * A block is `beginBlock`, then any number of `applyAction` and `applyCoreWriterAction`, then `endBlock`.
 */
export class ExchangeMachine {
  readonly #state: CoreState
  readonly #tree = new CoreTree()
  /** What the last block wrote. */
  readonly #entries = new EntryWriter()
  readonly #writeOrder = new WriteOrder()
  #lease: RecordLease | undefined
  readonly #view: CoreView
  #root: Hash = this.#tree.root()
  #isInBlock = false
  #nextMembers: { readonly version: number; readonly members: readonly NextMember[] } | undefined

  private constructor(options: ExchangeOptions) {
    this.#state = new CoreState(
      this.#tree,
      options.createBook ?? ((arena) => new LinkedOrderBook(arena)),
      options.createTriggerBook,
      options.generalOnly,
    )
    this.#state.verifyPossession = options.verifyPossession
    const { room = 0 } = options
    this.#state.orders.arena.reserve(room)
    this.#state.positions.reserve(room >>> 1)
    this.#tree.reserve(room + (room >>> 1))
    this.#view = new CoreView(this.#state)
  }

  /**
   * The state at height 0, and the writes that store it.
   *
   * @throws {GenesisCoreError} when the sections contradict each other
   */
  static genesis(
    genesis: ExchangeGenesis,
    options: ExchangeOptions = {},
  ): {
    readonly machine: ExchangeMachine
    readonly coreRoot: Hash
    readonly writes: readonly Write[]
  } {
    const machine = new ExchangeMachine(options)
    applyGenesis(machine.#state, genesis)
    const { coreRoot, writes } = machine.#seal()
    return { machine, coreRoot, writes }
  }

  /**
   * Continues from stored entries, in any order: the machine behaves exactly as the one that wrote them.
   *
   * @throws {CoreStateError} when they are not what a machine wrote
   */
  static load(
    entries: Iterable<readonly [key: Uint8Array, value: Uint8Array]>,
    options: ExchangeOptions = {},
  ): ExchangeMachine {
    const machine = new ExchangeMachine(options)
    try {
      machine.#load(entries)
    } catch (error) {
      // Loading asserts what a block asserts; here it speaks of the entries, not of our code.
      if (error instanceof InvariantError) throw corrupt(error.message)
      throw error
    }
    return machine
  }

  /** Root over all state after the last block. */
  get coreRoot(): Hash {
    return this.#root
  }

  /** Number of stored entries. */
  get entryCount(): number {
    return this.#tree.size
  }

  get view(): ExchangeView {
    return this.#view
  }

  /** What contracts see, live: after the actions applied so far. */
  reader(height: Height): ExchangeReader {
    return new CoreReader(this.#state, height)
  }

  /** Opens a block: time, delayed orders of contracts, oracle quorum; docs/spec/hyperliquid.md §2. */
  beginBlock(context: BlockContext, evm?: EvmFacts): void {
    assert(!this.#isInBlock, 'a block inside a block')
    this.#isInBlock = true
    this.#lease?.end()
    this.#state.evm = evm
    beginBlock(this.#state, context)
  }

  /** A receipt with status `err` changed nothing but the nonce, and the count of requests where those are limited. */
  applyAction(sender: Address, action: Action, meta: ActionMeta): ActionReceipt {
    assert(this.#isInBlock, 'an action outside a block')
    const user = this.#state.accounts.userAt(sender)
    const refused = this.#admit(user, meta)
    if (refused !== undefined) return failed(meta.txId, refused)
    if (action.type !== 'multiSig') return this.#execute(user, action, meta, false)

    const unsigned = checkMultiSig(this.#state, user, action, meta.innerSigners ?? [])
    if (unsigned !== undefined) return failed(meta.txId, unsigned)
    const { multiSigUser, action: wrapped } = action.payload
    return this.#execute(this.#state.accounts.known(multiSigUser), wrapped, meta, true)
  }

  #execute(user: User, action: SingleAction, meta: ActionMeta, isMultiSig: boolean): ActionReceipt {
    const acting = actingUser(this.#state, user, action, meta.vaultAddress, isMultiSig)
    if (typeof acting === 'object') return failed(meta.txId, acting)
    const { timestampMs } = this.#state.now
    const isExpired = meta.expiresAfter !== undefined && timestampMs > meta.expiresAfter
    const limited = countRequest(this.#state, acting, action, isExpired)
    if (limited !== undefined) return failed(meta.txId, limited)
    if (isExpired) return failed(meta.txId, fault('OL_ACTION_EXPIRED', 'Action expired.'))

    this.#state.causeId = meta.txId
    const outcome = carryOut(this.#state, () =>
      dispatchAction(this.#state, acting, action, meta.nonce),
    )
    if (isFault(outcome)) return failed(meta.txId, outcome)
    return { txId: meta.txId, status: 'ok', response: outcome }
  }

  /** Acts for the contract `user`; what it refuses becomes a `coreWriterRejected` event. */
  applyCoreWriterAction(user: Address, action: CoreWriterAction, source: CoreWriterSource): void {
    assert(this.#isInBlock, 'an action outside a block')
    applyCoreWriter(this.#state, user, action, source)
  }

  /** Tokens of the Core that are linked to the EVM. The same array as long as they stay the same. */
  evmLinks(): readonly EvmLink[] {
    return evmLinks(this.#state)
  }

  /** What the system address of a linked token holds on the Core. */
  evmEscrowOf(token: number): EvmEscrow {
    return evmEscrowOf(this.#state, token)
  }

  /** Transfers that wait for an EVM block. */
  get waitingEvmTransfers(): number {
    return this.#state.transferQueue.size
  }

  /** An EVM block is about to run: takes the transfers that it carries over. */
  beginEvmBlock(): readonly EvmTransfer[] {
    assert(this.#isInBlock, 'an EVM block outside a block')
    this.#state.createdByCredit.clear()
    return takeEvmTransfers(this.#state)
  }

  /** Gives what an EVM block sent to a system address to its sender; what it refuses becomes an `evmCredit` event. */
  creditFromEvm(credit: EvmCredit): void {
    assert(this.#isInBlock, 'a credit outside a block')
    creditFromEvm(this.#state, credit)
  }

  /** Who would validate the next epoch by the state as it is; the same array as long as that stays the same. */
  nextMembers(): readonly NextMember[] {
    const { version } = this.#state.staking
    if (this.#nextMembers?.version !== version) {
      this.#nextMembers = { version, members: nextMembers(this.#state) }
    }
    return this.#nextMembers.members
  }

  /** Of the running epoch. */
  get epoch(): Epoch {
    return this.#state.staking.epoch.epoch
  }

  /** The block closes its epoch: `set` is that of the next one, as headers name it. */
  endEpoch(set: ValidatorSet): void {
    assert(this.#isInBlock, 'the end of an epoch outside a block')
    rotateEpoch(this.#state, set)
  }

  /** Asserts the invariants of §6.8 and closes the block. What it returns is to be read before the next one begins. */
  endBlock(): ExchangeTransition {
    assert(this.#isInBlock, 'the end of no block')
    this.#isInBlock = false
    return this.#seal()
  }

  /**
   * Shows that the stored entry of a key is, or is not, under the core root.
   *
   * @param readValue - reads the stored value of a key; the machine keeps only hashes
   */
  prove(key: Uint8Array, readValue: (key: Uint8Array) => Uint8Array): CoreProof | undefined {
    return this.#tree.prove(key, readValue)
  }

  /** Checks what needs no execution, and uses the nonce up; docs/spec/hyperliquid.md §3.5. */
  #admit(user: User, { nonce }: ActionMeta): ActionFault | undefined {
    const state = this.#state
    if (!isSigner(state, user)) return unknownSigner(user)
    const verdict = state.nonces.use(user, nonce, state.now.timestampMs)
    return verdict === 'ok' ? undefined : fault('OL_ACTION_NONCE', NONCE_TEXTS[verdict])
  }

  #seal(): ExchangeTransition {
    const state = this.#state
    assertInvariants(state)
    const entries = this.#entries
    entries.clear()
    for (const table of state.tables) table.drain(entries)
    const order = this.#writeOrder.changesOf(entries, this.#tree.apply(entries))
    this.#root = this.#tree.root()
    const events = state.events.take(state.now.timestampMs)
    this.#lease = new RecordLease({ entries, order, events })
    state.touched.clear()
    state.vaults.touched.clear()
    state.evm = undefined
    state.createdByCredit.clear()
    return new RecordedTransition(this.#root, this.#lease)
  }

  #load(entries: Iterable<readonly [key: Uint8Array, value: Uint8Array]>): void {
    const state = this.#state
    const byTag = new Map<number, StoredTable>(state.tables.map((table) => [table.tag, table]))
    const later: (() => void)[] = []
    const batch: [key: Uint8Array, value: Uint8Array][] = []
    for (const [key, value] of entries) {
      const reader = new ByteReader(key)
      if (reader.u8() !== CORE_PREFIX) throw corrupt('a key of another world')
      const tag = reader.u8()
      const table = byTag.get(tag)
      if (table === undefined) throw corrupt(`an unknown table ${tag}`)
      batch.push([key, value])
      if (batch.length === LOAD_BATCH) this.#tree.apply(entryRows(batch.splice(0)))
      const load = (): void => table.load(reader, new ByteReader(value))
      if (tag < DYNAMIC_TAG_MIN) load()
      else later.push(load)
    }
    this.#tree.apply(entryRows(batch))
    if (SINGLETONS.some((name) => state[name].size !== 1)) {
      throw corrupt('a singleton is missing')
    }
    state.openMarkets()
    for (const load of later) load()
    if (STAKING_SINGLETONS.some((name) => state.staking[name].size !== 1)) {
      throw corrupt('a singleton is missing')
    }
    assertInvariants(state)
    state.touched.clear()
    state.vaults.touched.clear()
    this.#root = this.#tree.root()
  }
}

function failed(txId: Hash, { code, text }: ActionFault): ActionReceipt {
  return { txId, status: 'err', response: text, code }
}
