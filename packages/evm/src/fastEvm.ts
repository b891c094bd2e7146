import type { Common } from '@ethereumjs/common'
import { type EVM, EVMError, type ExecResult } from '@ethereumjs/evm'
import { assert, equalBytes, type Hash } from '@openliquid/primitives'
import { type AccountRecord, EMPTY_CODE_HASH } from './account.ts'
import type { AccountCell } from './accountCell.ts'
import { contractAddress, saltedAddress } from './contractAddress.ts'
import { analysed, EvmCode } from './evmCode.ts'
import { FastFrame } from './fastFrame.ts'
import {
  CALLED,
  type Exit,
  FAILED,
  type FastHost,
  PAUSED,
  REVERTED,
  runFrame,
  STOPPED,
} from './fastLoop.ts'
import type { FastMessage, FastResult, LibraryBlock } from './fastMessage.ts'
import { FAST_PRECOMPILES } from './fastPrecompiles.ts'
import { type MachinePrices, pricesOf } from './fastPrices.ts'
import { HandlerView, type LibraryShapes } from './handlerView.ts'
import { readInstructions } from './instructionTable.ts'
import type { JournaledState } from './journaledState.ts'
import { keccakWord } from './keccak.ts'
import { CODE_BYTES_MAX, FAST_GAS_MAX, INIT_CODE_BYTES_MAX } from './limits.ts'
import type { MachineBinding } from './machine.ts'
import {
  type FastPrecompiles,
  movedPrecompiles,
  type StandingPrecompile,
} from './precompileMoves.ts'
import type { EvmLogEntry } from './receipts.ts'
import { transferLog } from './transferLog.ts'
import { EMPTY_TRIE_ROOT } from './trie.ts'
import { bytesWord, wordBytes } from './word.ts'

type RunState = NonNullable<ExecResult['runState']>
type Precompile = NonNullable<StandingPrecompile['run']>
type Handler = (state: RunState, common: Common) => void

/** A message inside: who calls whom with what. */
interface Entry {
  readonly caller: AccountCell
  readonly value: bigint
  readonly input: Uint8Array
  readonly isStatic: boolean
  readonly gas: number
}

interface Call extends Entry {
  readonly to: AccountCell
  /** Whose code runs. */
  readonly codeOf: AccountCell
  readonly movesValue: boolean
  /** CALLCODE moves value from an account to itself: that is no transfer. */
  readonly isTransfer: boolean
}

interface Creation extends Entry {
  /** For CREATE2. */
  readonly salt: Uint8Array | undefined
}

interface Outcome {
  readonly failure: string | undefined
  readonly output: Uint8Array
  readonly gasLeft: number
  readonly made: AccountCell | undefined
}

const ERROR = EVMError.errorMessages
const NOTHING: Uint8Array = new Uint8Array(0)
const WORD_MAX = (1n << 256n) - 1n
const DEPTH_MAX = 1_024
/** What a frame counts of a budget beside its jumps: a call costs at least so much. */
const FRAME_WORK = 100
const NONCE_MAX = (1n << 64n) - 1n
/** EIP-150: a frame keeps a 64th of its gas. */
const KEPT_GAS_DIVISOR = 64
/** Stack words above it are more gas than there is. */
const GAS_WORD_MAX = 1n << 52n
const BLOCK_HASHES = 256n
/** EIP-3541: no code begins with it. */
const RESERVED_CODE = 0xef
/** What code of the reserved format looks like from outside, to the library as to us. */
const RESERVED_FORMAT: Uint8Array = Uint8Array.of(RESERVED_CODE, 0x00)

/** By the text of their address. */
const OWN_PRECOMPILES = new Map(FAST_PRECOMPILES.map(([hex, run]) => [addressText(hex), run]))

const CALL = 0xf1
const CALLCODE = 0xf2
const DELEGATECALL = 0xf4
const CREATE2 = 0xf5
const STATICCALL = 0xfa

/**
 * The library's EVM without waiting: its table of instructions, prices, precompiles and handlers, in a synchronous loop of
 * our own. Instructions that contracts run all the time are done in the loop; the rest by the library's handlers, which
 * see its own objects over our registers. Frames are on a stack of their own, so depth costs none of the engine's.
 *
 * Rules of Cancun: the machine uses it for no other fork.
 *
 * @see docs/spec/evm.md §5
 */
export class FastEvm implements FastHost {
  readonly fees: Int32Array
  readonly operands: Uint8Array
  readonly prices: MachinePrices
  budget: number = 0
  environment: (bigint | undefined)[] = []
  state: JournaledState
  readonly #library: EVM
  readonly #common: Common
  readonly #handlers: readonly (Handler | undefined)[]
  readonly #standing: FastPrecompiles
  /** By the text of the address at which they are for now. */
  #precompiles: FastPrecompiles
  readonly #shapes: LibraryShapes
  readonly #frames: FastFrame[] = []
  readonly #views: HandlerView[] = []
  #blockHash: (number: bigint) => Hash | undefined = () => undefined
  /** Hashes that were asked for since `bind`: finding one costs far more than the instruction. */
  readonly #blockHashes = new Map<bigint, bigint>()
  #depth: number = -1
  #logs: EvmLogEntry[] = []
  #logsTransfers: boolean = false
  #refund: number = 0
  #failure: string = ''
  #message: FastMessage | undefined

  private constructor(library: EVM, shapes: LibraryShapes, state: JournaledState) {
    const { common } = library
    const instructions = readInstructions(library)
    this.fees = instructions.fees
    this.operands = instructions.operands
    this.#handlers = instructions.handlers
    this.prices = pricesOf(common)
    this.state = state
    this.#library = library
    this.#common = common
    this.#shapes = shapes
    this.#standing = new Map(
      [...library.precompiles].map(([hex, run]) => {
        const text = addressText(hex)
        return [text, { run, own: OWN_PRECOMPILES.get(text) }]
      }),
    )
    this.#precompiles = this.#standing
  }

  /**
   * @param library - set up for the chain; its state manager must be bound while this runs
   * @param state - any; `bind` sets the one to work on
   */
  static async create(library: EVM, state: JournaledState): Promise<FastEvm> {
    const { runState } = await library.runCode({ code: Uint8Array.of(0) })
    assert(runState !== undefined, 'the library shows the state of its interpreter')
    const shapes: LibraryShapes = {
      interpreter: Object.getPrototypeOf(runState.interpreter),
      stack: Object.getPrototypeOf(runState.stack),
      memory: Object.getPrototypeOf(runState.memory),
    }
    return new FastEvm(library, shapes, state)
  }

  /** @throws {EvmError} OL_EVM_OVERRIDE */
  bind(
    state: JournaledState,
    blockHash: (number: bigint) => Hash | undefined,
    {
      logsTransfers = false,
      precompileMoves = [],
    }: Pick<MachineBinding, 'logsTransfers' | 'precompileMoves'> = {},
  ): void {
    this.state = state
    this.#blockHash = blockHash
    this.#logsTransfers = logsTransfers
    this.#precompiles = movedPrecompiles(this.#standing, precompileMoves)
    this.#blockHashes.clear()
  }

  /** Whether a message can run here: gas has to be an exact number. */
  static takes(gas: bigint): boolean {
    return gas <= BigInt(FAST_GAS_MAX)
  }

  /**
   * Starts a message. The nonce of its caller is already that after it.
   *
   * @returns the result, if nothing has to run; otherwise `resume` runs it
   */
  start(message: FastMessage): FastResult | undefined {
    assert(this.#depth === -1, 'one message at a time')
    const { caller, to, input, value, gas } = message
    assert(gas >= 0 && gas <= FAST_GAS_MAX, 'gas is an exact number')
    this.#logs = []
    this.#refund = 0
    this.#message = message
    if (this.environment.length > 0) this.environment = []
    const entry = { caller, value, gas, input, isStatic: false }
    const outcome =
      to === undefined
        ? this.#create({ ...entry, salt: undefined })
        : this.#enter({ ...entry, to, codeOf: to, movesValue: true, isTransfer: true })
    return outcome === undefined ? undefined : this.#finish(outcome)
  }

  /** Runs on for about `budget` of gas, to the next jump or frame. @returns the result once the message has come to its end */
  resume(budget: number): FastResult | undefined {
    this.budget = budget
    for (;;) {
      const frame = this.#frames[this.#depth]
      assert(frame !== undefined, 'a frame runs')
      const exit = runFrame(this, frame)
      if (exit === PAUSED) return undefined
      if (exit !== CALLED) {
        const outcome = this.#leave(frame, exit)
        const parent = this.#frames[this.#depth]
        if (this.#depth === -1 || parent === undefined) return this.#finish(outcome)
        giveBack(parent, outcome)
      }
      this.budget -= FRAME_WORK
      if (this.budget < 0) return undefined
    }
  }

  /** Forgets a message that is not resumed. Its state is of no use any more. */
  abandon(): void {
    this.#depth = -1
    this.#message = undefined
  }

  #finish({ failure, output, gasLeft, made }: Outcome): FastResult {
    this.#message = undefined
    const refund = failure === undefined ? this.#refund : 0
    return { failure, output, gasLeft, refund, logs: this.#logs, created: made }
  }

  /** A call: moves the value and runs a precompile, nothing, or opens a frame. @returns what came of it if no frame runs */
  #enter(call: Call): Outcome | undefined {
    const { state } = this
    const { caller, to, codeOf, value, gas } = call
    state.checkpoint()
    const failure = call.movesValue ? this.#transfer(caller, to, value) : undefined
    if (failure !== undefined) {
      state.revert()
      return { failure, output: NOTHING, gasLeft: gas, made: undefined }
    }
    const precompile = this.#precompiles.get(codeOf.text)
    if (precompile?.run !== undefined)
      return this.#runPrecompile(precompile.run, precompile.own, call)
    const code = state.codeOf(codeOf)
    if (code.length === 0) {
      state.commit()
      if (call.isTransfer) this.#logTransfer(caller, to, value)
      return { failure, output: NOTHING, gasLeft: gas, made: undefined }
    }
    this.#open(analysed(code), to, call, false)
    if (call.isTransfer) this.#logTransfer(caller, to, value)
    return undefined
  }

  #transfer(from: AccountCell, to: AccountCell, value: bigint): string | undefined {
    const { state } = this
    // EIP-161: who moves nothing is touched all the same.
    state.touch(from)
    state.touch(to)
    if (value === 0n) return undefined
    if (from.balance < value) return ERROR.INSUFFICIENT_BALANCE
    state.setBalance(from, from.balance - value)
    if (to.balance + value > WORD_MAX) return ERROR.VALUE_OVERFLOW
    state.setBalance(to, to.balance + value)
    return undefined
  }

  /** Of a frame that opens it is the first log, and goes with the others if the frame fails. */
  #logTransfer(from: AccountCell, to: AccountCell, value: bigint): void {
    if (!this.#logsTransfers || value === 0n) return
    this.#logs.push(transferLog(from.address, to.address, value))
  }

  #runPrecompile(run: Precompile, own: StandingPrecompile['own'], call: Call): Outcome {
    const { input, gas } = call
    const result = own?.(input, gas) ?? this.#library['runPrecompile'](run, input, BigInt(gas))
    assert(!(result instanceof Promise), 'precompiles of this chain do not wait')
    const gasUsed = Number(result.executionGasUsed)
    this.budget -= gasUsed
    const gasLeft = gas - gasUsed
    const failure = result.exceptionError?.error
    if (failure === undefined) this.state.commit()
    else this.state.revert()
    if (failure === undefined && call.isTransfer) {
      this.#logTransfer(call.caller, call.to, call.value)
    }
    return { failure, output: result.returnValue, gasLeft, made: undefined }
  }

  /** The nonce of the creator is already that after it. @returns what came of it if no frame runs */
  #create(creation: Creation): Outcome | undefined {
    const { state } = this
    const { caller, value, gas, input, salt } = creation
    const nonce = (caller.record?.nonce ?? 0n) - 1n
    const made = state.cell(
      salt === undefined
        ? contractAddress(caller.address, nonce)
        : saltedAddress(caller.address, salt, input),
    )
    // It stays warm even if the creation fails.
    state.warm(made)
    const outcome = (failure: string | undefined, gasLeft: number): Outcome => {
      if (failure === undefined) state.commit()
      else state.revert()
      return { failure, output: NOTHING, gasLeft, made }
    }
    state.checkpoint()
    if (caller.balance < value) return outcome(ERROR.INSUFFICIENT_BALANCE, gas)
    if (made.record !== undefined && isTaken(made.record)) {
      return outcome(ERROR.CREATE_COLLISION, 0)
    }
    state.setBalance(caller, caller.balance - value)
    state.markCreated(made)
    state.clearSlotsOf(made)
    state.setNonce(made, 1n)
    if (made.balance + value > WORD_MAX) return outcome(ERROR.VALUE_OVERFLOW, gas)
    state.setBalance(made, made.balance + value)
    if (input.length === 0) {
      this.#logTransfer(caller, made, value)
      return outcome(undefined, gas)
    }
    this.#open(new EvmCode(input), made, { ...creation, input: NOTHING }, true)
    this.#logTransfer(caller, made, value)
    return undefined
  }

  #open(code: EvmCode, self: AccountCell, entry: Entry, isCreation: boolean): void {
    const { caller, value, input, isStatic, gas } = entry
    const start = { code, self, caller, value, input, isStatic, isCreation, gas }
    const depth = ++this.#depth
    let frame = this.#frames[depth]
    if (frame === undefined) {
      frame = new FastFrame(depth, start)
      this.#frames.push(frame)
    } else {
      frame.start(start)
    }
    frame.refundBefore = this.#refund
    frame.logsBefore = this.#logs.length
  }

  /** Closes a frame: keeps its changes or takes them back. */
  #leave(frame: FastFrame, exit: Exit): Outcome {
    this.#depth--
    let failure = exit === REVERTED ? ERROR.REVERT : exit === FAILED ? this.#failure : undefined
    let gasLeft = exit === FAILED ? 0 : frame.gas
    let output = exit === FAILED ? NOTHING : frame.output
    if (failure === undefined && frame.isCreation) {
      failure = this.#deposit(frame)
      gasLeft = failure === undefined ? frame.gas : 0
      if (failure !== undefined) output = NOTHING
    }
    if (failure === undefined) {
      this.state.commit()
    } else {
      this.state.revert()
      this.#logs.length = frame.logsBefore
      this.#refund = frame.refundBefore
    }
    return { failure, output, gasLeft, made: frame.isCreation ? frame.self : undefined }
  }

  /** Pays for the code that a creation returned, and keeps it. @returns why not */
  #deposit(frame: FastFrame): string | undefined {
    const { output: code, self } = frame
    const gas = frame.gas - code.length * this.prices.codeByte
    if (code.length > CODE_BYTES_MAX) return ERROR.CODESIZE_EXCEEDS_MAXIMUM
    if (gas < 0) return ERROR.OUT_OF_GAS
    if (code[0] === RESERVED_CODE) return ERROR.INVALID_BYTECODE_RESULT
    frame.gas = gas
    if (code.length > 0) this.state.setCodeOf(self, code)
    return undefined
  }

  // What the loop asks for.

  fail(reason: string): typeof FAILED {
    this.#failure = reason
    return FAILED
  }

  accessGas(cell: AccountCell): number {
    const { coldAccount, warmAccess } = this.prices
    // Precompiles are warm from the start.
    if (this.#precompiles.has(cell.text)) return warmAccess
    return this.state.warm(cell) ? coldAccount : warmAccess
  }

  codeAt(cell: AccountCell): Uint8Array {
    const code = this.state.codeOf(cell)
    return isReserved(code) ? RESERVED_FORMAT : code
  }

  codeHash(cell: AccountCell): bigint {
    const { record } = cell
    if (record === undefined || cell.empty) return 0n
    const { codeHash } = record
    if (isReserved(this.state.codeOf(cell))) return keccakWord(RESERVED_FORMAT)
    return bytesWord(codeHash)
  }

  blockHash(number: bigint): bigint {
    const distance = this.#block.header.number - number
    if (distance > BLOCK_HASHES || distance <= 0n) return 0n
    const known = this.#blockHashes.get(number)
    if (known !== undefined) return known
    const hash = this.#blockHash(number)
    assert(hash !== undefined, 'the last 256 blocks are known')
    const word = bytesWord(hash)
    this.#blockHashes.set(number, word)
    return word
  }

  /** SSTORE: EIP-2200 with the prices of EIP-2929 and the refunds of EIP-3529. */
  store(frame: FastFrame, gas: number): number {
    const { state, prices } = this
    const { stack, sp } = frame
    if (frame.isStatic) return this.#stop(ERROR.STATIC_STATE_CHANGE)
    if (gas <= prices.storeSentry) return this.#stop(ERROR.OUT_OF_GAS)
    const slot = state.slotCell(frame.self, stack[sp - 1] as bigint)
    const value = stack[sp - 2] as bigint
    const { current } = slot
    const original = state.originalOf(slot)
    let cost = state.warmSlot(slot) ? prices.coldSlot : 0
    if (value === current) {
      cost += prices.warmAccess
    } else if (current === original) {
      cost += original === 0n ? prices.storeSet : prices.storeReset
      if (original !== 0n && value === 0n) this.#refund += prices.storeClearRefund
    } else {
      cost += prices.warmAccess
      this.#refund += this.#dirtyRefund(original, current, value)
    }
    if (cost > gas) return this.#stop(ERROR.OUT_OF_GAS)
    state.setSlotCell(slot, value)
    return gas - cost
  }

  /** What changing a slot once more gives back, or takes back. */
  #dirtyRefund(original: bigint, current: bigint, value: bigint): number {
    const { storeSet, storeReset, storeClearRefund, warmAccess } = this.prices
    let refund = 0
    if (original !== 0n && current === 0n) refund -= storeClearRefund
    if (original !== 0n && value === 0n) refund += storeClearRefund
    if (value === original) refund += (original === 0n ? storeSet : storeReset) - warmAccess
    return refund
  }

  log(frame: FastFrame, count: number, gas: number): number {
    const { prices } = this
    const { stack } = frame
    if (frame.isStatic) return this.#stop(ERROR.STATIC_STATE_CHANGE)
    let { sp } = frame
    const offset = stack[--sp] as bigint
    const length = stack[--sp] as bigint
    frame.gas = gas
    const cost =
      frame.expand(offset, length) + prices.logTopic * count + prices.logByte * Number(length)
    if (!(cost <= gas)) return this.#stop(ERROR.OUT_OF_GAS)
    const topics: Uint8Array[] = []
    for (let i = 0; i < count; i++) topics.push(wordBytes(stack[--sp] as bigint))
    frame.sp = sp
    this.#logs.push({ address: frame.self.address, topics, data: frame.read(offset, length) })
    return gas - cost
  }

  /** SELFDESTRUCT with EIP-6780: the balance moves; the contract goes if this transaction made it. */
  selfDestruct(frame: FastFrame, gas: number): number {
    const { state, prices } = this
    const { self } = frame
    if (frame.isStatic) return this.#stop(ERROR.STATIC_STATE_CHANGE)
    const heir = state.cellAt(frame.stack[frame.sp - 1] as bigint)
    let cost = !this.#precompiles.has(heir.text) && state.warm(heir) ? prices.coldAccount : 0
    const { balance } = self
    if (balance > 0n && heir.empty) cost += prices.newAccount
    if (cost > gas) return this.#stop(ERROR.OUT_OF_GAS)
    state.markDestroyed(self)
    this.#logTransfer(self, heir, balance)
    if (heir !== self) {
      state.setBalance(heir, heir.balance + balance)
      state.touch(heir)
      state.setBalance(self, 0n)
    } else if (state.isCreated(self)) {
      state.setBalance(self, 0n)
    }
    return gas - cost
  }

  call(frame: FastFrame, op: number): Exit {
    const { state, prices } = this
    const { stack, self } = frame
    let { sp } = frame
    const requested = stack[--sp] as bigint
    const target = state.cellAt(stack[--sp] as bigint)
    const sendsValue = op === CALL || op === CALLCODE
    const value = sendsValue ? (stack[--sp] as bigint) : 0n
    const inputAt = stack[--sp] as bigint
    const inputSize = stack[--sp] as bigint
    const outputAt = stack[--sp] as bigint
    const outputSize = stack[--sp] as bigint
    if (op === CALL && frame.isStatic && value !== 0n) return this.fail(ERROR.STATIC_STATE_CHANGE)

    let cost = frame.expand(inputAt, inputSize)
    cost += frame.expand(outputAt, outputSize)
    cost += this.accessGas(target)
    if (value !== 0n) {
      cost += prices.callValue
      if (op === CALL && target.empty) cost += prices.newAccount
    }
    const left = frame.gas - cost
    if (!(left >= 0)) return this.fail(ERROR.OUT_OF_GAS)
    const allowed = left - Math.floor(left / KEPT_GAS_DIVISOR)
    let gas = requested > GAS_WORD_MAX ? allowed : Math.min(Number(requested), allowed)
    frame.gas = left
    if (value !== 0n) {
      frame.gas += prices.callStipend
      gas += prices.callStipend
    }
    frame.sp = sp
    frame.returned = NOTHING
    frame.outputAt = outputSize === 0n ? 0 : Number(outputAt)
    frame.outputSize = Number(outputSize)
    const isTooDeep = frame.depth >= DEPTH_MAX
    if (isTooDeep || self.balance < value) {
      stack[frame.sp++] = 0n
      return STOPPED
    }
    frame.gas -= gas
    const from = inputSize === 0n ? 0 : Number(inputAt)
    // The caller stands still while the callee runs, so its memory can be read in place.
    const input = frame.memory.subarray(from, from + Number(inputSize))
    const isDelegate = op === DELEGATECALL
    const outcome = this.#enter({
      caller: isDelegate ? frame.caller : self,
      to: op === CALL || op === STATICCALL ? target : self,
      codeOf: target,
      value: isDelegate ? frame.value : value,
      movesValue: !isDelegate,
      isTransfer: op === CALL,
      input,
      isStatic: frame.isStatic || op === STATICCALL,
      gas,
    })
    if (outcome === undefined) return CALLED
    giveBack(frame, outcome)
    return STOPPED
  }

  create(frame: FastFrame, op: number): Exit {
    const { state, prices } = this
    const { stack, self } = frame
    let { sp } = frame
    const value = stack[--sp] as bigint
    const offset = stack[--sp] as bigint
    const length = stack[--sp] as bigint
    const salt = op === CREATE2 ? wordBytes(stack[--sp] as bigint) : undefined
    if (frame.isStatic) return this.fail(ERROR.STATIC_STATE_CHANGE)

    const words = Math.ceil(Number(length) / 32)
    const perWord = prices.initCodeWord + (salt === undefined ? 0 : prices.hashWord)
    const left = frame.gas - frame.expand(offset, length) - words * perWord
    if (!(left >= 0)) return this.fail(ERROR.OUT_OF_GAS)
    if (length > BigInt(INIT_CODE_BYTES_MAX)) return this.fail(ERROR.INITCODE_SIZE_VIOLATION)
    const gas = left - Math.floor(left / KEPT_GAS_DIVISOR)
    frame.gas = left
    frame.sp = sp
    frame.outputAt = 0
    frame.outputSize = 0
    const input = frame.read(offset, length)
    const refuse = (): Exit => {
      stack[frame.sp++] = 0n
      return STOPPED
    }
    // As the library does, which knows the format that never came.
    if (isReserved(input)) return refuse()
    frame.returned = NOTHING
    const nonce = self.record?.nonce ?? 0n
    if (frame.depth >= DEPTH_MAX || self.balance < value || nonce >= NONCE_MAX) return refuse()

    state.setNonce(self, nonce + 1n)
    frame.gas -= gas
    const outcome = this.#create({ caller: self, value, input, isStatic: false, gas, salt })
    if (outcome === undefined) return CALLED
    giveBack(frame, outcome)
    return STOPPED
  }

  runHandler(frame: FastFrame, op: number): string | undefined {
    const handler = this.#handlers[op]
    if (handler === undefined) return ERROR.INVALID_OPCODE
    const view = this.#viewOf(frame)
    view.update(frame, op)
    try {
      handler(view.runState, this.#common)
    } catch (error) {
      if (error instanceof EVMError) return error.error
      throw error
    }
    frame.sp = view.stack._len
    return undefined
  }

  #stop(reason: string): number {
    this.#failure = reason
    return -1
  }

  get #block(): LibraryBlock {
    assert(this.#message !== undefined, 'a message runs')
    return this.#message.block
  }

  #viewOf(frame: FastFrame): HandlerView {
    let view = this.#views[frame.depth]
    if (view === undefined) {
      view = new HandlerView(this.#shapes, this.#library, frame)
      this.#views[frame.depth] = view
    }
    assert(this.#message !== undefined, 'a message runs')
    view.show(frame, this.#message)
    return view
  }
}

/** The result of a message on the stack, in the memory and in the gas of its caller. */
function giveBack(frame: FastFrame, { failure, output, gasLeft, made }: Outcome): void {
  const { stack } = frame
  frame.gas += gasLeft
  if (made !== undefined) {
    frame.returned = failure === ERROR.REVERT ? output : NOTHING
    stack[frame.sp++] = failure === undefined ? made.word : 0n
    return
  }
  if (failure === undefined || failure === ERROR.REVERT) {
    frame.returned = output
    const size = Math.min(output.length, frame.outputSize)
    if (size > 0) frame.memory.set(output.subarray(0, size), frame.outputAt)
  }
  stack[frame.sp++] = failure === undefined ? 1n : 0n
}

/** EIP-684, EIP-7610: an address that has been used is not used again. */
function isTaken({ nonce, codeHash, storageRoot }: AccountRecord): boolean {
  return (
    nonce > 0n ||
    !equalBytes(codeHash, EMPTY_CODE_HASH) ||
    !equalBytes(storageRoot, EMPTY_TRIE_ROOT)
  )
}

function isReserved(code: Uint8Array): boolean {
  return code[0] === RESERVED_CODE && code[1] === 0
}

/** Map key of the address in the library's hex. */
function addressText(hex: string): string {
  return Buffer.from(hex, 'hex').toString('latin1')
}
