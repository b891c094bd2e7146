import { type Address, assert, bytesToHex, type Hash } from '@openliquid/primitives'
import type { EvmTransaction } from './evmTransaction.ts'
import { FastMachine } from './fastMachine.ts'
import { JournaledState } from './journaledState.ts'
import { TRACE_GAS_PER_TURN } from './limits.ts'
import {
  type BlockEnvironment,
  type Execution,
  type Machine,
  type MachineBinding,
  type MachineOptions,
  MessageStopped,
  type Refusal,
} from './machine.ts'
import { ReferenceMachine } from './referenceMachine.ts'
import type { StateSource } from './stateReader.ts'
import { CallTracer, countSelectors, diffOf, prestateOf, StructTracer } from './tracers.ts'
import type { EvmTrace, EvmTraceOptions } from './traceTypes.ts'

/** What a block needs to be run again. */
export interface TraceScene extends Omit<MachineBinding, 'state'> {
  /** The state before. */
  readonly state: StateSource
  readonly environment: BlockEnvironment
}

/** Runs on a bound machine what is traced. */
type Run = (machine: Machine) => Promise<Execution | Refusal> | Execution

/**
 * Runs transactions again, each traced in a layer of its own over the state that those before it left.
 *
 * Tracers that watch messages or instructions use the reference engine, which has listeners; the others and the state
 * that goes on from transaction to transaction use the engine `fast`.
 *
 * @see docs/spec/evm.md §11
 */
export class BlockTracer {
  readonly #fast: FastMachine
  readonly #reference: ReferenceMachine
  readonly #options: EvmTraceOptions
  readonly #pause: () => Promise<void>

  private constructor(parts: {
    readonly fast: FastMachine
    readonly reference: ReferenceMachine
    readonly options: EvmTraceOptions
    readonly pause: () => Promise<void>
  }) {
    this.#fast = parts.fast
    this.#reference = parts.reference
    this.#options = parts.options
    this.#pause = parts.pause
  }

  /** @param machineOptions - `pause` is where others have their turn */
  static async create(
    machineOptions: MachineOptions & { readonly pause: () => Promise<void> },
    options: EvmTraceOptions,
  ): Promise<BlockTracer> {
    const fast = await FastMachine.create(machineOptions)
    const reference = await ReferenceMachine.create(machineOptions)
    return new BlockTracer({ fast, reference, options, pause: machineOptions.pause })
  }

  /**
   * @param only - the one transaction to trace; all if absent
   */
  async traceBlock(
    { state: source, environment, ...scene }: TraceScene,
    block: {
      readonly system: readonly EvmTransaction[]
      readonly transactions: readonly EvmTransaction[]
      readonly only?: number
    },
  ): Promise<EvmTrace[]> {
    const state = new JournaledState(source)
    const advance = (transactions: readonly EvmTransaction[]): Promise<void> =>
      this.replay(state, { ...scene, environment }, { system: [], transactions })
    await this.replay(state, { ...scene, environment }, { ...block, transactions: [] })
    const traces: EvmTrace[] = []
    for (const [index, transaction] of block.transactions.entries()) {
      if (block.only === undefined || block.only === index) {
        const run: Run = (machine) =>
          machine === this.#fast
            ? this.#fast.replayTransaction(transaction, environment)
            : machine.runTransaction(transaction, environment)
        traces.push(await this.#trace(run, { state, scene, transaction }))
      }
      if (block.only === index) break
      await advance([transaction])
    }
    return traces
  }

  /** Runs transactions of a block again on a state, untraced. */
  async replay(
    state: JournaledState,
    { environment, ...scene }: Omit<TraceScene, 'state'>,
    block: {
      readonly system: readonly EvmTransaction[]
      readonly transactions: readonly EvmTransaction[]
    },
  ): Promise<void> {
    const { signal } = this.#options
    this.#fast.bind({ ...scene, state, signal })
    for (const transaction of block.system) {
      this.#fast.runSystemTransaction(transaction, { ...environment, baseFeePerGas: 0n })
    }
    for (const transaction of block.transactions) {
      this.#fast.bind({ ...scene, state, signal })
      await this.#fast.replayTransaction(transaction, environment)
      await this.#pause()
    }
  }

  /** @param gas - of the message, with its intrinsic gas */
  traceRun(
    run: Run,
    {
      state,
      gas,
      scene,
    }: {
      readonly state: JournaledState
      readonly gas: bigint
      readonly scene: Omit<MachineBinding, 'state'>
    },
  ): Promise<EvmTrace> {
    return this.#trace(run, { state, scene, gas })
  }

  async #trace(
    run: Run,
    traced: {
      readonly state: JournaledState
      readonly scene: Omit<MachineBinding, 'state'>
      readonly transaction?: EvmTransaction
      readonly gas?: bigint
    },
  ): Promise<EvmTrace> {
    const { state, scene, transaction } = traced
    const gas = transaction?.gasLimit ?? traced.gas ?? 0n
    const transactionHash: Hash | undefined = transaction?.hash
    const layer = new JournaledState(state.asSource())
    const options = this.#options
    const { events } = this.#reference
    const execute = async (machine: Machine): Promise<Execution> => {
      machine.bind({ ...scene, state: layer, signal: options.signal })
      if (machine === this.#reference) this.#giveWay()
      const execution = await run(machine)
      assert(!('refused' in execution), 'what was part of a block runs again')
      return execution
    }
    try {
      switch (options.tracer) {
        case 'noop':
          return { tracer: 'noop', transactionHash }
        case 'prestate': {
          await execute(this.#fast)
          if (options.diffMode === true) {
            return { tracer: 'prestate', transactionHash, ...diffOf(layer, state) }
          }
          return { tracer: 'prestate', transactionHash, before: prestateOf(layer, state) }
        }
        case 'struct': {
          const tracer = new StructTracer(options)
          tracer.attach(events, layer)
          const { gasUsed, failure, output } = await execute(this.#reference)
          const { steps } = tracer
          return { tracer: 'struct', transactionHash, gasUsed, failure, output, steps }
        }
        default: {
          const tracer = new CallTracer(options.tracer === 'call' ? options : {})
          tracer.attach(events)
          const execution = await execute(this.#reference)
          const onlyTopCall = options.tracer === 'call' && options.onlyTopCall === true
          const call = tracer.finish(gas, execution, onlyTopCall)
          if (options.tracer === 'call') return { tracer: 'call', transactionHash, call }
          const selectors = countSelectors(call, (address) => this.#isPrecompile(address))
          return { tracer: '4byte', transactionHash, selectors }
        }
      }
    } finally {
      events.removeAllListeners()
    }
  }

  /** The reference engine knows no turns of its own: it waits for a listener, and passes on what one throws. */
  #giveWay(): void {
    const { signal } = this.#options
    let [last, sincePause] = [0n, 0n]
    this.#reference.events.on('step', ({ gasLeft }, goOn) => {
      // A frame that begins or ends counts too much, which only means a pause more.
      sincePause += gasLeft < last ? last - gasLeft : 0n
      last = gasLeft
      if (sincePause < TRACE_GAS_PER_TURN) return goOn?.()
      sincePause = 0n
      void this.#pause().then(goOn)
    })
    this.#reference.events.on('step', () => {
      if (signal?.aborted === true) throw new MessageStopped('a trace was stopped')
    })
  }

  #isPrecompile(address: Address): boolean {
    return this.#reference.isPrecompile(bytesToHex(address))
  }
}
