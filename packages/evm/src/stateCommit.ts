import {
  type Address,
  equalBytes,
  type Hash,
  uintToBytes,
  type Write,
} from '@openliquid/primitives'
import { type AccountRecord, encodeAccount, encodeBothAccounts } from './account.ts'
import { ByteSlab } from './byteSlab.ts'
import { byteText, textBytes } from './byteText.ts'
import type { AccountChange, StateChanges } from './journaledState.ts'
import { accountsKey, codeKey, incarnationKey, slotKey } from './keys.ts'
import { encodeRlp } from './rlp.ts'
import { accountTrie, type StateTrie, storageTrie, type TrieState } from './stateTries.ts'
import { EMPTY_TRIE_ROOT, type TrieChange, updateTrie } from './trie.ts'

/** What a block's changes come to on disk. */
export interface StateCommit {
  readonly root: Hash
  readonly writes: readonly Write[]
  /** Old values of the flat tables, for those who still read the state before. */
  readonly replaced: ReadonlyMap<string, Uint8Array | undefined>
  /** The records of trie nodes among the writes. */
  readonly nodes: readonly (readonly [key: string, record: Uint8Array | undefined])[]
}

/** What the commit must know of the state before. */
export interface CommitReader extends TrieState {
  nextIncarnation(address: Address): number
}

/** Nothing was there before. */
export const NO_STATE: CommitReader = {
  readNode: () => undefined,
  account: () => undefined,
  slot: () => new Uint8Array(0),
  nextIncarnation: () => 0,
}

/**
 * Turns changes into writes and the new root: flat tables, storage tries, account trie.
 *
 * Deterministic: changes are in byte order, and so are the writes.
 *
 * @see docs/spec/evm.md §6
 */
export function commitState(root: Hash, changes: StateChanges, reader: CommitReader): StateCommit {
  return new Commit(reader).run(root, changes)
}

const ACCOUNTS = byteText(accountsKey())

class Commit {
  readonly #reader: CommitReader
  readonly #slab = new ByteSlab()
  readonly #writes: Write[] = []
  readonly #nodes: (readonly [string, Uint8Array | undefined])[] = []
  readonly #nodeWrites: Write[] = []
  readonly #replaced = new Map<string, Uint8Array | undefined>()

  constructor(reader: CommitReader) {
    this.#reader = reader
  }

  run(root: Hash, changes: StateChanges): StateCommit {
    for (const [hash, code] of changes.codes) this.#writes.push([codeKey(hash), code])
    const leaves = changes.accounts.map((change) => this.#commitAccount(change))
    return {
      root: this.#commitTrie(root, leaves, accountTrie(this.#reader)),
      writes: this.#writes.concat(this.#nodeWrites),
      replaced: this.#replaced,
      nodes: this.#nodes,
    }
  }

  #commitAccount(change: AccountChange): TrieChange {
    const { address, text, before, after } = change
    const incarnation = this.#incarnationAfter(change)
    const storageRoot = this.#commitSlots(change, incarnation)
    const record: AccountRecord | undefined =
      after === undefined ? undefined : { ...after, storageRoot, incarnation }
    const encoded = record === undefined ? undefined : encodeBothAccounts(record, this.#slab)
    this.#replaceText(
      ACCOUNTS + text,
      before === undefined ? undefined : encodeAccount(before, this.#slab),
      encoded?.value,
    )
    return [address, encoded?.leaf]
  }

  /** Clearing a filled storage starts a new one beside it, so that nothing has to be deleted now. */
  #incarnationAfter({ address, before, cleared }: AccountChange): number {
    if (before === undefined) return this.#reader.nextIncarnation(address)
    if (!cleared) return before.incarnation
    const next = before.incarnation + 1
    const known = this.#reader.nextIncarnation(address)
    this.#replace(
      incarnationKey(address),
      known === 0 ? undefined : uintToBytes(known, 4),
      uintToBytes(next, 4),
    )
    return next
  }

  #commitSlots({ address, before, cleared, slots }: AccountChange, incarnation: number): Hash {
    const root = before === undefined || cleared ? EMPTY_TRIE_ROOT : before.storageRoot
    if (slots.length === 0) return root
    const leaves: TrieChange[] = []
    for (const { slot, before: old, after } of slots) {
      this.#replace(slotKey(address, incarnation, slot), absentIfZero(old), absentIfZero(after))
      leaves.push([slot, after.length === 0 ? undefined : encodeRlp(after)])
    }
    return this.#commitTrie(root, leaves, storageTrie(this.#reader, address, incarnation))
  }

  #commitTrie(root: Hash, leaves: readonly TrieChange[], trie: StateTrie): Hash {
    const update = updateTrie(root, leaves, trie, this.#slab)
    for (const { path, record } of update.writes) {
      const key = trie.owner + path
      this.#nodeWrites.push([textBytes(key, this.#slab), record])
      this.#nodes.push([key, record])
    }
    return update.root
  }

  #replace(key: Uint8Array, old: Uint8Array | undefined, value: Uint8Array | undefined): void {
    this.#replaceText(byteText(key), old, value)
  }

  /** @param key - a byte a character */
  #replaceText(key: string, old: Uint8Array | undefined, value: Uint8Array | undefined): void {
    if (old !== undefined && value !== undefined && equalBytes(old, value)) return
    this.#writes.push([textBytes(key, this.#slab), value])
    this.#replaced.set(key, old)
  }
}

function absentIfZero(value: Uint8Array): Uint8Array | undefined {
  return value.length === 0 ? undefined : value
}
