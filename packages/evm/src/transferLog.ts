import { type Address, utf8ToBytes } from '@openliquid/primitives'
import { keccak256 } from './keccak.ts'
import type { EvmLogEntry } from './receipts.ts'
import { wordBytes } from './word.ts'

/** Value that moved, told as an ERC-20 token would tell it (ERC-7528): no contract made this log. */
export interface TransferLog extends EvmLogEntry {
  readonly isTransfer: true
}

/** Stands for the chain's own coin (ERC-7528). */
const COIN_ADDRESS: Address = new Uint8Array(20).fill(0xee)
const TRANSFER_TOPIC = keccak256(utf8ToBytes('Transfer(address,address,uint256)'))

export function transferLog(from: Address, to: Address, value: bigint): TransferLog {
  return {
    address: COIN_ADDRESS,
    topics: [TRANSFER_TOPIC, paddedAddress(from), paddedAddress(to)],
    data: wordBytes(value),
    isTransfer: true,
  }
}

/** Whether a log is not one that a contract made. */
export function isTransferLog(log: EvmLogEntry): log is TransferLog {
  return 'isTransfer' in log
}

function paddedAddress(address: Address): Uint8Array {
  const padded = new Uint8Array(32)
  padded.set(address, 12)
  return padded
}
