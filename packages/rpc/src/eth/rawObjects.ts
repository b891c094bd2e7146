import type { EvmBlock, EvmReceipt, EvmTransaction } from '@openliquid/execution'
import { concatBytes } from '@openliquid/primitives'
import { encodeList, encodeRlp, type RlpItem, uintToRlp } from './rlp.ts'

/** The header as it is hashed. */
export function rawHeader({ header }: EvmBlock): Uint8Array {
  const items: RlpItem[] = [
    header.parentHash,
    header.ommersHash,
    header.coinbase,
    header.stateRoot,
    header.transactionsRoot,
    header.receiptsRoot,
    header.logsBloom,
    uintToRlp(header.difficulty),
    uintToRlp(header.number),
    uintToRlp(header.gasLimit),
    uintToRlp(header.gasUsed),
    uintToRlp(header.timestamp),
    header.extraData,
    header.prevRandao,
    header.nonce,
    uintToRlp(header.baseFeePerGas),
    header.withdrawalsRoot,
    uintToRlp(header.blobGasUsed),
    uintToRlp(header.excessBlobGas),
    header.parentBeaconBlockRoot,
  ]
  return encodeRlp(items)
}

/** The block as Ethereum writes it: header, transactions, no ommers, no withdrawals. */
export function rawBlock(block: EvmBlock, transactions: readonly EvmTransaction[]): Uint8Array {
  // A legacy transaction is a list itself; one of a type is bytes in a list (EIP-2718).
  const bodies = transactions.map(({ type, bytes }) => (type === 0 ? bytes : encodeRlp(bytes)))
  return encodeList([rawHeader(block), encodeList(bodies), encodeRlp([]), encodeRlp([])])
}

/** The receipt as it stands in the receipts trie (EIP-658, EIP-2718). */
export function rawReceipt(receipt: EvmReceipt): Uint8Array {
  const body = encodeRlp([
    uintToRlp(BigInt(receipt.status)),
    uintToRlp(receipt.cumulativeGasUsed),
    receipt.logsBloom,
    receipt.logs.map(({ address, topics, data }) => [address, topics, data]),
  ])
  return receipt.type === 0 ? body : concatBytes(Uint8Array.of(receipt.type), body)
}
