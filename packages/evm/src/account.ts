import type { Hash } from '@openliquid/primitives'
import { keccak256 } from './keccak.ts'
import { RecordReader } from './recordReader.ts'
import { decodeRlp, encodeRlp, uintToRlp } from './rlp.ts'
import { EMPTY_TRIE_ROOT } from './trie.ts'

/** Code hash of an account without code. */
export const EMPTY_CODE_HASH: Hash = keccak256(new Uint8Array(0))

/** An account as the flat table holds it. */
export interface AccountRecord {
  readonly nonce: bigint
  /** Wei. */
  readonly balance: bigint
  readonly codeHash: Hash
  /** Root of the storage trie after the last block that was applied. */
  readonly storageRoot: Hash
  /** Which of its storages counts: grows each time that a filled storage is cleared. */
  readonly incarnation: number
}

/** An account with nothing in it. */
export const NO_ACCOUNT: AccountRecord = {
  nonce: 0n,
  balance: 0n,
  codeHash: EMPTY_CODE_HASH,
  storageRoot: EMPTY_TRIE_ROOT,
  incarnation: 0,
}

/** Value in the flat table. */
export function encodeAccount(account: AccountRecord): Uint8Array {
  const { nonce, balance, storageRoot, codeHash, incarnation } = account
  return encodeRlp([
    uintToRlp(nonce),
    uintToRlp(balance),
    storageRoot,
    codeHash,
    uintToRlp(BigInt(incarnation)),
  ])
}

/** Reads what `encodeAccount` wrote. */
export function decodeAccount(bytes: Uint8Array): AccountRecord {
  const record = new RecordReader(decodeRlp(bytes, 1))
  // In the order of `encodeAccount`: object literals evaluate from top to bottom.
  return {
    nonce: record.uint(),
    balance: record.uint(),
    storageRoot: record.bytes(),
    codeHash: record.bytes(),
    incarnation: Number(record.uint()),
  }
}

/** Leaf of the account trie, as in every Ethereum chain. */
export function encodeTrieAccount(account: AccountRecord): Uint8Array {
  const { nonce, balance, storageRoot, codeHash } = account
  return encodeRlp([uintToRlp(nonce), uintToRlp(balance), storageRoot, codeHash])
}
