import { type Block, createBlock } from '@ethereumjs/block'
import type { Common } from '@ethereumjs/common'
import { EVM, type ExecResult, NobleBN254 } from '@ethereumjs/evm'
import {
  createAccessList2930Tx,
  createFeeMarket1559Tx,
  createLegacyTx,
  type TypedTransaction,
} from '@ethereumjs/tx'
import { Address, EthereumJSError } from '@ethereumjs/util'
import { createVM, runTx, type VM } from '@ethereumjs/vm'
import {
  type Address as AddressBytes,
  assert,
  bytesToHex,
  type Hash,
  hexToBytes,
  unreachable,
} from '@openliquid/primitives'
import { chainCommon } from './chainCommon.ts'
import type { EvmTransaction } from './evmTransaction.ts'
import { gasAfterRefund, intrinsicGas } from './gas.ts'
import {
  type BlockEnvironment,
  BlockHashes,
  callBlock,
  type EvmMessage,
  type Execution,
  type Machine,
  type MachineBinding,
  type MachineOptions,
  type Refusal,
} from './machine.ts'
import { boundedModexp } from './modexp.ts'
import { bridgePrecompiles, type ExchangeHandle } from './precompileBridge.ts'
import { StateAdapter } from './stateAdapter.ts'

const NOBODY = new Uint8Array(20)
const ZERO_HASH: Hash = new Uint8Array(32)

/**
 * ethereumjs, set up for this chain: one VM that is bound to a state for a block or a call.
 *
 * One thing at a time: whoever binds it uses it alone until the promise of the run settles.
 *
 * @see docs/spec/evm.md §4, §5
 */
export class ReferenceMachine implements Machine {
  readonly #common: Common
  readonly #adapter: StateAdapter
  readonly #exchange: ExchangeHandle
  readonly #evm: EVM
  readonly #vm: VM
  readonly #hashes: BlockHashes
  #environment: BlockEnvironment | undefined
  #block: Block | undefined

  private constructor(parts: MachineParts) {
    this.#common = parts.common
    this.#adapter = parts.adapter
    this.#exchange = parts.exchange
    this.#evm = parts.evm
    this.#vm = parts.vm
    this.#hashes = parts.hashes
  }

  static async create(options: MachineOptions): Promise<ReferenceMachine> {
    const common = chainCommon(options.chainId, options.hardfork)
    const adapter = new StateAdapter()
    const exchange: ExchangeHandle = { reader: undefined }
    const hashes = new BlockHashes()
    const modexp = boundedModexp(common)
    const evmOptions = {
      common,
      stateManager: adapter,
      blockchain: hashes,
      bn254: new NobleBN254(),
      customPrecompiles: [
        ...bridgePrecompiles(options.precompiles, exchange),
        ...(modexp === undefined ? [] : [modexp]),
      ],
    }
    // Not `createEVM`: it replaces the curve implementation that it is given.
    const evm = new EVM(evmOptions)
    const vm = await createVM({ common, stateManager: adapter, evm })
    return new ReferenceMachine({ common, adapter, exchange, hashes, evm, vm })
  }

  /** What happens while it runs: messages and single instructions. Listeners cost time. */
  get events(): EVM['events'] {
    return this.#evm.events
  }

  /** @param address - with 0x */
  isPrecompile(address: string): boolean {
    return this.#evm.getPrecompile(address as `0x${string}`) !== undefined
  }

  bind(binding: MachineBinding): void {
    const { state, exchange, blockHash } = binding
    this.#adapter.bind(state)
    this.#exchange.reader = exchange
    this.#exchange.record = binding.record
    this.#exchange.replay = binding.replay
    this.#hashes.lookUp = blockHash
  }

  /** Lets go of what it was bound to: an old state keeps all that later blocks replaced. */
  release(): void {
    this.#adapter.bind(undefined)
    this.#exchange.reader = undefined
    this.#exchange.record = undefined
    this.#exchange.replay = undefined
    this.#hashes.lookUp = (): undefined => undefined
  }

  async runTransaction(
    transaction: EvmTransaction,
    environment: BlockEnvironment,
  ): Promise<Execution | Refusal> {
    try {
      const tx = this.#libraryTransaction(transaction)
      // Whether the block has room for it was checked before.
      const skipBlockGasLimitValidation = true
      const block = this.#blockOf(environment)
      const result = await runTx(this.#vm, { tx, block, skipBlockGasLimitValidation })
      return {
        ...outcome(result.execResult),
        gasUsed: result.totalGasSpent,
        gasPeak: result.execResult.executionGasUsed + tx.getIntrinsicGas(),
        createdAddress: result.createdAddress?.bytes,
      }
    } catch (error) {
      // Every node refuses what the library refuses; anything else is our own trouble.
      if (error instanceof EthereumJSError) return { refused: error.message }
      throw error
    }
  }

  /** The library's own driver refuses senders with code, so this does what it does around the call. */
  async runSystemTransaction(
    transaction: EvmTransaction,
    environment: BlockEnvironment,
  ): Promise<Execution> {
    const { sender, to, data, value, gasLimit, accessList } = transaction
    const intrinsic = intrinsicGas(transaction)
    const coinbase = environment.coinbase ?? NOBODY
    const message = { from: sender, to, data, value, gas: gasLimit, gasPrice: 0n, accessList }
    this.#warm(message, coinbase)
    const { execResult } = await this.#evm.runCall({
      caller: new Address(sender),
      ...(to === undefined ? {} : { to: new Address(to) }),
      data,
      value,
      gasLimit: gasLimit - intrinsic,
      gasPrice: 0n,
      block: callBlock(environment),
    })
    // EIP-6780: only what the same transaction created is gone.
    for (const destroyed of execResult.selfdestruct?.keys() ?? []) {
      if (!execResult.createdAddresses?.has(destroyed)) continue
      await this.#evm.journal.deleteAccount(new Address(hexToBytes(destroyed)))
    }
    await this.#evm.journal.cleanup()
    this.#adapter.originalStorageCache.clear()
    this.#evm.transientStorage.clear()
    const gasPeak = execResult.executionGasUsed + intrinsic
    return {
      ...outcome(execResult),
      gasUsed: gasAfterRefund(gasPeak, execResult.gasRefund ?? 0n),
      gasPeak,
      createdAddress: undefined,
    }
  }

  async runMessage(message: EvmMessage, environment: BlockEnvironment): Promise<Execution> {
    const { from, to, data, value, gas, gasPrice } = message
    const intrinsic = intrinsicGas(message)
    assert(gas >= intrinsic, 'a message pays its intrinsic gas')
    this.#warm(message, environment.coinbase ?? NOBODY)
    try {
      const { execResult, createdAddress } = await this.#evm.runCall({
        caller: new Address(from),
        ...(to === undefined ? {} : { to: new Address(to) }),
        data,
        value,
        gasLimit: gas - intrinsic,
        gasPrice,
        block: callBlock(environment),
      })
      const gasPeak = execResult.executionGasUsed + intrinsic
      return {
        ...outcome(execResult),
        gasUsed: gasAfterRefund(gasPeak, execResult.gasRefund ?? 0n),
        gasPeak,
        createdAddress: createdAddress?.bytes,
      }
    } finally {
      // Outside of `runTx` nobody else forgets what the message warmed and stored.
      this.#evm.journal.cleanJournal()
      this.#evm.transientStorage.clear()
    }
  }

  /** EIP-2929, EIP-2930, EIP-3651: what is warm before the first instruction. */
  #warm({ from, to, accessList }: EvmMessage, coinbase: AddressBytes): void {
    const { journal } = this.#evm
    journal.cleanJournal()
    for (const address of this.#evm.precompiles.keys()) journal.addAlwaysWarmAddress(address)
    const warm = to === undefined ? [from, coinbase] : [from, to, coinbase]
    for (const address of warm) journal.addAlwaysWarmAddress(bytesToHex(address))
    for (const { address, storageKeys } of accessList) {
      const text = bytesToHex(address)
      journal.addAlwaysWarmAddress(text)
      for (const key of storageKeys) journal.addAlwaysWarmSlot(text, bytesToHex(key))
    }
  }

  /** The environment as the library wants it; made once per block. */
  #blockOf(environment: BlockEnvironment): Block {
    if (this.#environment === environment && this.#block !== undefined) return this.#block
    const { number, timestamp, gasLimit, baseFeePerGas } = environment
    const { coinbase = NOBODY, prevRandao = ZERO_HASH } = environment
    const common = this.#common
    const header = {
      number,
      timestamp,
      gasLimit,
      mixHash: prevRandao,
      coinbase: new Address(coinbase),
      ...(common.isActivatedEIP(1559) ? { baseFeePerGas } : {}),
      ...(common.isActivatedEIP(4844) ? { excessBlobGas: 0n, blobGasUsed: 0n } : {}),
    }
    this.#environment = environment
    this.#block = createBlock({ header }, { common, skipConsensusFormatValidation: true })
    return this.#block
  }

  #libraryTransaction(transaction: EvmTransaction): TypedTransaction {
    const { type, nonce, gasLimit, to, value, data, maxFeePerGas } = transaction
    const options = { common: this.#common, freeze: false }
    const fields = {
      nonce,
      gasLimit,
      value,
      data,
      ...(to === undefined ? {} : { to: new Address(to) }),
    }
    const accessList = transaction.accessList.map(
      ({ address, storageKeys }): [Uint8Array, Uint8Array[]] => [address, [...storageKeys]],
    )
    const sender = new Address(transaction.sender)
    const tx = libraryTransaction()
    // Recovered at admission: once is enough.
    tx.getSenderAddress = (): Address => sender
    return tx

    function libraryTransaction(): TypedTransaction {
      switch (type) {
        case 0:
          return createLegacyTx({ ...fields, gasPrice: maxFeePerGas }, options)
        case 1:
          return createAccessList2930Tx({ ...fields, accessList, gasPrice: maxFeePerGas }, options)
        case 2: {
          const { maxPriorityFeePerGas } = transaction
          return createFeeMarket1559Tx(
            { ...fields, accessList, maxFeePerGas, maxPriorityFeePerGas },
            options,
          )
        }
        default:
          return unreachable(type)
      }
    }
  }
}

interface MachineParts {
  readonly common: Common
  readonly adapter: StateAdapter
  readonly exchange: ExchangeHandle
  readonly hashes: BlockHashes
  readonly evm: EVM
  readonly vm: VM
}

function outcome(result: ExecResult): Pick<Execution, 'failure' | 'output' | 'logs'> {
  const failure = result.exceptionError?.error
  const logs = failure === undefined ? (result.logs ?? []) : []
  return {
    failure,
    output: result.returnValue,
    logs: logs.map(([address, topics, data]) => ({ address, topics, data })),
  }
}
