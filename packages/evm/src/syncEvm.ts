import {
  EVM,
  EVMError,
  type EVMOpts,
  type ExecResult,
  type Log,
  type Message,
} from '@ethereumjs/evm'
import { Account } from '@ethereumjs/util'
import { assert, bytesToUint } from '@openliquid/primitives'
import type { StateAdapter } from './stateAdapter.ts'
import { type RunState, SLOAD, type SyncGas, syncGasRules, wordBytes } from './syncGas.ts'

type Interpreter = RunState['interpreter']
type Environment = RunState['env']

/** The library does not export its interpreter class; an instance shows it. */
type InterpreterClass = new (
  evm: EVM,
  stateManager: EVM['stateManager'],
  blockchain: EVM['blockchain'],
  environment: Environment,
  gasLeft: bigint,
  journal: EVM['journal'],
  performanceLogger: unknown,
) => Interpreter

/** Where code may jump to and what it pushes: the same for every frame that runs it. */
type Analysis = Pick<RunState, 'validJumps' | 'cachedPushes'>

export interface SyncEvmOptions extends EVMOpts {
  readonly adapter: StateAdapter
  /** Called each time that `stepsPerPause` instructions have run, and waited for. */
  readonly pause: (() => Promise<void>) | undefined
}

/** Instructions between pauses: a few milliseconds. */
const STEPS_PER_PAUSE = 32_768

/**
 * The library's EVM with a loop of our own over its instruction handlers: it waits only for handlers that make it wait,
 * and finds the jump destinations of a contract once.
 *
 * @see docs/spec/evm.md §5
 */
export class SyncEvm extends EVM {
  readonly #adapter: StateAdapter
  readonly #pause: (() => Promise<void>) | undefined
  readonly #analyses = new WeakMap<Uint8Array, Analysis>()
  #rules: ReadonlyMap<number, SyncGas> = new Map()
  #Interpreter: InterpreterClass | undefined
  #steps: number = 0

  private constructor({ adapter, pause, ...options }: SyncEvmOptions) {
    super(options)
    this.#adapter = adapter
    this.#pause = pause
  }

  /** The adapter must be bound to some state while this runs. */
  static async create(options: SyncEvmOptions): Promise<SyncEvm> {
    const evm = new SyncEvm(options)
    const stock = new EVM(options)
    const { runState } = await stock.runCode({ code: Uint8Array.of(0) })
    assert(runState !== undefined, 'the library shows the state of its interpreter')
    const found: unknown = Object.getPrototypeOf(runState.interpreter).constructor
    assert(typeof found === 'function', 'the library makes its interpreter by a class')
    evm.#Interpreter = found as InterpreterClass
    evm.#rules = syncGasRules(evm.common)
    return evm
  }

  protected override async runInterpreter(
    message: Message,
    options: { readonly initialLogs?: Log[] } = {},
  ): Promise<ExecResult> {
    const interpreter = await this.#interpreterFor(message, options.initialLogs)
    const state = interpreter['_runState']
    const exceptionError = await this.#loop(interpreter, state, this.#codeOf(message))
    const failed = exceptionError !== undefined
    const reverted = exceptionError?.error === EVMError.errorMessages.REVERT
    const { returnValue, ...result } = interpreter._result
    const kept = failed
      ? { ...result, logs: [], selfdestruct: new Map(), createdAddresses: new Set<`0x${string}`>() }
      : result
    return {
      ...kept,
      // Whatever stops a frame but a revert takes all its gas.
      executionGasUsed: failed && !reverted ? message.gasLimit : message.gasLimit - state.gasLeft,
      gas: state.gasLeft,
      gasRefund: state.gasRefund,
      returnValue: returnValue ?? new Uint8Array(0),
      ...(failed ? { exceptionError } : {}),
    }
  }

  async #interpreterFor(message: Message, initialLogs: Log[] | undefined): Promise<Interpreter> {
    const { to, caller } = message
    assert(to !== undefined && this.#Interpreter !== undefined, 'a frame runs at an address')
    assert(this._tx !== undefined && this._block !== undefined, 'a frame is part of a message')
    const environment: Environment = {
      address: to,
      caller,
      callData: message.data,
      callValue: message.value,
      code: this.#codeOf(message),
      isStatic: message.isStatic,
      isCreate: message.isCreate ?? false,
      depth: message.depth,
      gasPrice: this._tx.gasPrice,
      origin: this._tx.origin,
      block: this._block,
      contract: (await this.stateManager.getAccount(to)) ?? new Account(),
      codeAddress: message.codeAddress,
      gasRefund: message.gasRefund,
      blobVersionedHashes: message.blobVersionedHashes ?? [],
      ...(message.createdAddresses === undefined
        ? {}
        : { createdAddresses: message.createdAddresses }),
      ...(initialLogs === undefined ? {} : { initialLogs }),
    }
    const interpreter = new this.#Interpreter(
      this,
      this.stateManager,
      this.blockchain,
      environment,
      message.gasLimit,
      this.journal,
      this.performanceLogger,
    )
    if (message.selfdestruct !== undefined) interpreter._result.selfdestruct = message.selfdestruct
    if (message.createdAddresses !== undefined) {
      interpreter._result.createdAddresses = message.createdAddresses
    }
    return interpreter
  }

  #codeOf({ code }: Message): Uint8Array {
    assert(code instanceof Uint8Array, 'a frame of the interpreter has code')
    return code
  }

  /** @returns what stopped the frame, unless it stopped by itself */
  async #loop(
    interpreter: Interpreter,
    state: RunState,
    code: Uint8Array,
  ): Promise<EVMError | undefined> {
    const { common } = this
    const opcodes = this._opcodeMap
    const analysis = this.#analyse(interpreter, code)
    state.code = code
    state.validJumps = analysis.validJumps
    state.cachedPushes = analysis.cachedPushes
    state.shouldDoJumpAnalysis = false
    try {
      while (state.programCounter < code.length) {
        const opcode = code[state.programCounter] as number
        const entry = opcodes[opcode]
        assert(entry !== undefined, 'every byte is an instruction, if an invalid one')
        const { opcodeInfo } = entry
        state.opCode = opcode
        let gas = opcodeInfo.feeBigInt
        if (opcodeInfo.dynamicGas) {
          const rule = this.#rules.get(opcode)
          gas = rule === undefined ? await entry.gasHandler(state, gas, common) : rule(state, gas)
        }
        if (opcodeInfo.isInvalid) throw new EVMError(EVMError.errorMessages.INVALID_OPCODE)
        interpreter.useGas(gas, opcodeInfo)
        state.programCounter++
        if (opcode === SLOAD) this.#load(interpreter, state)
        else if (opcodeInfo.isAsync) await entry.opHandler(state, common)
        else void entry.opHandler(state, common)
        if (++this.#steps >= STEPS_PER_PAUSE) {
          this.#steps = 0
          if (this.#pause !== undefined) await this.#pause()
        }
      }
    } catch (error) {
      if (!isEvmError(error)) throw error
      return error.error === EVMError.errorMessages.STOP ? undefined : error
    }
    return undefined
  }

  #load(interpreter: Interpreter, state: RunState): void {
    const slot = wordBytes(state.stack.pop())
    const value = this.#adapter.state.slot(interpreter.getAddress().bytes, slot)
    state.stack.push(bytesToUint(value))
  }

  #analyse(interpreter: Interpreter, code: Uint8Array): Analysis {
    const known = this.#analyses.get(code)
    if (known !== undefined) return known
    const { jumps, pushes } = interpreter._getValidJumpDestinations(code)
    const analysis = { validJumps: jumps, cachedPushes: pushes }
    this.#analyses.set(code, analysis)
    return analysis
  }
}

function isEvmError(error: unknown): error is EVMError {
  return error instanceof EVMError
}
