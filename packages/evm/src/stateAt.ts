import { type Address, assert } from '@openliquid/primitives'
import type { CallRunner, CallScene, SimulationScene } from './callRunner.ts'
import type {
  EvmAccessListResult,
  EvmCallRequest,
  EvmCallResult,
  EvmGasEstimate,
  EvmSimulatedBlock,
  EvmSimulation,
  EvmSimulationOptions,
  EvmStateView,
} from './evmView.ts'
import type { StateReader } from './stateReader.ts'

/** One state for readers: accounts, slots, and calls on top of it. */
export class StateAt implements EvmStateView {
  readonly number: bigint
  readonly #state: StateReader
  readonly #calls: CallRunner
  readonly #scene: (lane: number | undefined) => CallScene
  readonly #simulationScene: () => SimulationScene

  constructor(
    state: StateReader,
    {
      number,
      calls,
      scene,
      simulationScene,
    }: {
      readonly number: bigint
      readonly calls: CallRunner
      /** On this very state. */
      readonly scene: (lane: number | undefined) => CallScene
      readonly simulationScene: () => SimulationScene
    },
  ) {
    this.number = number
    this.#state = state
    this.#calls = calls
    this.#scene = scene
    this.#simulationScene = simulationScene
  }

  getBalance(address: Address): bigint {
    return this.#state.account(address)?.balance ?? 0n
  }

  getNonce(address: Address): bigint {
    return this.#state.account(address)?.nonce ?? 0n
  }

  getCode(address: Address): Uint8Array {
    const account = this.#state.account(address)
    return account === undefined ? new Uint8Array(0) : this.#state.code(account.codeHash)
  }

  getStorage(address: Address, slot: Uint8Array): Uint8Array {
    assert(slot.length === 32, 'a slot has 32 bytes')
    const account = this.#state.account(address)
    const word = new Uint8Array(32)
    if (account === undefined) return word
    const value = this.#state.slot(address, account.incarnation, slot)
    word.set(value, 32 - value.length)
    return word
  }

  call(request: EvmCallRequest): Promise<EvmCallResult> {
    return this.#calls.call(request, this.#scene(request.lane))
  }

  estimateGas(request: EvmCallRequest): Promise<EvmGasEstimate> {
    return this.#calls.estimateGas(request, this.#scene(request.lane))
  }

  createAccessList(request: EvmCallRequest): Promise<EvmAccessListResult> {
    return this.#calls.createAccessList(request, this.#scene(request.lane))
  }

  async simulate(
    blocks: readonly EvmSimulatedBlock[],
    options: EvmSimulationOptions = {},
  ): Promise<EvmSimulation> {
    return this.#calls.simulate(blocks, options, this.#simulationScene())
  }
}
