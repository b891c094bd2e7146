/** Byte values by text, bounded by their size; the least recently used go first. */
export class LruCache {
  readonly #bytesMax: number
  readonly #values = new Map<string, Uint8Array>()
  #bytes: number = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get(key: string): Uint8Array | undefined {
    const value = this.#values.get(key)
    if (value === undefined) return undefined
    this.#values.delete(key)
    this.#values.set(key, value)
    return value
  }

  set(key: string, value: Uint8Array): void {
    this.delete(key)
    this.#values.set(key, value)
    this.#bytes += sizeOf(key, value)
    for (const [oldest] of this.#values) {
      if (this.#bytes <= this.#bytesMax) break
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    const value = this.#values.get(key)
    if (value === undefined) return
    this.#values.delete(key)
    this.#bytes -= sizeOf(key, value)
  }
}

/** What an entry costs beside its bytes: map slot, string and array headers. */
const ENTRY_BYTES = 128

function sizeOf(key: string, value: Uint8Array): number {
  return key.length + value.length + ENTRY_BYTES
}
