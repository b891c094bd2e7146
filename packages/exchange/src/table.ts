import { type ByteReader, type ByteWriter, corrupt } from './byteCodec.ts'
import type { EntryWriter } from './entryRows.ts'
import type { Journal, Undoer } from './journal.ts'

/** How the entries of one table are stored. `tag` is the second byte of every key, after `c`. */
export interface TableSpec<K, V> {
  readonly tag: number
  readonly writeKey: (out: ByteWriter, key: K) => void
  readonly readKey: (input: ByteReader) => K
  readonly write: (out: ByteWriter, value: V) => void
  readonly read: (input: ByteReader) => V
}

/** Called after a change, for what is derived from the entries. Undoing is a change too. */
export type ChangeHook<K, V> = (key: K, previous: V | undefined, next: V | undefined) => void

/** What the state does with every table alike. */
export interface StoredTable {
  readonly tag: number
  /** Writes down the entries that changed since the last drain, in no particular order. */
  drain(out: EntryWriter): void
  load(key: ByteReader, value: ByteReader): void
}

/** The `c` of design and keyspace: first byte of every stored key of the Core. */
export const CORE_PREFIX = 0x63

/**
 * Entries of one kind, by an integer or a hex string. Values are immutable: a change replaces them.
 *
 * Never iterate where the order could be seen: it follows history, and a loaded machine has another one.
 */
export class Table<K extends string | number, V> implements StoredTable, Undoer {
  readonly #spec: TableSpec<K, V>
  readonly #journal: Journal
  readonly #onChange: ChangeHook<K, V>
  readonly #entries = new Map<K, V>()
  readonly #changed = new Set<K>()

  constructor(spec: TableSpec<K, V>, journal: Journal, onChange: ChangeHook<K, V>) {
    this.#spec = spec
    this.#journal = journal
    this.#onChange = onChange
  }

  get tag(): number {
    return this.#spec.tag
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  has(key: K): boolean {
    return this.#entries.has(key)
  }

  /** In no order that means anything. */
  keys(): IterableIterator<K> {
    return this.#entries.keys()
  }

  /** In no order that means anything. */
  entries(): IterableIterator<[K, V]> {
    return this.#entries.entries()
  }

  set(key: K, value: V | undefined): void {
    const previous = this.#entries.get(key)
    if (previous === value) return
    if (this.#journal.isOpen) {
      this.#journal.pushValue(previous)
      this.#journal.pushValue(key)
      this.#journal.note(this)
    }
    this.#put(key, value)
  }

  takeBack(): void {
    const key = this.#journal.popValue() as K
    this.#put(key, this.#journal.popValue() as V | undefined)
  }

  /** Hands over and forgets the changes, in no particular order. */
  drain(out: EntryWriter): void {
    for (const key of this.#changed) {
      this.#spec.writeKey(out.u8(CORE_PREFIX).u8(this.tag), key)
      out.endKey()
      const value = this.#entries.get(key)
      if (value === undefined) {
        out.remove()
        continue
      }
      this.#spec.write(out, value)
      out.endValue()
    }
    this.#changed.clear()
  }

  load(key: ByteReader, value: ByteReader): void {
    const loaded = this.#spec.readKey(key)
    key.end()
    const entry = this.#spec.read(value)
    value.end()
    if (this.#entries.has(loaded)) throw corrupt('an entry stands twice')
    this.#entries.set(loaded, entry)
    this.#onChange(loaded, undefined, entry)
  }

  #put(key: K, value: V | undefined): void {
    const previous = this.#entries.get(key)
    if (value === undefined) this.#entries.delete(key)
    else this.#entries.set(key, value)
    this.#changed.add(key)
    this.#onChange(key, previous, value)
  }
}

/** Entries that belong to an owner and a number, as positions do: user and perp. */
export class OwnedTable<V> implements StoredTable, Undoer {
  readonly #spec: TableSpec<readonly [owner: string, id: number], V>
  readonly #journal: Journal
  readonly #onChange: (
    owner: string,
    id: number,
    previous: V | undefined,
    next: V | undefined,
  ) => void
  readonly #owners = new Map<string, Map<number, V>>()
  readonly #changed = new Map<string, Set<number>>()

  constructor(
    spec: TableSpec<readonly [owner: string, id: number], V>,
    journal: Journal,
    onChange: (owner: string, id: number, previous: V | undefined, next: V | undefined) => void,
  ) {
    this.#spec = spec
    this.#journal = journal
    this.#onChange = onChange
  }

  get tag(): number {
    return this.#spec.tag
  }

  get(owner: string, id: number): V | undefined {
    return this.#owners.get(owner)?.get(id)
  }

  /** All of one owner, in no order that means anything. */
  of(owner: string): ReadonlyMap<number, V> {
    return this.#owners.get(owner) ?? NONE
  }

  /** In no order that means anything. */
  owners(): IterableIterator<[string, ReadonlyMap<number, V>]> {
    return this.#owners.entries()
  }

  set(owner: string, id: number, value: V | undefined): void {
    const previous = this.get(owner, id)
    if (previous === value) return
    if (this.#journal.isOpen) {
      this.#journal.pushValue(previous)
      this.#journal.pushValue(owner)
      this.#journal.pushNumber(id)
      this.#journal.note(this)
    }
    this.#put(owner, id, value)
  }

  takeBack(): void {
    const id = this.#journal.popNumber()
    const owner = this.#journal.popValue() as string
    this.#put(owner, id, this.#journal.popValue() as V | undefined)
  }

  drain(out: EntryWriter): void {
    for (const [owner, ids] of this.#changed) {
      for (const id of ids) {
        this.#spec.writeKey(out.u8(CORE_PREFIX).u8(this.tag), [owner, id])
        out.endKey()
        const value = this.get(owner, id)
        if (value === undefined) {
          out.remove()
          continue
        }
        this.#spec.write(out, value)
        out.endValue()
      }
    }
    this.#changed.clear()
  }

  load(key: ByteReader, value: ByteReader): void {
    const [owner, id] = this.#spec.readKey(key)
    key.end()
    const entry = this.#spec.read(value)
    value.end()
    if (this.get(owner, id) !== undefined) throw corrupt('an entry stands twice')
    this.#store(owner, id, entry)
    this.#onChange(owner, id, undefined, entry)
  }

  #put(owner: string, id: number, value: V | undefined): void {
    const previous = this.get(owner, id)
    this.#store(owner, id, value)
    const changed = this.#changed.get(owner)
    if (changed === undefined) this.#changed.set(owner, new Set([id]))
    else changed.add(id)
    this.#onChange(owner, id, previous, value)
  }

  #store(owner: string, id: number, value: V | undefined): void {
    const owned = this.#owners.get(owner)
    if (value !== undefined) {
      if (owned === undefined) this.#owners.set(owner, new Map([[id, value]]))
      else owned.set(id, value)
      return
    }
    if (owned === undefined) return
    owned.delete(id)
    if (owned.size === 0) this.#owners.delete(owner)
  }
}

const NONE: ReadonlyMap<number, never> = new Map<number, never>()
