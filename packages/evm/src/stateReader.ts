import { type Address, assert, bytesToUint, type Hash } from '@openliquid/primitives'
import { type AccountRecord, decodeAccount, EMPTY_CODE_HASH } from './account.ts'
import { byteText } from './byteText.ts'
import { accountKey, codeKey, incarnationKey, slotKey } from './keys.ts'
import type { LruCache } from './lruCache.ts'
import type { StoreReader } from './versionedStore.ts'

const NOTHING: Uint8Array = new Uint8Array(0)

/** Accounts, slots and code of one state. */
export interface StateSource {
  account(address: Address): AccountRecord | undefined
  /** Without leading zeros; empty for zero. */
  slot(address: Address, incarnation: number, slot: Uint8Array): Uint8Array
  code(codeHash: Hash): Uint8Array
}

/** Accounts, slots and code of one version of the state: one look-up each, no trie. */
export class StateReader implements StateSource {
  readonly #store: StoreReader
  readonly #codes: LruCache

  /** @param codes - shared by all readers: code never changes under its hash */
  constructor(store: StoreReader, codes: LruCache) {
    this.#store = store
    this.#codes = codes
  }

  account(address: Address): AccountRecord | undefined {
    const value = this.#store.read(accountKey(address))
    return value === undefined ? undefined : decodeAccount(value)
  }

  /** Without leading zeros; empty for zero. */
  slot(address: Address, incarnation: number, slot: Uint8Array): Uint8Array {
    return this.#store.read(slotKey(address, incarnation, slot)) ?? NOTHING
  }

  /** What the storage of an account that comes into being counts as. */
  nextIncarnation(address: Address): number {
    const value = this.#store.read(incarnationKey(address))
    return value === undefined ? 0 : Number(bytesToUint(value))
  }

  code(codeHash: Hash): Uint8Array {
    const text = byteText(codeHash)
    if (text === EMPTY_CODE_TEXT) return NOTHING
    const known = this.#codes.get(text)
    if (known !== undefined) return known
    const code = this.#store.read(codeKey(codeHash))
    assert(code !== undefined, 'the code of an account is in the store')
    this.#codes.set(text, code)
    return code
  }
}

const EMPTY_CODE_TEXT = byteText(EMPTY_CODE_HASH)
