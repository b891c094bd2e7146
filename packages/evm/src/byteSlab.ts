/** First chunk of a slab; each further one is twice as large as the one before, up to the largest. */
const CHUNK_BYTES_MIN = 256
const CHUNK_BYTES_MAX = 262_144
const LOOP_BYTES_MAX = 128

/**
 * Memory for many small arrays of bytes: an array of its own costs more than most of them take to fill.
 *
 * Arrays of one slab keep each other's chunk alive, so a slab is for what is let go together.
 */
export class ByteSlab {
  #chunk: ArrayBuffer = new ArrayBuffer(0)
  #used: number = 0

  /** Bytes that nobody else has. */
  take(size: number): Uint8Array {
    if (this.#used + size > this.#chunk.byteLength) {
      const doubled = Math.min(CHUNK_BYTES_MAX, 2 * this.#chunk.byteLength)
      this.#chunk = new ArrayBuffer(Math.max(CHUNK_BYTES_MIN, doubled, size))
      this.#used = 0
    }
    const bytes = new Uint8Array(this.#chunk, this.#used, size)
    this.#used += size
    return bytes
  }

  /** The first `size` bytes of an array, all of them if not given. */
  copy(bytes: Uint8Array, size: number = bytes.length): Uint8Array {
    const copied = this.take(size)
    // A loop for the few bytes that nearly all have: a call of `set` costs more.
    if (size <= LOOP_BYTES_MAX) for (let i = 0; i < size; i++) copied[i] = bytes[i] as number
    else copied.set(size === bytes.length ? bytes : bytes.subarray(0, size))
    return copied
  }
}
