import type { Hash } from '@openliquid/primitives'
import { keccak256 } from './keccak.ts'
import { RecordReader } from './recordReader.ts'
import { decodeRlp } from './rlp.ts'
import { EMPTY_TRIE_ROOT } from './trie.ts'
import { writeWord } from './word.ts'

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

/** Value in the flat table: the leaf of the account trie with the incarnation at its end. */
export function encodeAccount(account: AccountRecord): Uint8Array {
  return finish(writeUint(BigInt(account.incarnation), writeTrieAccount(account)))
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

/** Leaf of the account trie, as in every Ethereum chain: the RLP of nonce, balance, storage root and code hash. */
export function encodeTrieAccount(account: AccountRecord): Uint8Array {
  return finish(writeTrieAccount(account))
}

// An account is encoded for every change of one: field by field into one buffer, without lists and copies in between.
const EMPTY_BYTES = 0x80
/** Prefix of a list of 56 to 255 bytes: the two hashes alone have 66, all fields at their longest 113. */
const LIST = 0xf8
const LIST_PREFIX_BYTES = 2
const scratch = new Uint8Array(256)
const word = new Uint8Array(32)
const wordView = new DataView(word.buffer)

/** @returns where the next field begins */
function writeTrieAccount({ nonce, balance, storageRoot, codeHash }: AccountRecord): number {
  let at = writeUint(balance, writeUint(nonce, LIST_PREFIX_BYTES))
  for (const hash of [storageRoot, codeHash]) {
    scratch[at] = EMPTY_BYTES + hash.length
    scratch.set(hash, at + 1)
    at += 1 + hash.length
  }
  return at
}

function writeUint(value: bigint, at: number): number {
  writeWord(wordView, 0, value)
  let from = 0
  while (from < word.length && word[from] === 0) from++
  const length = word.length - from
  if (length === 1 && (word[from] as number) < EMPTY_BYTES) {
    scratch[at] = word[from] as number
    return at + 1
  }
  scratch[at] = EMPTY_BYTES + length
  for (let i = 0; i < length; i++) scratch[at + 1 + i] = word[from + i] as number
  return at + 1 + length
}

function finish(end: number): Uint8Array {
  scratch[0] = LIST
  scratch[1] = end - LIST_PREFIX_BYTES
  return scratch.slice(0, end)
}
