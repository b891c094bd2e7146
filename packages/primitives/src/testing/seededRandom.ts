import { assert } from '../types/errors.ts'

/** Repeatable pseudo-random values for tests: the same seed gives the same sequence. Not for secrets. */
export class SeededRandom {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 32 bits, by mulberry32. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let word = this.#state
    word = Math.imul(word ^ (word >>> 15), word | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return (word ^ (word >>> 14)) >>> 0
  }

  /** From min to max, both included; their distance is below 2^32. */
  integer(min: number, max: number): number {
    assert(max >= min && max - min < 2 ** 32, 'range fits 32 bits')
    return min + (this.#next() % (max - min + 1))
  }

  boolean(): boolean {
    return (this.#next() & 1) === 1
  }

  bytes(size: number): Uint8Array {
    const bytes = new Uint8Array(size)
    for (let i = 0; i < size; i++) bytes[i] = this.#next() & 0xff
    return bytes
  }

  /** Unsigned, of at most that many bits; small values come often. */
  bigint(bits: number): bigint {
    const wanted = this.integer(1, bits)
    let value = 0n
    for (const byte of this.bytes(Math.ceil(wanted / 8))) value = (value << 8n) | BigInt(byte)
    return value & ((1n << BigInt(wanted)) - 1n)
  }

  pick<T>(items: readonly T[]): T {
    assert(items.length > 0, 'there is something to pick')
    return items[this.integer(0, items.length - 1)] as T
  }

  /** Up to `max` values. */
  list<T>(max: number, make: (random: SeededRandom) => T): T[] {
    return Array.from({ length: this.integer(0, max) }, () => make(this))
  }
}
