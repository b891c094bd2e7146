import type { Hash, Height } from '@openliquid/primitives'
import { skipReason } from './admission.ts'
import type { BodyEntry } from './blockArchive.ts'
import { type BloomBits, logsBloom, mergeBlooms, NO_LOGS_BLOOM } from './bloom.ts'
import { byteText } from './byteText.ts'
import { contractAddress } from './contractAddress.ts'
import { type EvmSkipReason, EvmTransactionError } from './errors.ts'
import { type EvmBlock, evmBlockHash, evmBlockHeader, evmBlockSize } from './evmBlock.ts'
import { decodeKnownTransaction, type EvmTransaction } from './evmTransaction.ts'
import type { EvmPayloadTransaction, EvmSkip } from './evmTransition.ts'
import { effectiveGasPrice } from './gas.ts'
import type { JournaledState } from './journaledState.ts'
import type { BlockEnvironment, Execution, Machine, Refusal } from './machine.ts'
import { trieRootOf } from './orderedTrie.ts'
import { type EvmReceipt, encodeTrieReceipt, evmReceipt, type ReceiptRecord } from './receipts.ts'
import { encodeRlp, rlpBytesSize, uintToRlp } from './rlp.ts'

export interface BlockBuilderOptions {
  readonly machine: Machine
  readonly state: JournaledState
  readonly environment: BlockEnvironment
  readonly chainId: number
  /** Transactions that one sender may have in the block. */
  readonly nonceWindow: number
}

/** Where the finished block goes. */
export interface BlockPosition {
  readonly height: Height
  readonly lane: number
  readonly parentHash: Hash
  readonly parentBeaconBlockRoot: Hash
  readonly stateRoot: Hash
}

interface Included {
  readonly transaction: EvmTransaction
  readonly record: ReceiptRecord
}

/**
 * Runs the transactions of one EVM block one after the other.
 *
 * What cannot be part of the block is skipped with a reason; a transaction that runs and fails is part of it.
 *
 * @see docs/spec/evm.md §4, §7
 */
export class BlockBuilder {
  readonly #options: BlockBuilderOptions
  readonly #included: Included[] = []
  readonly #skipped: EvmSkip[] = []
  readonly #countBySender = new Map<string, number>()
  readonly #bloomBits: BloomBits = new Map()
  readonly #outputs: Uint8Array[] = []
  #gasUsed: bigint = 0n

  constructor(options: BlockBuilderOptions) {
    this.#options = options
  }

  /** Nothing ran. */
  get empty(): boolean {
    return this.#included.length === 0
  }

  get skipped(): readonly EvmSkip[] {
    return this.#skipped
  }

  /** What each transaction that ran gave back, in order. */
  get outputs(): readonly Uint8Array[] {
    return this.#outputs
  }

  /** Runs a transaction or skips it. @returns a promise only where the engine waits */
  add(payload: EvmPayloadTransaction, index: number): Promise<void> | undefined {
    const { hash } = payload
    const transaction = this.#decode(payload)
    const reason = 'code' in transaction ? transaction : this.#skipReason(transaction)
    if ('code' in transaction || reason !== undefined) {
      if (reason !== undefined) this.#skipped.push({ hash, index, reason })
      return undefined
    }
    const { machine, environment } = this.#options
    const run = machine.runTransaction(transaction, environment)
    const settle = (outcome: Execution | Refusal): void => {
      if (!('refused' in outcome)) {
        this.#include(transaction, outcome)
        return
      }
      const refused: EvmSkipReason = { code: 'OL_EVM_SKIP_REFUSED', reason: outcome.refused }
      this.#skipped.push({ hash, index, reason: refused })
    }
    if (run instanceof Promise) return run.then(settle)
    settle(run)
    return undefined
  }

  /** Seals the block over the state root that its transactions led to. */
  seal(position: BlockPosition): SealedBlock {
    const { environment } = this.#options
    const { number, gasLimit, timestamp, baseFeePerGas } = environment
    const blooms = this.#included.map(({ record }) => record.logsBloom)
    const header = evmBlockHeader({
      number,
      gasLimit,
      timestamp,
      baseFeePerGas,
      gasUsed: this.#gasUsed,
      parentHash: position.parentHash,
      parentBeaconBlockRoot: position.parentBeaconBlockRoot,
      stateRoot: position.stateRoot,
      transactionsRoot: indexedRoot(this.#included.map(({ transaction }) => transaction.bytes)),
      receiptsRoot: indexedRoot(
        this.#included.map(({ transaction, record }) =>
          encodeTrieReceipt(transaction.type, record),
        ),
      ),
      logsBloom: mergeBlooms(blooms),
    })
    let size = 0
    for (const { transaction } of this.#included) size += bodyBytes(transaction)
    const block: EvmBlock = {
      hash: evmBlockHash(header),
      header,
      height: position.height,
      lane: position.lane,
      transactionHashes: this.#included.map(({ transaction }) => transaction.hash),
      size: evmBlockSize(header, size),
    }
    return {
      block,
      body: this.#included.map(({ transaction: { bytes, sender, hash } }) => ({
        bytes,
        sender,
        hash,
      })),
      records: this.#included.map(({ record }) => record),
      receipts: placeReceipts(block, this.#included),
    }
  }

  #skipReason(transaction: EvmTransaction): EvmSkipReason | undefined {
    const { state, environment, nonceWindow } = this.#options
    const gasAvailable = environment.gasLimit - this.#gasUsed
    const { baseFeePerGas } = environment
    const reason = skipReason(transaction, state, { gasAvailable, baseFeePerGas })
    if (reason !== undefined) return reason
    const count = this.#countBySender.get(byteText(transaction.sender)) ?? 0
    return count < nonceWindow
      ? undefined
      : { code: 'OL_EVM_SKIP_NONCE_WINDOW', window: nonceWindow }
  }

  #decode(payload: EvmPayloadTransaction): EvmTransaction | EvmSkipReason {
    const { bytes, sender, hash, decoded } = payload
    if (decoded !== undefined && decoded.bytes === bytes) return decoded
    try {
      return decodeKnownTransaction(bytes, this.#options.chainId, { sender, hash })
    } catch (error) {
      if (!(error instanceof EvmTransactionError)) throw error
      return { code: 'OL_EVM_SKIP_MALFORMED', reason: error.code }
    }
  }

  #include(transaction: EvmTransaction, execution: Execution): void {
    const { failure, gasUsed, logs } = execution
    const sender = byteText(transaction.sender)
    this.#countBySender.set(sender, (this.#countBySender.get(sender) ?? 0) + 1)
    this.#outputs.push(execution.output)
    this.#gasUsed += gasUsed
    this.#included.push({
      transaction,
      record: {
        status: failure === undefined ? 1 : 0,
        gasUsed,
        cumulativeGasUsed: this.#gasUsed,
        effectiveGasPrice: effectiveGasPrice(transaction, this.#options.environment.baseFeePerGas),
        // As Ethereum clients do, whether the creation succeeded or not.
        contractAddress:
          transaction.to === undefined
            ? contractAddress(transaction.sender, transaction.nonce)
            : undefined,
        logs,
        logsBloom: logs.length === 0 ? NO_LOGS_BLOOM : logsBloom(logs, this.#bloomBits),
      },
    })
  }
}

/** A finished block and all that belongs to it. */
export interface SealedBlock {
  readonly block: EvmBlock
  readonly body: readonly BodyEntry[]
  readonly records: readonly ReceiptRecord[]
  readonly receipts: readonly EvmReceipt[]
}

/** Receipts of one block with their places. */
export function placeReceipts(
  block: EvmBlock,
  included: readonly {
    readonly transaction: Pick<EvmTransaction, 'hash' | 'type' | 'sender' | 'to'>
    readonly record: ReceiptRecord
  }[],
): EvmReceipt[] {
  const { number, timestamp } = block.header
  let firstLogIndex = 0
  return included.map(({ transaction, record }, transactionIndex) => {
    const place = { blockHash: block.hash, blockNumber: number, timestamp, transactionIndex }
    const receipt = evmReceipt(record, transaction, { ...place, firstLogIndex })
    firstLogIndex += record.logs.length
    return receipt
  })
}

/** Root of a list: the trie of its entries under their RLP-encoded positions. */
function indexedRoot(entries: readonly Uint8Array[]): Hash {
  return trieRootOf(entries.map((entry, index) => [encodeRlp(uintToRlp(BigInt(index))), entry]))
}

/** Bytes of a transaction in a block's body: a typed one is a byte string there, a legacy one the list that it is. */
function bodyBytes({ type, bytes }: EvmTransaction): number {
  return type === 0 ? bytes.length : rlpBytesSize(bytes.length)
}
