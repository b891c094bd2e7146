import { ByteSlab } from './byteSlab.ts'
import { textBytes } from './byteText.ts'

/** What an entry costs beside its record, about: its key, its place in the map, the view of its bytes. */
const ENTRY_BYTES = 256

/** Records that came in while the generation was the newest. */
class Generation {
  readonly records = new Map<string, Uint8Array>()
  readonly #slab = new ByteSlab()
  bytes: number = 0

  add(text: string, record: Uint8Array): Uint8Array {
    const kept = this.#slab.copy(record)
    this.records.set(text, kept)
    this.bytes += ENTRY_BYTES + record.length
    return kept
  }
}

/**
 * Records of trie nodes of the newest state. When those that came in or were asked for since the last change take half of
 * the memory, all others are let go at once. The top of a trie is asked for in every block, so it stays.
 *
 * Only the executor uses it: readers of older states would see nodes of newer ones.
 */
export class NodeCache {
  readonly #generationBytesMax: number
  #young: Generation = new Generation()
  #old: Generation = new Generation()

  constructor(bytesMax: number) {
    this.#generationBytesMax = bytesMax / 2
  }

  /** The record under a key of the store, good until the next `set`. @param read - called with the key if it is not in memory */
  get(text: string, read: (key: Uint8Array) => Uint8Array | undefined): Uint8Array | undefined {
    const known = this.#young.records.get(text)
    if (known !== undefined) return known
    const record = this.#old.records.get(text) ?? read(textBytes(text))
    return record === undefined ? undefined : this.#add(text, record)
  }

  /** A record that was written; `undefined` for one that is gone. */
  set(text: string, record: Uint8Array | undefined): void {
    if (record !== undefined) {
      const known = this.#young.records.get(text)
      // Most new versions are as long as the old one and take its place.
      if (known?.length === record.length) known.set(record)
      else this.#add(text, record)
      return
    }
    this.#young.records.delete(text)
    this.#old.records.delete(text)
  }

  #add(text: string, record: Uint8Array): Uint8Array {
    if (this.#young.bytes >= this.#generationBytesMax) {
      this.#old = this.#young
      this.#young = new Generation()
    }
    return this.#young.add(text, record)
  }
}
