import type { Hash } from '@openliquid/primitives'
import { NO_ACCOUNT } from './account.ts'
import { BlockSealer } from './blockSealer.ts'
import { overrideEnvironment, overrideState } from './callOverrides.ts'
import { EvmError } from './errors.ts'
import type { EvmBlock } from './evmBlock.ts'
import type { EvmTransaction } from './evmTransaction.ts'
import type {
  EvmCallResult,
  EvmSimulatedBlock,
  EvmSimulatedCall,
  EvmSimulatedRequest,
  EvmSimulatedResult,
  EvmSimulation,
  EvmSimulationOptions,
  EvmSimulationRefusal,
} from './evmView.ts'
import { effectiveGasPrice, intrinsicGas, nextBaseFee } from './gas.ts'
import type { JournaledState } from './journaledState.ts'
import { CALL_GAS_MAX, INIT_CODE_BYTES_MAX, SIMULATED_CALLS_MAX } from './limits.ts'
import type { BlockEnvironment, Execution, MachineBinding } from './machine.ts'
import { precompileMovesOf } from './precompileMoves.ts'
import type { EvmLogEntry } from './receipts.ts'
import { SimulatedState, type SimulationBase } from './simulatedState.ts'
import { isTransferLog } from './transferLog.ts'
import { unsignedTransaction } from './unsignedTransaction.ts'

type CallOutcome = Exclude<EvmCallResult, { status: 'refused' }>

/** What a simulation needs beside its blocks. */
export interface SimulationParts {
  readonly base: SimulationBase
  /** Of the lane whose blocks are simulated: gas limit, and base fee of its next block. */
  readonly lane: Pick<BlockEnvironment, 'gasLimit' | 'baseFeePerGas'> & {
    readonly baseFeeMin: bigint
  }
  readonly chainId: bigint
  readonly scene: Pick<MachineBinding, 'exchange' | 'replay' | 'blockHash'>
  readonly options: EvmSimulationOptions
  run(
    transaction: EvmTransaction,
    environment: BlockEnvironment,
    binding: MachineBinding,
  ): Promise<Execution | EvmSimulationRefusal>
  toResult(execution: Execution): CallOutcome
}

const NOBODY = new Uint8Array(20)
const NOTHING = new Uint8Array(0)
const NO_BEACON_ROOT: Hash = new Uint8Array(32)

/**
 * Blocks that follow one of the chain and never come to be: each has a header, receipts and a state of its own.
 *
 * @see docs/spec/evm.md §8
 */
export class Simulation {
  readonly #parts: SimulationParts
  readonly #state: SimulatedState
  readonly #hashes = new Map<bigint, Hash>()
  #parent: EvmBlock
  /** What a block has unless it says otherwise. */
  #defaults: Pick<BlockEnvironment, 'gasLimit' | 'baseFeePerGas' | 'coinbase'>

  constructor(parts: SimulationParts) {
    const { base, lane, options } = parts
    const { gasLimit, baseFeePerGas } = lane
    this.#parts = parts
    this.#state = new SimulatedState(base)
    this.#parent = base.block
    this.#defaults = {
      gasLimit,
      baseFeePerGas: options.validation === true ? baseFeePerGas : 0n,
    }
  }

  /** @throws {EvmError} OL_EVM_SIMULATION, OL_EVM_OVERRIDE, OL_EVM_HISTORY, OL_EVM_PROOF */
  async run(blocks: readonly EvmSimulatedBlock[]): Promise<EvmSimulation> {
    checkSize(blocks)
    const results: EvmSimulatedResult[] = []
    for (const block of blocks) {
      const result = await this.#runBlock(block)
      if ('status' in result) return result
      results.push(result)
    }
    return { status: 'success', blocks: results }
  }

  async #runBlock(block: EvmSimulatedBlock): Promise<EvmSimulatedResult | EvmSimulationRefusal> {
    const { number, timestamp } = this.#parent.header
    const next = { ...this.#defaults, number: number + 1n, timestamp: timestamp + 1n }
    const environment = overrideEnvironment(next, block.blockOverrides)
    const state = this.#state.layer()
    overrideState(state, block.stateOverrides)
    const precompileMoves = precompileMovesOf(block.stateOverrides)
    const sealer = new BlockSealer(environment)
    const ran: { readonly transaction: EvmTransaction; readonly execution: Execution }[] = []
    for (const request of block.calls) {
      const gasLeft = environment.gasLimit - sealer.gasUsed
      const transaction = this.#transaction(request, state, gasLeft)
      const refusal = this.#refusal(transaction, state, { environment, gasLeft, request })
      if (refusal !== undefined) return refusal
      const execution = await this.#runTransaction(transaction, environment, {
        state,
        precompileMoves,
      })
      if ('status' in execution) return execution
      sealer.include(transaction, {
        ...execution,
        logs: execution.logs.filter((log) => !isTransferLog(log)),
      })
      ran.push({ transaction, execution })
    }
    const stateRoot = await this.#commit(state)
    const { block: sealed } = sealer.seal({
      height: 0n,
      lane: 0,
      parentHash: this.#parent.hash,
      parentBeaconBlockRoot: NO_BEACON_ROOT,
      stateRoot,
    })
    this.#follow(sealed, environment)
    return this.#result(sealed, ran)
  }

  /** A block that changes nothing has nothing to wait for. */
  async #commit(state: JournaledState): Promise<Hash> {
    const changes = state.changes()
    if (changes.accounts.length === 0) return this.#state.root
    const { exclusively } = this.#parts.options
    const commit = (): Hash => this.#state.commit(changes)
    return exclusively === undefined ? commit() : exclusively(commit)
  }

  #follow(block: EvmBlock, { gasLimit, coinbase }: BlockEnvironment): void {
    this.#parent = block
    this.#hashes.set(block.header.number, block.hash)
    const { lane, options } = this.#parts
    // A limit of 0 or 1, which only an override makes, has no target to compare with.
    const isPriced = options.validation === true && gasLimit > 1n
    this.#defaults = {
      gasLimit,
      baseFeePerGas: isPriced
        ? nextBaseFee(block.header, lane.baseFeeMin)
        : this.#defaults.baseFeePerGas,
      ...(coinbase === undefined ? {} : { coinbase }),
    }
  }

  #transaction(
    request: EvmSimulatedRequest,
    state: JournaledState,
    gasLeft: bigint,
  ): EvmTransaction {
    const { from: sender = NOBODY, to, data = NOTHING, value = 0n, accessList = [] } = request
    const { type = 2, gas = gasLeft, maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = request
    return unsignedTransaction({
      type,
      sender,
      chainId: this.#parts.chainId,
      nonce: request.nonce ?? state.account(sender)?.nonce ?? 0n,
      gasLimit: cappedGas(gas),
      ...(to === undefined ? {} : { to }),
      value,
      data,
      maxFeePerGas,
      maxPriorityFeePerGas,
      accessList,
    })
  }

  /** In the order in which other clients look. Contracts may send: the interface says so. */
  #refusal(
    transaction: EvmTransaction,
    state: JournaledState,
    {
      environment,
      gasLeft,
      request,
    }: {
      readonly environment: BlockEnvironment
      readonly gasLeft: bigint
      readonly request: EvmSimulatedRequest
    },
  ): EvmSimulationRefusal | undefined {
    const { nonce, gasLimit, maxFeePerGas, value, data, to } = transaction
    const isStrict = this.#parts.options.validation === true
    const sender = state.account(transaction.sender) ?? NO_ACCOUNT
    const gas = request.gas ?? gasLimit
    if (gas > gasLeft) {
      return refused('OL_EVM_SKIP_BLOCK_GAS', `block gas limit reached: ${gas} > ${gasLeft}`)
    }
    if (isStrict && nonce < sender.nonce) {
      return refused(
        'OL_EVM_SKIP_NONCE_TOO_LOW',
        `nonce too low: have ${nonce}, want ${sender.nonce}`,
      )
    }
    if (isStrict && nonce > sender.nonce) {
      return refused(
        'OL_EVM_SKIP_NONCE_TOO_HIGH',
        `nonce too high: have ${nonce}, want ${sender.nonce}`,
      )
    }
    const { baseFeePerGas } = environment
    if ((isStrict || maxFeePerGas > 0n) && maxFeePerGas < baseFeePerGas) {
      return refused(
        'OL_EVM_SKIP_BASE_FEE',
        `max fee per gas less than block base fee: ${maxFeePerGas} < ${baseFeePerGas}`,
      )
    }
    if (sender.balance < gasLimit * maxFeePerGas + value) {
      return refused('OL_EVM_CALL_FUNDS', 'insufficient funds for gas * price + value')
    }
    const required = intrinsicGas(transaction)
    if (gasLimit < required) {
      return refused('OL_EVM_CALL_GAS', `intrinsic gas too low: have ${gasLimit}, want ${required}`)
    }
    if (to === undefined && data.length > INIT_CODE_BYTES_MAX) {
      return refused(
        'OL_EVM_TX_INIT_CODE',
        `max initcode size exceeded: ${data.length} > ${INIT_CODE_BYTES_MAX}`,
      )
    }
    return undefined
  }

  #runTransaction(
    transaction: EvmTransaction,
    environment: BlockEnvironment,
    binding: Pick<MachineBinding, 'state' | 'precompileMoves'>,
  ): Promise<Execution | EvmSimulationRefusal> {
    const { scene, options } = this.#parts
    return this.#parts.run(transaction, environment, {
      ...scene,
      ...binding,
      signal: options.signal,
      logsTransfers: options.traceTransfers === true,
      blockHash: (number) => this.#hashes.get(number) ?? scene.blockHash(number),
    })
  }

  #result(
    block: EvmBlock,
    ran: readonly { readonly transaction: EvmTransaction; readonly execution: Execution }[],
  ): EvmSimulatedResult {
    const { hash: blockHash, header } = block
    const { number: blockNumber, timestamp, baseFeePerGas } = header
    const place = { blockHash, blockNumber }
    let logIndex = 0
    const calls = ran.map(({ transaction, execution }, transactionIndex): EvmSimulatedCall => {
      const { hash: transactionHash } = transaction
      const logs = execution.logs.map(({ address, topics, data }: EvmLogEntry) => ({
        ...{ address, topics, data, ...place, timestamp, transactionHash, transactionIndex },
        logIndex: logIndex++,
      }))
      return { result: this.#parts.toResult(execution), gasPeak: execution.gasPeak, logs }
    })
    const transactions = ran.map(({ transaction }, transactionIndex) => ({
      transaction,
      ...place,
      transactionIndex,
      effectiveGasPrice: effectiveGasPrice(transaction, baseFeePerGas),
    }))
    return { block, transactions, calls }
  }
}

function checkSize(blocks: readonly EvmSimulatedBlock[]): void {
  const size = blocks.reduce((sum, { calls }) => sum + calls.length, 0)
  if (size <= SIMULATED_CALLS_MAX) return
  throw new EvmError(`${size} calls, at most ${SIMULATED_CALLS_MAX} are simulated`, {
    code: 'OL_EVM_SIMULATION',
    size,
    max: SIMULATED_CALLS_MAX,
  })
}

function cappedGas(gas: bigint): bigint {
  if (gas > CALL_GAS_MAX) return CALL_GAS_MAX
  return gas
}

function refused(code: EvmSimulationRefusal['code'], reason: string): EvmSimulationRefusal {
  return { status: 'refused', code, reason }
}
