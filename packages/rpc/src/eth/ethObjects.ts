import type {
  EvmBlock,
  EvmLog,
  EvmReceipt,
  EvmTransaction,
  EvmTransactionPlace,
} from '@openliquid/execution'
import type { Hex } from '@openliquid/primitives'
import { data, dataOrNull, quantity } from './ethEncoding.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** A header as eth_getHeaderByNumber and the newHeads subscription give it. */
export function headerToJson(block: EvmBlock): JsonObject {
  const { header } = block
  return {
    hash: data(block.hash),
    parentHash: data(header.parentHash),
    sha3Uncles: data(header.ommersHash),
    miner: data(header.coinbase),
    stateRoot: data(header.stateRoot),
    transactionsRoot: data(header.transactionsRoot),
    receiptsRoot: data(header.receiptsRoot),
    logsBloom: data(header.logsBloom),
    difficulty: quantity(header.difficulty),
    number: quantity(header.number),
    gasLimit: quantity(header.gasLimit),
    gasUsed: quantity(header.gasUsed),
    timestamp: quantity(header.timestamp),
    extraData: data(header.extraData),
    mixHash: data(header.prevRandao),
    nonce: data(header.nonce),
    baseFeePerGas: quantity(header.baseFeePerGas),
    withdrawalsRoot: data(header.withdrawalsRoot),
    blobGasUsed: quantity(header.blobGasUsed),
    excessBlobGas: quantity(header.excessBlobGas),
    parentBeaconBlockRoot: data(header.parentBeaconBlockRoot),
  }
}

/** A block with its transactions, or with their hashes. */
export function blockToJson(
  block: EvmBlock,
  transactions: readonly EvmTransactionPlace[] | undefined,
): JsonObject {
  return {
    ...headerToJson(block),
    size: quantity(block.size),
    transactions:
      transactions?.map((place) => transactionToJson(place)) ?? block.transactionHashes.map(data),
    uncles: [],
    withdrawals: [],
  }
}

/** A transaction that stands in a block. */
export function transactionToJson(place: EvmTransactionPlace): JsonObject {
  return {
    ...signedFields(place.transaction),
    blockHash: data(place.blockHash),
    blockNumber: quantity(place.blockNumber),
    transactionIndex: quantity(place.transactionIndex),
    gasPrice: quantity(place.effectiveGasPrice),
  }
}

/** A transaction that waits in the mempool: the fields of its place are null. */
export function pendingTransactionToJson(transaction: EvmTransaction): JsonObject {
  return {
    ...signedFields(transaction),
    blockHash: null,
    blockNumber: null,
    transactionIndex: null,
    gasPrice: quantity(transaction.maxFeePerGas),
  }
}

function signedFields(transaction: EvmTransaction): JsonObject {
  const { type } = transaction
  return {
    hash: data(transaction.hash),
    type: quantity(type),
    chainId: quantity(transaction.chainId),
    from: data(transaction.sender),
    to: dataOrNull(transaction.to),
    nonce: quantity(transaction.nonce),
    gas: quantity(transaction.gasLimit),
    value: quantity(transaction.value),
    input: data(transaction.data),
    v: quantity(transaction.v),
    r: quantity(transaction.r),
    s: quantity(transaction.s),
    // As geth: a legacy transaction has its parity inside `v` only.
    ...(type === 0 ? {} : { yParity: quantity(transaction.yParity) }),
    ...(type === 0 ? {} : { accessList: accessListToJson(transaction.accessList) }),
    ...(type === 2
      ? {
          maxFeePerGas: quantity(transaction.maxFeePerGas),
          maxPriorityFeePerGas: quantity(transaction.maxPriorityFeePerGas),
        }
      : {}),
  }
}

export function accessListToJson(list: EvmTransaction['accessList']): readonly JsonObject[] {
  return list.map((entry) => ({
    address: data(entry.address),
    storageKeys: entry.storageKeys.map(data),
  }))
}

export function receiptToJson(receipt: EvmReceipt): JsonObject {
  return {
    transactionHash: data(receipt.transactionHash),
    transactionIndex: quantity(receipt.transactionIndex),
    blockHash: data(receipt.blockHash),
    blockNumber: quantity(receipt.blockNumber),
    from: data(receipt.from),
    to: dataOrNull(receipt.to),
    cumulativeGasUsed: quantity(receipt.cumulativeGasUsed),
    gasUsed: quantity(receipt.gasUsed),
    effectiveGasPrice: quantity(receipt.effectiveGasPrice),
    contractAddress: dataOrNull(receipt.contractAddress),
    logs: receipt.logs.map(logToJson),
    logsBloom: data(receipt.logsBloom),
    type: quantity(receipt.type),
    status: quantity(receipt.status),
  }
}

export function logToJson(log: EvmLog): JsonObject {
  return {
    address: data(log.address),
    topics: log.topics.map((topic): Hex => data(topic)),
    data: data(log.data),
    blockNumber: quantity(log.blockNumber),
    blockHash: data(log.blockHash),
    blockTimestamp: quantity(log.timestamp),
    transactionHash: data(log.transactionHash),
    transactionIndex: quantity(log.transactionIndex),
    logIndex: quantity(log.logIndex),
    // Committed blocks are never replaced.
    removed: false,
  }
}
