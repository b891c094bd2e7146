import { EVMError, type EVMMockBlockchainInterface, type EVMRunCallOpts } from '@ethereumjs/evm'
import { Address } from '@ethereumjs/util'
import {
  type Address as AddressBytes,
  assert,
  type ExchangeReader,
  type Hash,
  InvariantError,
  type L1Precompile,
} from '@openliquid/primitives'
import type { EvmTransaction } from './evmTransaction.ts'
import type { JournaledState } from './journaledState.ts'
import type { PrecompileAnswer, PrecompileCalls } from './precompileCalls.ts'
import type { PrecompileMove } from './precompileMoves.ts'
import type { EvmLogEntry } from './receipts.ts'

/** What the opcodes of a block see of it. */
export interface BlockEnvironment {
  readonly number: bigint
  /** Whole seconds. */
  readonly timestamp: bigint
  readonly gasLimit: bigint
  readonly baseFeePerGas: bigint
  /** The zero address if absent: nobody mines here. */
  readonly coinbase?: AddressBytes
  /** Zero if absent. */
  readonly prevRandao?: Hash
}

/** The worlds that a machine works on until it is bound to others. */
export interface MachineBinding {
  readonly state: JournaledState
  /** Without one, precompiles fail. */
  readonly exchange: ExchangeReader | undefined
  /** Where the answers of precompiles are noted. */
  readonly record?: Map<string, PrecompileAnswer>
  /** Answers to give instead of asking the exchange. */
  readonly replay?: PrecompileCalls | undefined
  /** Stops a message that it may pause in. */
  readonly signal?: AbortSignal | undefined
  /** Whether logs tell of value that moves, too: `TransferLog`. The engine `fast` only; not if absent. */
  readonly logsTransfers?: boolean
  /** Precompiles that are elsewhere. The engine `fast` only; none if absent. */
  readonly precompileMoves?: readonly PrecompileMove[]
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

/** A message was stopped by its signal. What it did is of no use. */
export class MessageStopped extends Error {
  override readonly name: string = 'MessageStopped'
}

/** The library would not run a transaction that passed our own checks; nothing changed. */
export interface Refusal {
  readonly refused: string
}

/** Failure of a message that undid itself on purpose. */
export const REVERTED: string = EVMError.errorMessages.REVERT

/**
 * What runs transactions and messages, bound to a state for a block or a call.
 *
 * One thing at a time: whoever binds it uses it alone until the run is over.
 */
export interface Machine {
  bind(binding: MachineBinding): void
  /** Lets go of what it was bound to: an old state keeps all that later blocks replaced. */
  release(): void
  /** Runs one transaction whose admissibility was checked. State changes only if it is not refused. */
  runTransaction(
    transaction: EvmTransaction,
    environment: BlockEnvironment,
  ): Execution | Promise<Execution | Refusal>
  /**
   * Runs a transaction of the chain itself: its sender may have code (EIP-3607 is for those who sign), and pays nothing.
   *
   * @param environment - with a base fee of 0
   */
  runSystemTransaction(
    transaction: EvmTransaction,
    environment: BlockEnvironment,
  ): Execution | Promise<Execution>
  /** Runs a message that nobody signed. The state it leaves behind is for nobody. */
  runMessage(message: EvmMessage, environment: BlockEnvironment): Promise<Execution>
}

export interface MachineOptions {
  readonly chainId: bigint
  readonly precompiles: readonly L1Precompile[]
  /** Cancun if absent; the engine `fast` runs no other. */
  readonly hardfork?: string
  /** Lets others run during a long message; the engine `fast` calls it every few milliseconds. */
  readonly pause?: () => Promise<void>
}

/** What the opcode BLOCKHASH asks. */
export class BlockHashes implements EVMMockBlockchainInterface {
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

const NOBODY = new Uint8Array(20)
const ZERO_HASH: Hash = new Uint8Array(32)
/** Least price there is (EIP-4844): no blob was ever there to raise it. */
const BLOB_GAS_PRICE = 1n

/** The environment as the library's opcodes ask for it: no block has to be valid. */
export function callBlock(environment: BlockEnvironment): NonNullable<EVMRunCallOpts['block']> {
  const { coinbase = NOBODY, prevRandao = ZERO_HASH } = environment
  return {
    header: {
      ...environment,
      coinbase: new Address(coinbase),
      difficulty: 0n,
      prevRandao,
      getBlobGasPrice: () => BLOB_GAS_PRICE,
    },
  }
}
