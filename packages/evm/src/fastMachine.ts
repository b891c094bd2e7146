import { EVM } from '@ethereumjs/evm'
import { assert } from '@openliquid/primitives'
import type { AccountCell } from './accountCell.ts'
import { Bn254 } from './bn254.ts'
import { chainCommon } from './chainCommon.ts'
import type { EvmTransaction } from './evmTransaction.ts'
import { FastEvm } from './fastEvm.ts'
import type { FastMessage, FastResult } from './fastMessage.ts'
import { effectiveGasPrice, gasAfterRefund, intrinsicGas } from './gas.ts'
import { emptyState, type JournaledState } from './journaledState.ts'
import { CALL_GAS_PER_TURN } from './limits.ts'
import {
  type BlockEnvironment,
  BlockHashes,
  callBlock,
  type EvmMessage,
  type Execution,
  type Machine,
  type MachineBinding,
  type MachineOptions,
  MessageStopped,
} from './machine.ts'
import { bridgePrecompiles, type ExchangeHandle } from './precompileBridge.ts'
import { StateAdapter } from './stateAdapter.ts'
import { bytesWord } from './word.ts'

/**
 * Engine `fast`: transactions and messages over `FastEvm`, by a driver of our own instead of the library's `runTx`.
 *
 * A transaction runs from start to end without waiting for anything. One thing at a time.
 *
 * @see docs/spec/evm.md §4, §5
 */
export class FastMachine implements Machine {
  readonly #evm: FastEvm
  readonly #adapter: StateAdapter
  readonly #exchange: ExchangeHandle
  readonly #hashes: BlockHashes
  readonly #pause: (() => Promise<void>) | undefined
  #signal: AbortSignal | undefined
  #environment: BlockEnvironment | undefined
  #block: ReturnType<typeof callBlock> | undefined

  private constructor(parts: {
    readonly evm: FastEvm
    readonly adapter: StateAdapter
    readonly exchange: ExchangeHandle
    readonly hashes: BlockHashes
    readonly pause: (() => Promise<void>) | undefined
  }) {
    this.#evm = parts.evm
    this.#adapter = parts.adapter
    this.#exchange = parts.exchange
    this.#hashes = parts.hashes
    this.#pause = parts.pause
  }

  static async create(options: MachineOptions): Promise<FastMachine> {
    const { hardfork = CANCUN } = options
    assert(hardfork === CANCUN, 'the engine knows the rules of Cancun')
    const adapter = new StateAdapter()
    const exchange: ExchangeHandle = { reader: undefined }
    const hashes = new BlockHashes()
    const library = new EVM({
      common: chainCommon(options.chainId),
      stateManager: adapter,
      blockchain: hashes,
      bn254: await Bn254.create(),
      customPrecompiles: bridgePrecompiles(options.precompiles, exchange),
    })
    const nothing = emptyState()
    adapter.bind(nothing)
    const evm = await FastEvm.create(library, nothing)
    adapter.bind(undefined)
    return new FastMachine({ evm, adapter, exchange, hashes, pause: options.pause })
  }

  bind(binding: MachineBinding): void {
    const { state, exchange, blockHash } = binding
    this.#adapter.bind(state)
    this.#evm.bind(state, blockHash, binding)
    this.#exchange.reader = exchange
    this.#signal = binding.signal
    this.#exchange.record = binding.record
    this.#exchange.replay = binding.replay
    this.#hashes.lookUp = blockHash
  }

  release(): void {
    this.bind({ state: emptyState(), exchange: undefined, blockHash: () => undefined })
    this.#evm.abandon()
    this.#environment = undefined
  }

  runTransaction(transaction: EvmTransaction, environment: BlockEnvironment): Execution {
    const message = this.#transactionMessage(transaction, environment)
    const result = this.#evm.start(message) ?? this.#evm.resume(Number.POSITIVE_INFINITY)
    assert(result !== undefined, 'without an end to its budget the loop runs to the end')
    return this.#settle(message, transaction.gasLimit, environment, result)
  }

  /** The same for those who run it again: it gives way and can be stopped, as a message. @throws {MessageStopped} */
  async replayTransaction(
    transaction: EvmTransaction,
    environment: BlockEnvironment,
  ): Promise<Execution> {
    const message = this.#transactionMessage(transaction, environment)
    const result = await this.#runInTurns(message)
    return this.#settle(message, transaction.gasLimit, environment, result)
  }

  /** Takes what the transaction can cost from its sender. */
  #transactionMessage(transaction: EvmTransaction, environment: BlockEnvironment): FastMessage {
    const { state } = this.#evm
    const { gasLimit, to, value, data, accessList } = transaction
    const gasPrice = effectiveGasPrice(transaction, environment.baseFeePerGas)
    const sender = state.cell(transaction.sender)
    state.setBalance(sender, sender.balance - gasLimit * gasPrice)
    const intrinsic = intrinsicGas(transaction)
    return this.#message(
      {
        from: transaction.sender,
        to,
        value,
        data,
        gas: gasLimit - intrinsic,
        gasPrice,
        accessList,
      },
      environment,
    )
  }

  /** Gives the sender back what is left, and the coinbase its tip. */
  #settle(
    { caller: sender, gasPrice }: FastMessage,
    gasLimit: bigint,
    environment: BlockEnvironment,
    result: FastResult,
  ): Execution {
    const { state } = this.#evm
    const execution = toExecution(result, gasLimit)
    state.setBalance(sender, sender.balance + (gasLimit - execution.gasUsed) * gasPrice)
    state.touch(sender)
    const coinbase = state.cell(environment.coinbase ?? NOBODY)
    const tip = execution.gasUsed * (gasPrice - environment.baseFeePerGas)
    // Whoever is paid nothing is touched all the same (EIP-161).
    state.touch(coinbase)
    if (tip > 0n) state.setBalance(coinbase, coinbase.balance + tip)
    state.settleTransaction()
    return execution
  }

  runSystemTransaction(transaction: EvmTransaction, environment: BlockEnvironment): Execution {
    return this.runTransaction(transaction, environment)
  }

  async runMessage(message: EvmMessage, environment: BlockEnvironment): Promise<Execution> {
    const intrinsic = intrinsicGas(message)
    assert(message.gas >= intrinsic, 'a message pays its intrinsic gas')
    const started = this.#message({ ...message, gas: message.gas - intrinsic }, environment)
    return toExecution(await this.#runInTurns(started), message.gas)
  }

  async #runInTurns(message: FastMessage): Promise<FastResult> {
    const evm = this.#evm
    let result = evm.start(message)
    while (result === undefined) {
      result = evm.resume(CALL_GAS_PER_TURN)
      if (result !== undefined) break
      await this.#pause?.()
      if (this.#signal?.aborted !== true) continue
      evm.abandon()
      throw new MessageStopped('a message was stopped')
    }
    return result
  }

  /** Counts the sender's nonce up and makes warm what is warm before the first instruction (EIP-2929, EIP-2930, EIP-3651). */
  #message(message: EvmMessage, environment: BlockEnvironment): FastMessage {
    const { state } = this.#evm
    const caller = state.cell(message.from)
    state.setNonce(caller, (caller.record?.nonce ?? 0n) + 1n)
    state.warm(caller)
    const to = message.to === undefined ? undefined : state.cell(message.to)
    if (to !== undefined) state.warm(to)
    state.warm(state.cell(environment.coinbase ?? NOBODY))
    warmAccessList(state, message.accessList)
    const { data: input, value, gasPrice } = message
    const gas = Number(message.gas)
    return { caller, to, input, value, gas, gasPrice, block: this.#blockOf(environment) }
  }

  #blockOf(environment: BlockEnvironment): ReturnType<typeof callBlock> {
    if (this.#environment !== environment || this.#block === undefined) {
      this.#environment = environment
      this.#block = callBlock(environment)
    }
    return this.#block
  }
}

const NOBODY = new Uint8Array(20)
const CANCUN = 'cancun'

function warmAccessList(state: JournaledState, list: EvmTransaction['accessList']): void {
  for (const { address, storageKeys } of list) {
    const cell: AccountCell = state.cell(address)
    state.warm(cell)
    for (const key of storageKeys) state.warmSlot(state.slotCell(cell, bytesWord(key)))
  }
}

/** @param gasLimit - with the intrinsic gas */
function toExecution(result: FastResult, gasLimit: bigint): Execution {
  const gasPeak = gasLimit - BigInt(result.gasLeft)
  return {
    failure: result.failure,
    output: result.output,
    gasUsed: gasAfterRefund(gasPeak, BigInt(result.refund)),
    gasPeak,
    logs: result.failure === undefined ? result.logs : [],
    createdAddress: result.created?.address,
  }
}
