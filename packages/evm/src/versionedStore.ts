import { assert, type KeyValueStore, type Write } from '@openliquid/primitives'
import { byteText } from './byteText.ts'

/** Reads one consistent state. */
export interface StoreReader {
  read(key: Uint8Array): Uint8Array | undefined
}

type Values = ReadonlyMap<string, Uint8Array | undefined>

/** Writes of an applied block on their way to disk, and the values that they replace. */
interface Replacement {
  readonly written: Values
  readonly replaced: Values
}

/**
 * The state after one block. It knows what the next block replaced, so whoever holds an old version goes on reading it
 * unchanged while newer blocks are applied and reach the disk.
 */
class StateVersion implements StoreReader {
  readonly #store: VersionedStore
  #next: { readonly version: StateVersion; readonly replaced: Values } | undefined

  constructor(store: VersionedStore) {
    this.#store = store
  }

  read(key: Uint8Array): Uint8Array | undefined {
    const text = byteText(key)
    let next = this.#next
    while (next !== undefined) {
      if (next.replaced.has(text)) return next.replaced.get(text)
      next = next.version.#next
    }
    return this.#store.readNewest(key, text)
  }

  follow(replaced: Values): StateVersion {
    assert(this.#next === undefined, 'a version has one successor')
    const version = new StateVersion(this.#store)
    this.#next = { version, replaced }
    return version
  }

  get next(): StateVersion | undefined {
    return this.#next?.version
  }
}

/**
 * The store as a line of versions: `tip` includes every applied block, `accepted` those that are on disk.
 *
 * Nobody who reads `accepted` sees a block before it is accepted, although its batch may have reached the disk.
 */
export class VersionedStore {
  readonly #store: KeyValueStore
  readonly #pending: Replacement[] = []
  #tip: StateVersion
  #accepted: StateVersion

  constructor(store: KeyValueStore) {
    this.#store = store
    this.#tip = new StateVersion(this)
    this.#accepted = this.#tip
  }

  get tip(): StoreReader {
    return this.#tip
  }

  get accepted(): StoreReader {
    return this.#accepted
  }

  /**
   * Adds an applied block on top.
   *
   * @param replaced - old values of all keys whose old values a reader of an older version may ask for
   */
  push(writes: readonly Write[], replaced: Values): void {
    const written = new Map(writes.map(([key, value]) => [byteText(key), value]))
    this.#pending.push({ written, replaced })
    this.#tip = this.#tip.follow(replaced)
  }

  /** The oldest pending block is on disk. */
  accept(): void {
    const next = this.#accepted.next
    assert(this.#pending.length > 0 && next !== undefined, 'a block is pending')
    this.#pending.shift()
    this.#accepted = next
  }

  /** For versions: the newest value, wherever it is. */
  readNewest(key: Uint8Array, text: string): Uint8Array | undefined {
    for (let i = this.#pending.length - 1; i >= 0; i--) {
      const written = this.#pending[i]?.written
      if (written?.has(text)) return written.get(text)
    }
    return this.#store.get(key)
  }
}
