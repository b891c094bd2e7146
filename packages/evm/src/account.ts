import { assert, type Hash } from '@openliquid/primitives'
import { ByteSlab } from './byteSlab.ts'
import { keccak256 } from './keccak.ts'
import { EMPTY_TRIE_ROOT } from './trie.ts'
import { bytesWord, writeWord } from './word.ts'

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
export function encodeAccount(account: AccountRecord, slab?: ByteSlab): Uint8Array {
  return finish(writeUint(BigInt(account.incarnation), writeTrieAccount(account)), slab)
}

/** `encodeAccount` and `encodeTrieAccount` at once. */
export function encodeBothAccounts(
  account: AccountRecord,
  slab: ByteSlab,
): { readonly value: Uint8Array; readonly leaf: Uint8Array } {
  const end = writeTrieAccount(account)
  const leaf = finish(end, slab)
  return { leaf, value: finish(writeUint(BigInt(account.incarnation), end), slab) }
}

/** Reads what `encodeAccount` wrote. Hashes that most accounts share are the constants of this file, not copies. */
export function decodeAccount(bytes: Uint8Array): AccountRecord {
  assert(bytes[0] === LIST && bytes[1] === bytes.length - LIST_PREFIX_BYTES, 'an account is a list')
  cursor = LIST_PREFIX_BYTES
  // In the order of `encodeAccount`: object literals evaluate from top to bottom.
  const record = {
    nonce: readUint(bytes),
    balance: readUint(bytes),
    storageRoot: readHash(bytes, EMPTY_TRIE_ROOT),
    codeHash: readHash(bytes, EMPTY_CODE_HASH),
    incarnation: Number(readUint(bytes)),
  }
  assert(cursor === bytes.length, 'an account ends with its last field')
  return record
}

/** Leaf of the account trie, as in every Ethereum chain: the RLP of nonce, balance, storage root and code hash. */
export function encodeTrieAccount(account: AccountRecord, slab?: ByteSlab): Uint8Array {
  return finish(writeTrieAccount(account), slab)
}

// An account is encoded for every change of one: field by field into one buffer, without lists and copies in between.
const EMPTY_BYTES = 0x80
/** Integers below it stand for themselves. */
const SELF_END = 0x80n
const LOW_END = 1n << 64n
/** Prefix of a list of 56 to 255 bytes: the two hashes alone have 66, all fields at their longest 113. */
const LIST = 0xf8
const LIST_PREFIX_BYTES = 2
const scratch = new Uint8Array(256)
const word = new Uint8Array(32)
const wordView = new DataView(word.buffer)

/** Where the next field of the account that is read begins. */
let cursor = 0

function readUint(bytes: Uint8Array): bigint {
  const prefix = bytes[cursor++] as number
  if (prefix < EMPTY_BYTES) return BigInt(prefix)
  const start = cursor
  cursor += prefix - EMPTY_BYTES
  return bytesWord(bytes.subarray(start, cursor))
}

function readHash(bytes: Uint8Array, common: Hash): Hash {
  assert(bytes[cursor] === EMPTY_BYTES + common.length, 'a hash has 32 bytes')
  const start = cursor + 1
  cursor = start + common.length
  for (let i = 0; i < common.length; i++) {
    if (bytes[start + i] !== common[i]) return bytes.slice(start, cursor)
  }
  return common
}

/** @returns where the next field begins */
function writeTrieAccount({ nonce, balance, storageRoot, codeHash }: AccountRecord): number {
  let at = writeUint(balance, writeUint(nonce, LIST_PREFIX_BYTES))
  for (const hash of [storageRoot, codeHash]) {
    scratch[at++] = EMPTY_BYTES + hash.length
    for (let i = 0; i < hash.length; i++) scratch[at++] = hash[i] as number
  }
  return at
}

function writeUint(value: bigint, at: number): number {
  if (value < SELF_END) {
    scratch[at] = value === 0n ? EMPTY_BYTES : Number(value)
    return at + 1
  }
  writeWord(wordView, 0, value)
  let from = value < LOW_END ? word.length - 8 : 0
  while (word[from] === 0) from++
  const length = word.length - from
  scratch[at] = EMPTY_BYTES + length
  for (let i = 0; i < length; i++) scratch[at + 1 + i] = word[from + i] as number
  return at + 1 + length
}

function finish(end: number, slab: ByteSlab = new ByteSlab()): Uint8Array {
  scratch[0] = LIST
  scratch[1] = end - LIST_PREFIX_BYTES
  return slab.copy(scratch, end)
}
