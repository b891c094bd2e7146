import type { Hash, Height } from '@openliquid/primitives'
import type { BodyEntry } from './blockArchive.ts'
import { type BloomBits, logsBloom, mergeBlooms, NO_LOGS_BLOOM } from './bloom.ts'
import { contractAddress } from './contractAddress.ts'
import { type EvmBlock, evmBlockHash, evmBlockHeader, evmBlockSize } from './evmBlock.ts'
import type { EvmTransaction } from './evmTransaction.ts'
import { effectiveGasPrice } from './gas.ts'
import type { BlockEnvironment, Execution } from './machine.ts'
import { trieRootOf } from './orderedTrie.ts'
import { type EvmReceipt, encodeTrieReceipt, evmReceipt, type ReceiptRecord } from './receipts.ts'
import { encodeRlp, rlpBytesSize, uintToRlp } from './rlp.ts'

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

/** A finished block and all that belongs to it. */
export interface SealedBlock {
  readonly block: EvmBlock
  readonly body: readonly BodyEntry[]
  readonly records: readonly ReceiptRecord[]
  readonly receipts: readonly EvmReceipt[]
}

/** Makes a block of transactions that have run: receipts, roots, bloom, header. @see docs/spec/evm.md §7 */
export class BlockSealer {
  readonly #environment: BlockEnvironment
  readonly #included: Included[] = []
  readonly #bloomBits: BloomBits = new Map()
  #gasUsed: bigint = 0n

  constructor(environment: BlockEnvironment) {
    this.#environment = environment
  }

  get empty(): boolean {
    return this.#included.length === 0
  }

  /** Of all transactions so far. */
  get gasUsed(): bigint {
    return this.#gasUsed
  }

  include(transaction: EvmTransaction, { failure, gasUsed, logs }: Execution): void {
    this.#gasUsed += gasUsed
    this.#included.push({
      transaction,
      record: {
        status: failure === undefined ? 1 : 0,
        gasUsed,
        cumulativeGasUsed: this.#gasUsed,
        effectiveGasPrice: effectiveGasPrice(transaction, this.#environment.baseFeePerGas),
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

  /** Seals the block over the state root that its transactions led to. */
  seal(position: BlockPosition): SealedBlock {
    const { height, lane, ...roots } = position
    const header = evmBlockHeader({
      ...this.#environment,
      ...roots,
      gasUsed: this.#gasUsed,
      transactionsRoot: indexedRoot(this.#included.map(({ transaction }) => transaction.bytes)),
      receiptsRoot: indexedRoot(
        this.#included.map(({ transaction, record }) =>
          encodeTrieReceipt(transaction.type, record),
        ),
      ),
      logsBloom: mergeBlooms(this.#included.map(({ record }) => record.logsBloom)),
    })
    let size = 0
    for (const { transaction } of this.#included) size += bodyBytes(transaction)
    const block: EvmBlock = {
      hash: evmBlockHash(header),
      header,
      height,
      lane,
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
