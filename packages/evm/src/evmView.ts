import type { Address, Hash } from '@openliquid/primitives'
import type { EvmBlock } from './evmBlock.ts'
import type { AccessListEntry, EvmTransaction } from './evmTransaction.ts'
import type { EvmLog, EvmReceipt } from './receipts.ts'
import type { EvmStorageRange } from './storageRange.ts'
import type { EvmTrace, EvmTraceOptions } from './traceTypes.ts'

/** A message to run without signature. Missing fields read as in Ethereum: no sender is the zero address. */
export interface EvmCallRequest {
  readonly from?: Address
  /** Absent: runs `data` as init code. */
  readonly to?: Address
  readonly data?: Uint8Array
  /** Wei. */
  readonly value?: bigint
  /** Bounded by CALL_GAS_MAX. */
  readonly gas?: bigint
  /** Wei; also what GASPRICE shows. Absent: 0, and then BASEFEE shows 0 too. */
  readonly gasPrice?: bigint
  readonly accessList?: readonly AccessListEntry[]
  /** Which lane's gas limit and base fee the block environment has; 0 if absent. */
  readonly lane?: number
  /** Accounts as if they were others. */
  readonly stateOverrides?: readonly EvmStateOverride[]
  /** The block environment as if it were another. */
  readonly blockOverrides?: EvmBlockOverride
  /** Stops a call that runs too long: `OL_EVM_CALL_TIME`. */
  readonly signal?: AbortSignal
}

/** An account as if it were another; what is absent stays. */
export interface EvmStateOverride {
  readonly address: Address
  readonly nonce?: bigint
  readonly balance?: bigint
  readonly code?: Uint8Array
  /** Where the precompile is to be found that is here, or would be but for `code`. */
  readonly movePrecompileTo?: Address
  /** The whole storage. Excludes `stateDiff`. */
  readonly state?: readonly EvmSlotValue[]
  /** Some slots of it. */
  readonly stateDiff?: readonly EvmSlotValue[]
}

export interface EvmSlotValue {
  /** 32 bytes. */
  readonly slot: Uint8Array
  readonly value: Uint8Array
}

/** The block environment as if it were another; what is absent stays. */
export interface EvmBlockOverride {
  readonly number?: bigint
  /** Whole seconds. */
  readonly timestamp?: bigint
  readonly gasLimit?: bigint
  readonly baseFeePerGas?: bigint
  readonly coinbase?: Address
  readonly prevRandao?: Hash
}

/** What a call would have to name to find everything warm, and its gas with that list. */
export interface EvmAccessListResult {
  readonly accessList: readonly AccessListEntry[]
  readonly result: EvmCallResult
}

/** A transaction that nobody signed. Missing fields: no sender is the zero address, the rest is nothing or 0. */
export interface EvmSimulatedRequest
  extends Pick<EvmCallRequest, 'from' | 'to' | 'data' | 'value' | 'accessList'> {
  /** 2 if absent. */
  readonly type?: 0 | 1 | 2
  /** What is left of the block's if absent. Bounded by CALL_GAS_MAX. */
  readonly gas?: bigint
  /** The sender's next one if absent. */
  readonly nonce?: bigint
  /** Wei. For types 0 and 1 both are the gas price. */
  readonly maxFeePerGas?: bigint
  readonly maxPriorityFeePerGas?: bigint
}

/** A block in a sequence of blocks that never come to be. Each sees what the ones before it did. */
export interface EvmSimulatedBlock {
  readonly blockOverrides?: EvmBlockOverride
  readonly stateOverrides?: readonly EvmStateOverride[]
  readonly calls: readonly EvmSimulatedRequest[]
}

export interface EvmSimulationOptions {
  /** Nonces and base fees as in real blocks. Otherwise any nonce will do, and the base fee is 0 unless it is overridden. */
  readonly validation?: boolean
  /** Logs tell of value that moves, too (ERC-7528); receipts and blooms do not. */
  readonly traceTransfers?: boolean
  /** Stops what runs too long: `OL_EVM_CALL_TIME`. */
  readonly signal?: AbortSignal
  /** Does some work while no block is on its way to disk. At once if absent: the caller holds blocks off. */
  readonly exclusively?: <T>(work: () => T) => Promise<T>
}

/** Why a block could not be as it was asked for. */
export interface EvmSimulationRefusal {
  readonly status: 'refused'
  readonly code:
    | 'OL_EVM_SKIP_NONCE_TOO_LOW'
    | 'OL_EVM_SKIP_NONCE_TOO_HIGH'
    | 'OL_EVM_SKIP_BASE_FEE'
    | 'OL_EVM_SKIP_BLOCK_GAS'
    | 'OL_EVM_TX_INIT_CODE'
    | Extract<EvmCallResult, { readonly status: 'refused' }>['code']
  readonly reason: string
}

/** Blocks, or why one of them cannot be. */
export type EvmSimulation =
  | { readonly status: 'success'; readonly blocks: readonly EvmSimulatedResult[] }
  | EvmSimulationRefusal

/** A block as it would be, with its transactions as if they were signed by zeros, and what came of each. */
export interface EvmSimulatedResult {
  readonly block: EvmBlock
  readonly transactions: readonly EvmTransactionPlace[]
  readonly calls: readonly EvmSimulatedCall[]
}

export interface EvmSimulatedCall {
  readonly result: Exclude<EvmCallResult, { readonly status: 'refused' }>
  /** Gas before the refund: what had to be there. */
  readonly gasPeak: bigint
  /** None if the call failed. */
  readonly logs: readonly EvmLog[]
}

/** An account with its proof against the state root of its block, and slots with theirs against its storage root. */
export interface EvmProof {
  readonly address: Address
  readonly nonce: bigint
  readonly balance: bigint
  readonly codeHash: Hash
  readonly storageRoot: Hash
  /** Trie nodes from the root down. */
  readonly accountProof: readonly Uint8Array[]
  readonly storageProofs: readonly {
    readonly slot: Uint8Array
    readonly value: bigint
    readonly proof: readonly Uint8Array[]
  }[]
}

/** Outcome of a message that ran. `reason` is the EVM's own word, such as `out of gas`. */
export type EvmCallResult =
  | {
      readonly status: 'success'
      readonly output: Uint8Array
      readonly gasUsed: bigint
      readonly createdAddress?: Address
    }
  | { readonly status: 'reverted'; readonly output: Uint8Array; readonly gasUsed: bigint }
  | { readonly status: 'failed'; readonly reason: string; readonly gasUsed: bigint }
  | {
      readonly status: 'refused'
      readonly code:
        | 'OL_EVM_CALL_FUNDS'
        | 'OL_EVM_CALL_GAS'
        | 'OL_EVM_CALL_TIME'
        | 'OL_EVM_CALL_FULL'
      readonly reason: string
    }

export type EvmGasEstimate =
  | { readonly status: 'success'; readonly gas: bigint }
  | Exclude<EvmCallResult, { readonly status: 'success' }>

/** Transaction and where it stands. */
export interface EvmTransactionPlace {
  readonly transaction: EvmTransaction
  readonly blockHash: Hash
  readonly blockNumber: bigint
  readonly transactionIndex: number
  /** Wei: what a unit of gas cost it. */
  readonly effectiveGasPrice: bigint
}

/** Which logs are wanted: a range of blocks or one block, addresses and topics as in eth_getLogs. */
export interface EvmLogFilter {
  readonly fromNumber?: bigint
  readonly toNumber?: bigint
  /** Excludes the range. */
  readonly blockHash?: Hash
  /** Any of these; empty or absent: all. */
  readonly addresses?: readonly Address[]
  /** By position: any of the list; `null`: anything. */
  readonly topics?: readonly (readonly Hash[] | null)[]
  /** Blocks the range may span; LOGS_BLOCKS_MAX if absent. */
  readonly blocksMax?: number
}

/** Which slots are wanted. */
export interface EvmStorageRangeRequest {
  readonly blockNumber: bigint
  /** The state before this one ran; the number of transactions in the block: the state after all. */
  readonly transactionIndex: number
  readonly address: Address
  /** Hash of the slot to begin with. */
  readonly start: Hash
  readonly limit: number
}

/** Oldest block first. `baseFeePerGas` has one entry more: the block after the newest. */
export interface EvmFeeHistory {
  readonly oldestNumber: bigint
  readonly baseFeePerGas: readonly bigint[]
  /** Used and allowed gas of each block. */
  readonly gas: readonly { readonly used: bigint; readonly limit: bigint }[]
  /** By block, by percentile: effective priority fee in wei. Present if percentiles were given. */
  readonly reward?: readonly (readonly bigint[])[]
}

/** The state after one block. */
export interface EvmStateView {
  readonly number: bigint
  getBalance(address: Address): bigint
  getNonce(address: Address): bigint
  /** Empty for none. */
  getCode(address: Address): Uint8Array
  /** @param slot - 32 bytes @returns 32 bytes */
  getStorage(address: Address, slot: Uint8Array): Uint8Array
  /** In a past state precompiles answer what they answered in its block, and refuse what nobody asked then. */
  call(request: EvmCallRequest): Promise<EvmCallResult>
  /** Least gas limit, within 1.5 %, with which the message succeeds. */
  estimateGas(request: EvmCallRequest): Promise<EvmGasEstimate>
  /** The access list with which the message would find everything warm that it reaches. */
  createAccessList(request: EvmCallRequest): Promise<EvmAccessListResult>
  /**
   * Makes blocks on top of this one, and throws them away.
   *
   * @param blocks - numbers and times rise
   * @throws {EvmError} OL_EVM_SIMULATION, OL_EVM_OVERRIDE, OL_EVM_HISTORY, OL_EVM_PROOF
   */
  simulate(
    blocks: readonly EvmSimulatedBlock[],
    options?: EvmSimulationOptions,
  ): Promise<EvmSimulation>
}

/**
 * Read-only view of the newest accepted EVM state and of the chain of EVM blocks.
 *
 * Every method but `call` and `estimateGas` is synchronous. All answers are of the last accepted block: one that is
 * executing or on its way to disk is not seen, and a call keeps the state it started with.
 */
export interface EvmView extends EvmStateView {
  readonly chainId: bigint
  /** The newest accepted block; number 0 is genesis. */
  readonly head: EvmBlock
  /**
   * Number of the oldest block that is kept with its transactions, receipts and logs: 0 unless the state came from others.
   * Above the head until a block comes.
   */
  readonly oldestBlock: bigint
  /** The state after a block that is not too old. @throws {EvmError} OL_EVM_HISTORY */
  at(number: bigint): EvmStateView
  /** Number of the oldest block whose state is kept. */
  readonly oldestState: bigint
  /** Blocks back to which states are kept once there are so many. */
  readonly statesKept: number
  /**
   * Proofs against the state root of a block, the head if absent. Call it under the lock that keeps blocks from reaching
   * the disk.
   *
   * @throws {EvmError} OL_EVM_HISTORY, OL_EVM_PROOF, OL_EVM_PRUNED
   */
  getProof(address: Address, slots: readonly Uint8Array[], number?: bigint): EvmProof
  /** Runs a transaction of a block again. @throws {EvmError} OL_EVM_HISTORY, OL_EVM_TRACE */
  traceTransaction(hash: Hash, options: EvmTraceOptions): Promise<EvmTrace>
  /** Runs a block again: its transactions in order. @throws {EvmError} OL_EVM_HISTORY, OL_EVM_TRACE */
  traceBlock(number: bigint, options: EvmTraceOptions): Promise<readonly EvmTrace[]>
  /** Traces a call on the state after a block. @throws {EvmError} OL_EVM_HISTORY, OL_EVM_TRACE */
  traceCall(request: EvmCallRequest, number: bigint, options: EvmTraceOptions): Promise<EvmTrace>
  /**
   * Filled slots of an account before a transaction of a block ran, in the order of their hashes.
   *
   * @throws {EvmError} OL_EVM_HISTORY, OL_EVM_TRACE, OL_EVM_STORAGE_RANGE
   */
  storageRange(request: EvmStorageRangeRequest): Promise<EvmStorageRange>
  /** Code of any account that there ever was. */
  codeByHash(codeHash: Hash): Uint8Array | undefined
  /** The mined transaction of a sender with a nonce. @throws {EvmError} OL_EVM_HISTORY: it may be in an old block */
  findBySender(sender: Address, nonce: bigint): Promise<EvmTransactionPlace | undefined>
  /** @throws {EvmError} OL_EVM_PRUNED: there was such a block, and nothing is kept of it */
  getBlockByNumber(number: bigint): EvmBlock | undefined
  getBlockByHash(hash: Hash): EvmBlock | undefined
  getTransaction(hash: Hash): EvmTransactionPlace | undefined
  /** In block order; `undefined` if there is no such block. @throws {EvmError} OL_EVM_PRUNED */
  getTransactions(number: bigint): readonly EvmTransactionPlace[] | undefined
  getReceipt(hash: Hash): EvmReceipt | undefined
  /** In block order; `undefined` if there is no such block. @throws {EvmError} OL_EVM_PRUNED */
  getReceipts(number: bigint): readonly EvmReceipt[] | undefined
  /**
   * Transactions that the chain itself sent in a block; `undefined` if there is no such block.
   *
   * @throws {EvmError} OL_EVM_PRUNED
   */
  getSystemTransactions(number: bigint): readonly EvmTransactionPlace[] | undefined
  /** Receipts of those; their logs are found by no filter. @throws {EvmError} OL_EVM_PRUNED */
  getSystemReceipts(number: bigint): readonly EvmReceipt[] | undefined
  /** @throws {EvmError} OL_EVM_LOGS_RANGE, OL_EVM_LOGS_RESULTS, OL_EVM_LOGS_FILTER, OL_EVM_PRUNED */
  getLogs(filter: EvmLogFilter): readonly EvmLog[]
  /** `getLogs` by the index: reads only blocks that hold what is asked for, and lets others run in between. */
  findLogs(filter: EvmLogFilter): Promise<readonly EvmLog[]>
  /** Wei: base fee of the lane's next block. */
  getBaseFee(lane?: number): bigint
  /** Gas limit of the lane's blocks. */
  getGasLimit(lane?: number): bigint
  /** @throws {EvmError} OL_EVM_FEE_HISTORY */
  getFeeHistory(request: {
    readonly blockCount: number
    readonly newestNumber: bigint
    readonly rewardPercentiles?: readonly number[]
  }): EvmFeeHistory
}
