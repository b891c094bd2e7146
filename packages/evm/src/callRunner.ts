import type { ExchangeReader, Hash, L1Precompile } from '@openliquid/primitives'
import { NO_ACCOUNT } from './account.ts'
import { createMachine } from './engines.ts'
import type { EvmCallRequest, EvmCallResult, EvmGasEstimate } from './evmView.ts'
import { intrinsicGas } from './gas.ts'
import { JournaledState } from './journaledState.ts'
import { CALL_GAS_MAX, IDLE_MACHINES_MAX } from './limits.ts'
import {
  type BlockEnvironment,
  type EvmMessage,
  type Execution,
  type Machine,
  type MachineOptions,
  REVERTED,
} from './machine.ts'
import type { StateReader } from './stateReader.ts'

/** The state that a call runs on: it stays the same while the chain goes on. */
export interface CallScene {
  readonly state: StateReader
  readonly exchange: ExchangeReader | undefined
  /** Base fee as if the call paid one. */
  readonly environment: BlockEnvironment
  blockHash(number: bigint): Hash | undefined
}

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
  readonly #idle: Machine[] = []

  constructor(chainId: bigint, precompiles: readonly L1Precompile[]) {
    this.#machineOptions = { chainId, precompiles, pause: letOthersRun }
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

  async #run(
    request: EvmCallRequest,
    gas: bigint,
    scene: CallScene,
  ): Promise<Execution | Extract<EvmCallResult, { status: 'refused' }>> {
    const message = toMessage(request, gas)
    const required = intrinsicGas(message)
    if (gas < required) {
      const reason = `intrinsic gas too low: have ${gas}, want ${required}`
      return { status: 'refused', code: 'OL_EVM_CALL_GAS', reason }
    }
    const state = new JournaledState(scene.state)
    const sender = state.account(message.from) ?? NO_ACCOUNT
    const cost = gas * message.gasPrice
    if (sender.balance < cost + message.value) {
      const reason = 'insufficient funds for gas * price + value'
      return { status: 'refused', code: 'OL_EVM_CALL_FUNDS', reason }
    }
    if (cost > 0n) {
      const { nonce, balance, codeHash } = sender
      state.setAccount(message.from, { nonce, codeHash, balance: balance - cost })
    }
    const machine = this.#idle.pop() ?? (await createMachine('fast', this.#machineOptions))
    machine.bind({ state, exchange: scene.exchange, blockHash: scene.blockHash })
    // As Ethereum clients do: a call without a price sees no base fee.
    const baseFeePerGas = message.gasPrice === 0n ? 0n : scene.environment.baseFeePerGas
    const execution = await machine.runMessage(message, { ...scene.environment, baseFeePerGas })
    machine.release()
    // A machine whose run threw is in an unknown state and is not used again.
    if (this.#idle.length < IDLE_MACHINES_MAX) this.#idle.push(machine)
    return execution
  }
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

/** A long call shares the thread with voting: between two pieces of it whatever has come in is handled. */
function letOthersRun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
