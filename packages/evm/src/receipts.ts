import { type Address, concatBytes, type Hash } from '@openliquid/primitives'
import { BLOOM_BYTES } from './bloom.ts'
import type { EvmTransaction } from './evmTransaction.ts'
import { RecordReader } from './recordReader.ts'
import { decodeRlp, encodeRlp, type RlpItem, uintToRlp } from './rlp.ts'

/** A log without its place. */
export interface EvmLogEntry {
  readonly address: Address
  readonly topics: readonly Hash[]
  readonly data: Uint8Array
}

/** A log and where it stands. */
export interface EvmLog extends EvmLogEntry {
  readonly blockNumber: bigint
  readonly blockHash: Hash
  readonly timestamp: bigint
  readonly transactionHash: Hash
  readonly transactionIndex: number
  /** Position among all logs of the block. */
  readonly logIndex: number
}

/** What a transaction did (EIP-658, EIP-2718), with everything that a reader would otherwise compute again. */
export interface EvmReceipt {
  readonly transactionHash: Hash
  readonly transactionIndex: number
  readonly blockHash: Hash
  readonly blockNumber: bigint
  readonly type: 0 | 1 | 2
  readonly from: Address
  readonly to?: Address
  readonly status: 0 | 1
  readonly gasUsed: bigint
  readonly cumulativeGasUsed: bigint
  /** Wei. */
  readonly effectiveGasPrice: bigint
  readonly contractAddress?: Address
  readonly logs: readonly EvmLog[]
  /** 256 bytes. */
  readonly logsBloom: Uint8Array
}

/** What a receipt adds to its transaction and its block: all that has to be kept of it. */
export interface ReceiptRecord {
  readonly status: 0 | 1
  readonly gasUsed: bigint
  readonly cumulativeGasUsed: bigint
  readonly effectiveGasPrice: bigint
  readonly contractAddress: Address | undefined
  readonly logs: readonly EvmLogEntry[]
  readonly logsBloom: Uint8Array
}

/** Leaf of the receipts trie (EIP-658, EIP-2718). */
export function encodeTrieReceipt(type: 0 | 1 | 2, receipt: ReceiptRecord): Uint8Array {
  const { status, cumulativeGasUsed, logsBloom, logs } = receipt
  const body = encodeRlp([
    uintToRlp(BigInt(status)),
    uintToRlp(cumulativeGasUsed),
    logsBloom,
    logs.map(logItems),
  ])
  return type === 0 ? body : concatBytes(Uint8Array.of(type), body)
}

/** Value in the receipts table: those of one block, in its order. */
export function encodeReceipts(receipts: readonly ReceiptRecord[]): Uint8Array {
  return encodeRlp(
    receipts.map((receipt) => [
      uintToRlp(BigInt(receipt.status)),
      uintToRlp(receipt.gasUsed),
      uintToRlp(receipt.cumulativeGasUsed),
      uintToRlp(receipt.effectiveGasPrice),
      receipt.contractAddress ?? NOTHING,
      receipt.logs.map(logItems),
      receipt.logs.length === 0 ? NOTHING : receipt.logsBloom,
    ]),
  )
}

/** Reads what `encodeReceipts` wrote. */
export function decodeReceipts(bytes: Uint8Array): ReceiptRecord[] {
  const records = new RecordReader(decodeRlp(bytes, RECEIPTS_RLP_DEPTH))
  const receipts: ReceiptRecord[] = []
  while (!records.done) receipts.push(decodeReceipt(records.list()))
  return receipts
}

const NOTHING: Uint8Array = new Uint8Array(0)
/** Receipts, receipt, logs, log, topics. */
const RECEIPTS_RLP_DEPTH = 5

function logItems({ address, topics, data }: EvmLogEntry): RlpItem {
  return [address, topics, data]
}

function decodeReceipt(record: RecordReader): ReceiptRecord {
  const status = record.uint() === 1n ? 1 : 0
  const gasUsed = record.uint()
  const cumulativeGasUsed = record.uint()
  const effectiveGasPrice = record.uint()
  const contract = record.bytes()
  const items = record.list()
  const bloom = record.bytes()
  const logs: EvmLogEntry[] = []
  while (!items.done) logs.push(decodeLog(items.list()))
  return {
    status,
    gasUsed,
    cumulativeGasUsed,
    effectiveGasPrice,
    contractAddress: contract.length === 0 ? undefined : contract,
    logs,
    logsBloom: bloom.length === 0 ? new Uint8Array(BLOOM_BYTES) : bloom,
  }
}

function decodeLog(record: RecordReader): EvmLogEntry {
  const address = record.bytes()
  const topicItems = record.list()
  const topics: Hash[] = []
  while (!topicItems.done) topics.push(topicItems.bytes())
  return { address, topics, data: record.bytes() }
}

/** Where a receipt's transaction stands. */
export interface ReceiptPlace {
  readonly blockHash: Hash
  readonly blockNumber: bigint
  readonly timestamp: bigint
  readonly transactionIndex: number
  /** Logs of the block before the first of this receipt. */
  readonly firstLogIndex: number
}

/** The receipt as readers get it. */
export function evmReceipt(
  record: ReceiptRecord,
  transaction: Pick<EvmTransaction, 'hash' | 'type' | 'sender' | 'to'>,
  place: ReceiptPlace,
): EvmReceipt {
  const { blockHash, blockNumber, timestamp, transactionIndex, firstLogIndex } = place
  const transactionHash = transaction.hash
  const logs = record.logs.map((log, index) => ({
    ...log,
    blockNumber,
    blockHash,
    timestamp,
    transactionHash,
    transactionIndex,
    logIndex: firstLogIndex + index,
  }))
  return {
    transactionHash,
    transactionIndex,
    blockHash,
    blockNumber,
    type: transaction.type,
    from: transaction.sender,
    ...(transaction.to === undefined ? {} : { to: transaction.to }),
    status: record.status,
    gasUsed: record.gasUsed,
    cumulativeGasUsed: record.cumulativeGasUsed,
    effectiveGasPrice: record.effectiveGasPrice,
    ...(record.contractAddress === undefined ? {} : { contractAddress: record.contractAddress }),
    logs,
    logsBloom: record.logsBloom,
  }
}
