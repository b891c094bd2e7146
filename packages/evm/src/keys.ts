import {
  type Address,
  concatBytes,
  type Hash,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { KEYSPACE } from '@openliquid/storage'

// Keys under the EVM's prefix; docs/spec/evm.md §6. The second byte says which table.

const NUMBER_BYTES = 8
const INCARNATION_BYTES = 4
const ACCOUNT_TRIE = 0
const STORAGE_TRIE = 1

/** nonce, balance, storage root, code hash, incarnation. */
export function accountKey(address: Address): Uint8Array {
  return key('a', address)
}

/** What `accountKey` begins with; the address follows. */
export function accountsKey(): Uint8Array {
  return key('a')
}

/** Value without leading zeros. Slots of an older incarnation are out of reach. */
export function slotKey(address: Address, incarnation: number, slot: Uint8Array): Uint8Array {
  return key('s', address, uintToBytes(incarnation, INCARNATION_BYTES), slot)
}

/** The incarnation that an account's storage has if it comes into being again. */
export function incarnationKey(address: Address): Uint8Array {
  return key('i', address)
}

export function codeKey(codeHash: Hash): Uint8Array {
  return key('c', codeHash)
}

/** What keys of the nodes of the account trie begin with; their path follows. */
export function accountTrieKey(): Uint8Array {
  return key('t', Uint8Array.of(ACCOUNT_TRIE))
}

/** What keys of the nodes of one account's storage trie begin with; their path follows. */
export function storageTrieKey(address: Address, incarnation: number): Uint8Array {
  const owner = concatBytes(address, uintToBytes(incarnation, INCARNATION_BYTES))
  return key('t', Uint8Array.of(STORAGE_TRIE), owner)
}

/** Block record. */
export function blockKey(number: bigint): Uint8Array {
  return key('h', uintToBytes(number, NUMBER_BYTES))
}

/** Number of a block. */
export function blockNumberKey(hash: Hash): Uint8Array {
  return key('H', hash)
}

/** Raw transactions of a block with their senders. */
export function bodyKey(number: bigint): Uint8Array {
  return key('b', uintToBytes(number, NUMBER_BYTES))
}

export function receiptsKey(number: bigint): Uint8Array {
  return key('r', uintToBytes(number, NUMBER_BYTES))
}

/** Transactions of a block that the chain itself sent, with their senders. */
export function systemBodyKey(number: bigint): Uint8Array {
  return key('y', uintToBytes(number, NUMBER_BYTES))
}

/** Receipts of those. */
export function systemReceiptsKey(number: bigint): Uint8Array {
  return key('z', uintToBytes(number, NUMBER_BYTES))
}

/** Number and index of a transaction. */
export function transactionKey(hash: Hash): Uint8Array {
  return key('x', hash)
}

/** Bytes of the number at the end of a key of the log index. */
export const LOG_NUMBER_BYTES: number = NUMBER_BYTES

/** A block in which an address or topic occurs in a log. @param value - 32 bytes */
export function logIndexKey(kind: number, value: Uint8Array, number: bigint): Uint8Array {
  return key('l', Uint8Array.of(kind), value, uintToBytes(number, NUMBER_BYTES))
}

/** What a block replaced in the flat tables, for those who read the state before it. Not under the EVM's own prefix. */
export function diffKey(number: bigint): Uint8Array {
  return concatBytes(Uint8Array.of(KEYSPACE.diffs, KEYSPACE.evm), uintToBytes(number, NUMBER_BYTES))
}

/** Results of precompiles that read the exchange in a block, for those who run it again. */
export function precompileCallsKey(number: bigint): Uint8Array {
  return key('p', uintToBytes(number, NUMBER_BYTES))
}

export function metaKey(name: 'head' | 'genesis' | 'oldestBlock'): Uint8Array {
  return key('m', utf8ToBytes(name))
}

function key(table: string, ...rest: readonly Uint8Array[]): Uint8Array {
  let size = 2
  for (const part of rest) size += part.length
  const bytes = new Uint8Array(size)
  bytes[0] = KEYSPACE.evm
  bytes[1] = table.charCodeAt(0)
  let at = 2
  for (const part of rest) {
    for (let i = 0; i < part.length; i++) bytes[at + i] = part[i] as number
    at += part.length
  }
  return bytes
}
