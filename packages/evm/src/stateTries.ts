import { type Address, assert } from '@openliquid/primitives'
import { type AccountRecord, encodeTrieAccount } from './account.ts'
import type { ByteSlab } from './byteSlab.ts'
import { byteText, textBytes } from './byteText.ts'
import { keccak256, keccakInto } from './keccak.ts'
import { accountTrieKey, storageTrieKey } from './keys.ts'
import { LruCache } from './lruCache.ts'
import { encodeRlp } from './rlp.ts'
import { StateReader } from './stateReader.ts'
import type { TrieTable } from './trie.ts'
import type { StoreReader } from './versionedStore.ts'

/** A state with the stored nodes of its tries. */
export interface TrieState {
  /** The record of the node under a key of the store, a byte a character. */
  readNode(key: string): Uint8Array | undefined
  account(address: Address): AccountRecord | undefined
  /** Without leading zeros. */
  slot(address: Address, incarnation: number, slot: Uint8Array): Uint8Array
}

/** Of a store, without a cache of nodes. */
export function trieStateOf(store: StoreReader): TrieState {
  const state = new StateReader(store, new LruCache(0))
  return {
    readNode: (key) => store.read(textBytes(key)),
    account: (address) => state.account(address),
    slot: (address, incarnation, slot) => state.slot(address, incarnation, slot),
  }
}

/** A table with what keys of its trie's nodes begin with, a byte a character. */
export interface StateTrie extends TrieTable {
  readonly owner: string
}

const HASH_BYTES = 32
const ACCOUNTS = byteText(accountTrieKey())

/** The account trie: address to account. */
export function accountTrie(state: TrieState): StateTrie {
  return {
    owner: ACCOUNTS,
    readNode: (path) => state.readNode(ACCOUNTS + path),
    pathOf: hashedPath,
    valueOf: (address) => {
      const record = state.account(address)
      assert(record !== undefined, 'a leaf of the account trie is an account')
      return encodeTrieAccount(record)
    },
  }
}

/** The storage trie of an account: slot to value. */
export function storageTrie(state: TrieState, address: Address, incarnation: number): StateTrie {
  const owner = byteText(storageTrieKey(address, incarnation))
  return {
    owner,
    readNode: (path) => state.readNode(owner + path),
    pathOf: hashedPath,
    valueOf: (slot) => encodeRlp(state.slot(address, incarnation, slot)),
  }
}

function hashedPath(key: Uint8Array, slab?: ByteSlab): Uint8Array {
  if (slab === undefined) return keccak256(key)
  const path = slab.take(HASH_BYTES)
  keccakInto(key, path, 0)
  return path
}
