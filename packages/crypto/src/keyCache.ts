import { bytesToHex } from '@openliquid/primitives'
import { PUBLIC_KEYS_CACHED_MAX } from './limits.ts'

/**
 * Remembers public keys that were parsed and group-checked; the oldest goes when it is full.
 *
 * Keys that fail the check are not remembered, so that nobody can push good ones out with garbage.
 */
export class KeyCache<Key> {
  readonly #parse: (bytes: Uint8Array) => Key | undefined
  readonly #keys = new Map<string, Key>()

  /** @param parse - checks the group; `undefined` refuses */
  constructor(parse: (bytes: Uint8Array) => Key | undefined) {
    this.#parse = parse
  }

  get(bytes: Uint8Array): Key | undefined {
    const id = bytesToHex(bytes)
    const known = this.#keys.get(id)
    if (known !== undefined) return known

    const key = this.#parse(bytes)
    if (key === undefined) return undefined
    if (this.#keys.size >= PUBLIC_KEYS_CACHED_MAX) {
      for (const oldest of this.#keys.keys()) {
        this.#keys.delete(oldest)
        break
      }
    }
    this.#keys.set(id, key)
    return key
  }

  get size(): number {
    return this.#keys.size
  }
}
