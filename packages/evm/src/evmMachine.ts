import { type Block, createBlock } from '@ethereumjs/block'
import type { Common } from '@ethereumjs/common'
import {
  EVM,
  EVMError,
  type EVMMockBlockchainInterface,
  type EVMRunCallOpts,
  type ExecResult,
  NobleBN254,
} from '@ethereumjs/evm'
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
  type ExchangeReader,
  type Hash,
  InvariantError,
  type L1Precompile,
  unreachable,
} from '@openliquid/primitives'
import { chainCommon } from './chainCommon.ts'
import type { EvmTransaction } from './evmTransaction.ts'
import { gasAfterRefund, intrinsicGas } from './gas.ts'
import { JournaledState } from './journaledState.ts'
import { LruCache } from './lruCache.ts'
import { bridgePrecompiles, type ExchangeHandle } from './precompileBridge.ts'
import type { EvmLogEntry } from './receipts.ts'
import { StateAdapter } from './stateAdapter.ts'
import { StateReader } from './stateReader.ts'
import { SyncEvm, type SyncEvmOptions } from './syncEvm.ts'

/** What the opcodes of a block see of it. */
export interface BlockEnvironment {
  readonly number: bigint
  /** Whole seconds. */
  readonly timestamp: bigint
  readonly gasLimit: bigint
  readonly baseFeePerGas: bigint
}

/** The worlds that a machine works on until it is bound to others. */
export interface MachineBinding {
  readonly state: JournaledState
  /** Without one, precompiles fail. */
  readonly exchange: ExchangeReader | undefined
  /** Hash of a past block of this chain. */
  blockHash(number: bigint): Hash | undefined
}

/** Outcome of a transaction or message that ran. */
export interface Execution {
  /** The EVM's own word for what went wrong, such as `revert` or `out of gas`. */
  readonly failure: string | undefined
  readonly output: Uint8Array
  /** What is paid for: after the refund. */
  readonly gasUsed: bigint
  /** What had to be there: before the refund. */
  readonly gasPeak: bigint
  readonly logs: readonly EvmLogEntry[]
  readonly createdAddress: AddressBytes | undefined
}

/** A message without signature. */
export interface EvmMessage {
  readonly from: AddressBytes
  readonly to: AddressBytes | undefined
  readonly data: Uint8Array
  readonly value: bigint
  /** Covers the intrinsic gas too. */
  readonly gas: bigint
  readonly gasPrice: bigint
  readonly accessList: EvmTransaction['accessList']
}

/** The zero address: nobody mines here, so priority fees are burned with it. */
const COINBASE = new Address(new Uint8Array(20))
const ZERO_HASH: Hash = new Uint8Array(32)
/** Least price there is (EIP-4844): no blob was ever there to raise it. */
const BLOB_GAS_PRICE = 1n

/** The library would not run a transaction that passed our own checks; nothing changed. */
export interface Refusal {
  readonly refused: string
}

/** Failure of a message that undid itself on purpose. */
export const REVERTED: string = EVMError.errorMessages.REVERT

/**
 * ethereumjs, set up for this chain: one VM that is bound to a state for a block or a call.
 *
 * One thing at a time: whoever binds it uses it alone until the promise of the run settles.
 *
 * @see docs/spec/evm.md §4, §5
 */
export class EvmMachine {
  readonly #common: Common
  readonly #adapter: StateAdapter
  readonly #exchange: ExchangeHandle
  readonly #evm: EVM
  readonly #vm: VM
  readonly #hashes: BlockHashes

  private constructor(parts: MachineParts) {
    this.#common = parts.common
    this.#adapter = parts.adapter
    this.#exchange = parts.exchange
    this.#evm = parts.evm
    this.#vm = parts.vm
    this.#hashes = parts.hashes
  }

  static async create(options: MachineOptions): Promise<EvmMachine> {
    const common = chainCommon(options.chainId)
    const adapter = new StateAdapter()
    const exchange: ExchangeHandle = { reader: undefined }
    const hashes = new BlockHashes()
    const evmOptions = {
      common,
      stateManager: adapter,
      blockchain: hashes,
      bn254: new NobleBN254(),
      customPrecompiles: bridgePrecompiles(options.precompiles, exchange),
    }
    // Not `createEVM`: it replaces the curve implementation that it is given.
    const evm =
      options.engine === 'reference'
        ? new EVM(evmOptions)
        : await syncEvm({ ...evmOptions, adapter, pause: options.pause })
    const vm = await createVM({ common, stateManager: adapter, evm })
    return new EvmMachine({ common, adapter, exchange, hashes, evm, vm })
  }

  bind({ state, exchange, blockHash }: MachineBinding): void {
    this.#adapter.bind(state)
    this.#exchange.reader = exchange
    this.#hashes.lookUp = blockHash
  }

  /** Lets go of what it was bound to: an old state keeps all that later blocks replaced. */
  release(): void {
    this.#adapter.bind(undefined)
    this.#exchange.reader = undefined
    this.#hashes.lookUp = (): undefined => undefined
  }

  /** The environment as the library wants it; made once per block. */
  block(environment: BlockEnvironment): Block {
    const { number, timestamp, gasLimit, baseFeePerGas } = environment
    const header = { number, timestamp, gasLimit, baseFeePerGas, mixHash: ZERO_HASH }
    return createBlock(
      { header: { ...header, coinbase: COINBASE, excessBlobGas: 0n, blobGasUsed: 0n } },
      { common: this.#common, skipConsensusFormatValidation: true },
    )
  }

  /** Runs one transaction whose admissibility was checked. State changes only if it is not refused. */
  async runTransaction(
    transaction: EvmTransaction,
    block: Block,
    blockGasUsed: bigint,
  ): Promise<Execution | Refusal> {
    try {
      const tx = this.#libraryTransaction(transaction)
      const result = await runTx(this.#vm, { tx, block, blockGasUsed })
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

  /** Runs a message that nobody signed. The state it leaves behind is for nobody. */
  async runMessage(message: EvmMessage, environment: BlockEnvironment): Promise<Execution> {
    const { from, to, data, value, gas, gasPrice } = message
    const intrinsic = intrinsicGas(message)
    assert(gas >= intrinsic, 'a message pays its intrinsic gas')
    this.#warm(message)
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
  #warm({ from, to, accessList }: EvmMessage): void {
    const { journal } = this.#evm
    journal.cleanJournal()
    for (const address of this.#evm.precompiles.keys()) journal.addAlwaysWarmAddress(address)
    const warm = to === undefined ? [from, COINBASE.bytes] : [from, to, COINBASE.bytes]
    for (const address of warm) journal.addAlwaysWarmAddress(bytesToHex(address))
    for (const { address, storageKeys } of accessList) {
      const text = bytesToHex(address)
      journal.addAlwaysWarmAddress(text)
      for (const key of storageKeys) journal.addAlwaysWarmSlot(text, bytesToHex(key))
    }
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

/** Which loop runs the instructions: the library's own, or ours over its handlers. */
export type EvmEngine = 'reference' | 'sync'

export interface MachineOptions {
  readonly chainId: bigint
  readonly precompiles: readonly L1Precompile[]
  readonly engine: EvmEngine
  /** Lets others run during a long message; the engine `sync` calls it every few milliseconds. */
  readonly pause?: () => Promise<void>
}

/** Setting it up runs one instruction, for which there has to be a state: an empty one. */
async function syncEvm(options: SyncEvmOptions): Promise<SyncEvm> {
  const { adapter } = options
  adapter.bind(new JournaledState(new StateReader({ read: () => undefined }, new LruCache(0))))
  const evm = await SyncEvm.create(options)
  adapter.bind(undefined)
  return evm
}

interface MachineParts {
  readonly common: Common
  readonly adapter: StateAdapter
  readonly exchange: ExchangeHandle
  readonly hashes: BlockHashes
  readonly evm: EVM
  readonly vm: VM
}

/** What the opcode BLOCKHASH asks. */
class BlockHashes implements EVMMockBlockchainInterface {
  lookUp: MachineBinding['blockHash'] = () => undefined

  async getBlock(number: number): Promise<{ hash(): Uint8Array }> {
    const hash = this.lookUp(BigInt(number))
    assert(hash !== undefined, 'the last 256 blocks are known')
    return { hash: () => hash }
  }

  putBlock(): Promise<void> {
    throw new InvariantError('blocks are made by the executor')
  }

  shallowCopy(): EVMMockBlockchainInterface {
    return this
  }
}

/** The environment of a call: no block is made of it, so no block object has to be valid. */
function callBlock(environment: BlockEnvironment): NonNullable<EVMRunCallOpts['block']> {
  return {
    header: {
      ...environment,
      coinbase: COINBASE,
      difficulty: 0n,
      prevRandao: ZERO_HASH,
      getBlobGasPrice: () => BLOB_GAS_PRICE,
    },
  }
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
