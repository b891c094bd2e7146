import {
  type ExchangeReader,
  equalBytes,
  type Hash,
  type L1Precompile,
} from '@openliquid/primitives'
import { NO_ACCOUNT } from './account.ts'
import type { BlockTracer } from './blockTracer.ts'
import { overrideEnvironment, overrideState } from './callOverrides.ts'
import { type CallPace, CallQueue, type CallRefusal } from './callQueue.ts'
import { EvmError } from './errors.ts'
import type { AccessListEntry } from './evmTransaction.ts'
import type {
  EvmAccessListResult,
  EvmCallRequest,
  EvmCallResult,
  EvmGasEstimate,
  EvmSimulatedBlock,
  EvmSimulation,
  EvmSimulationOptions,
} from './evmView.ts'
import { FastMachine } from './fastMachine.ts'
import { intrinsicGas } from './gas.ts'
import { JournaledState } from './journaledState.ts'
import { ACCESS_LIST_RUNS_MAX, CALL_GAS_MAX, IDLE_MACHINES_MAX } from './limits.ts'
import {
  type BlockEnvironment,
  type EvmMessage,
  type Execution,
  type MachineBinding,
  type MachineOptions,
  MessageStopped,
  REVERTED,
} from './machine.ts'
import type { PrecompileCalls } from './precompileCalls.ts'
import { precompileMovesOf } from './precompileMoves.ts'
import { Simulation, type SimulationParts } from './simulation.ts'
import type { StateSource } from './stateReader.ts'
import type { EvmTrace } from './traceTypes.ts'
import { wordBytes } from './word.ts'

/** The state that a call runs on: it stays the same while the chain goes on. */
export interface CallScene {
  readonly state: StateSource
  readonly exchange: ExchangeReader | undefined
  /** Answers of precompiles, in a past state. */
  readonly replay?: PrecompileCalls | undefined
  /** Base fee as if the call paid one. */
  readonly environment: BlockEnvironment
  blockHash(number: bigint): Hash | undefined
}

/** What simulated blocks follow and see. */
export type SimulationScene = Pick<SimulationParts, 'base' | 'lane' | 'scene'>

const NOBODY = new Uint8Array(20)
const NOTHING = new Uint8Array(0)

/** Gas that a plain call with value hands on for free; an estimate leaves room for it. */
const CALL_STIPEND = 2_300n
/** An estimate is good when it is at most this far, in thousandths, above the least gas that works. */
const ESTIMATE_ERROR_MILLI = 15n

/**
 * Runs messages that nobody signed: eth_call and eth_estimateGas.
 *
 * Each run has a machine and a state of its own, and the state is thrown away.
 *
 * @see docs/spec/evm.md §8
 */
export class CallRunner {
  readonly #machineOptions: MachineOptions
  readonly #queue: CallQueue
  readonly #idle: FastMachine[] = []

  constructor(chainId: bigint, precompiles: readonly L1Precompile[], pace: CallPace | undefined) {
    this.#queue = new CallQueue(pace)
    this.#machineOptions = { chainId, precompiles, pause: () => this.#queue.turn() }
  }

  /** Does other work of clients in line with the messages. */
  inLine<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T | CallRefusal> {
    return this.#queue.run(work, signal)
  }

  /** Resolves in a later turn of the event loop that no message has. */
  turn(): Promise<void> {
    return this.#queue.turn()
  }

  async call(request: EvmCallRequest, scene: CallScene): Promise<EvmCallResult> {
    const gas = boundedGas(request.gas)
    const outcome = await this.#run(request, gas, scene)
    return 'status' in outcome ? outcome : toResult(outcome)
  }

  /** Runs at the cap, at what that used, and then halves the distance between what fails and what works. */
  async estimateGas(request: EvmCallRequest, scene: CallScene): Promise<EvmGasEstimate> {
    const cap = affordableGas(request, scene)
    const outcome = await this.#run(request, cap, scene)
    if ('status' in outcome) return outcome
    const first = toResult(outcome)
    if (first.status !== 'success') return first

    // What was used at the peak is the least there can be, and enough unless frames below keep gas back.
    const { gasPeak } = outcome
    if (gasPeak >= cap) return { status: 'success', gas: cap }
    if (await this.#works(request, gasPeak, scene)) return { status: 'success', gas: gasPeak }
    let fails = gasPeak
    let works = cap
    // Frames keep back a 64th of the gas, so this much nearly always works.
    const likely = ((gasPeak + CALL_STIPEND) * 64n) / 63n
    if (likely < works) {
      if (await this.#works(request, likely, scene)) works = likely
      else fails = likely
    }
    while (fails + 1n < works && (works - fails) * 1_000n > works * ESTIMATE_ERROR_MILLI) {
      const middle = (fails + works) / 2n
      // Usually the answer is near the lower end.
      const tried = middle > fails * 2n ? fails * 2n : middle
      if (await this.#works(request, tried, scene)) works = tried
      else fails = tried
    }
    return { status: 'success', gas: works }
  }

  async #works(request: EvmCallRequest, gas: bigint, scene: CallScene): Promise<boolean> {
    const outcome = await this.#run(request, gas, scene)
    return !('status' in outcome) && outcome.failure === undefined
  }

  /** Runs at the cap until the list names all that the run with it reaches. */
  async createAccessList(request: EvmCallRequest, scene: CallScene): Promise<EvmAccessListResult> {
    const gas = boundedGas(request.gas)
    let accessList = request.accessList ?? []
    for (let run = 1; ; run++) {
      const state = new JournaledState(scene.state)
      const outcome = await this.#run({ ...request, accessList }, gas, scene, state)
      const result = 'status' in outcome ? outcome : toResult(outcome)
      const reached = 'status' in outcome ? accessList : reachedBy(request, scene, state)
      const isSame = sizeOf(reached) === sizeOf(accessList)
      if (isSame || run >= ACCESS_LIST_RUNS_MAX) return { accessList: reached, result }
      accessList = reached
    }
  }

  /** Makes blocks that are thrown away. @throws {EvmError} OL_EVM_SIMULATION, OL_EVM_OVERRIDE, OL_EVM_HISTORY, OL_EVM_PROOF */
  simulate(
    blocks: readonly EvmSimulatedBlock[],
    options: EvmSimulationOptions,
    scene: SimulationScene,
  ): Promise<EvmSimulation> {
    const { chainId } = this.#machineOptions
    const simulation = new Simulation({
      ...scene,
      chainId,
      options,
      run: (transaction, environment, binding) =>
        this.#onMachine(binding, (machine) => machine.replayTransaction(transaction, environment)),
      toResult,
    })
    return simulation.run(blocks)
  }

  /** Traces a run on a state that is thrown away. Refusals are traced as nothing. @throws {EvmError} OL_EVM_TRACE */
  async trace(
    request: EvmCallRequest,
    {
      state,
      environment,
      binding,
      tracer,
    }: {
      readonly state: JournaledState
      readonly environment: BlockEnvironment
      readonly binding: Omit<MachineBinding, 'state'>
      readonly tracer: BlockTracer
    },
  ): Promise<EvmTrace> {
    const gas = boundedGas(request.gas)
    const message = toMessage(request, gas)
    const required = intrinsicGas(message)
    if (request.stateOverrides?.some(({ movePrecompileTo }) => movePrecompileTo !== undefined)) {
      const reason = 'precompiles are not moved for a trace'
      throw new EvmError(reason, { code: 'OL_EVM_OVERRIDE', reason })
    }
    overrideState(state, request.stateOverrides)
    const balance = state.account(message.from)?.balance ?? 0n
    if (gas < required || balance < gas * message.gasPrice + message.value) {
      const reason = 'the call cannot run: not enough gas or funds'
      throw new EvmError(`nothing to trace: ${reason}`, { code: 'OL_EVM_TRACE', reason })
    }
    const overridden = overrideEnvironment(environment, request.blockOverrides)
    const isFree = message.gasPrice === 0n && request.blockOverrides?.baseFeePerGas === undefined
    const scene = isFree ? { ...overridden, baseFeePerGas: 0n } : overridden
    return tracer.traceRun((machine) => machine.runMessage(message, scene), {
      state,
      gas,
      scene: binding,
    })
  }

  async #run(
    request: EvmCallRequest,
    gas: bigint,
    scene: CallScene,
    state: JournaledState = new JournaledState(scene.state),
  ): Promise<Execution | Refused> {
    const message = toMessage(request, gas)
    const required = intrinsicGas(message)
    if (gas < required) {
      const reason = `intrinsic gas too low: have ${gas}, want ${required}`
      return { status: 'refused', code: 'OL_EVM_CALL_GAS', reason }
    }
    overrideState(state, request.stateOverrides)
    const overridden = overrideEnvironment(scene.environment, request.blockOverrides)
    const sender = state.account(message.from) ?? NO_ACCOUNT
    const cost = gas * message.gasPrice
    if (sender.balance < cost + message.value) {
      const reason = 'insufficient funds for gas * price + value'
      return { status: 'refused', code: 'OL_EVM_CALL_FUNDS', reason }
    }
    const payer = state.cell(message.from)
    if (cost > 0n) state.setBalance(payer, sender.balance - cost)
    const { exchange, replay, blockHash } = scene
    const precompileMoves = precompileMovesOf(request.stateOverrides)
    // As Ethereum clients do: a call without a price sees no base fee, unless it asks for one.
    const isFree = message.gasPrice === 0n && request.blockOverrides?.baseFeePerGas === undefined
    const environment = isFree ? { ...overridden, baseFeePerGas: 0n } : overridden
    const outcome = await this.#onMachine(
      { state, exchange, replay, blockHash, signal: request.signal, precompileMoves },
      (machine) => machine.runMessage(message, environment),
    )
    if ('status' in outcome) return outcome
    const unused = (gas - outcome.gasUsed) * message.gasPrice
    if (unused > 0n) state.setBalance(payer, payer.balance + unused)
    return outcome
  }

  /** Runs something in line with the messages of others. */
  async #onMachine(
    binding: MachineBinding,
    run: (machine: FastMachine) => Promise<Execution>,
  ): Promise<Execution | Refused> {
    const runBound = async (): Promise<Execution> => {
      const machine = this.#idle.pop() ?? (await FastMachine.create(this.#machineOptions))
      machine.bind(binding)
      const execution = await run(machine)
      machine.release()
      // A machine whose run threw is in an unknown state and is not used again.
      if (this.#idle.length < IDLE_MACHINES_MAX) this.#idle.push(machine)
      return execution
    }
    try {
      const execution = await this.#queue.run(runBound, binding.signal)
      if (execution === 'full') {
        return { status: 'refused', code: 'OL_EVM_CALL_FULL', reason: 'too many calls at a time' }
      }
      return execution === 'stopped' ? OUT_OF_TIME : execution
    } catch (error) {
      if (error instanceof MessageStopped) return OUT_OF_TIME
      throw error
    }
  }
}

const OUT_OF_TIME: Refused = {
  status: 'refused',
  code: 'OL_EVM_CALL_TIME',
  reason: 'execution timeout',
}

type Refused = Extract<EvmCallResult, { status: 'refused' }>

/** What a run made warm, but for what always is: sender, callee and coinbase without slots, and precompiles. */
function reachedBy(
  request: EvmCallRequest,
  { environment }: CallScene,
  state: JournaledState,
): AccessListEntry[] {
  const { from = NOBODY, to } = request
  const free = [from, to, environment.coinbase ?? NOBODY]
  return state.warmed().flatMap(({ cell, slots }) => {
    const isFree = free.some(
      (address) => address !== undefined && equalBytes(address, cell.address),
    )
    if (isFree && slots.length === 0) return []
    return [{ address: cell.address, storageKeys: slots.map(wordBytes) }]
  })
}

function sizeOf(list: readonly AccessListEntry[]): string {
  return `${list.length}/${list.reduce((sum, { storageKeys }) => sum + storageKeys.length, 0)}`
}

function toMessage(request: EvmCallRequest, gas: bigint): EvmMessage {
  const { from = NOBODY, to, data = NOTHING, value = 0n, gasPrice = 0n, accessList = [] } = request
  return { from, to, data, value, gas, gasPrice, accessList }
}

function boundedGas(gas: bigint | undefined): bigint {
  return gas === undefined || gas > CALL_GAS_MAX ? CALL_GAS_MAX : gas
}

/** The most gas that the sender can pay for, up to what was asked for or a block has. */
function affordableGas(request: EvmCallRequest, { state, environment }: CallScene): bigint {
  const { gasPrice = 0n, value = 0n } = request
  const gas = boundedGas(request.gas ?? environment.gasLimit)
  if (gasPrice === 0n) return gas
  const balance = state.account(request.from ?? NOBODY)?.balance ?? 0n
  const affordable = balance > value ? (balance - value) / gasPrice : 0n
  return affordable < gas ? affordable : gas
}

function toResult(execution: Execution): Exclude<EvmCallResult, { status: 'refused' }> {
  const { failure, output, gasUsed, createdAddress } = execution
  if (failure === REVERTED) return { status: 'reverted', output, gasUsed }
  if (failure !== undefined) return { status: 'failed', reason: failure, gasUsed }
  const created = createdAddress === undefined ? {} : { createdAddress }
  return { status: 'success', output, gasUsed, ...created }
}
