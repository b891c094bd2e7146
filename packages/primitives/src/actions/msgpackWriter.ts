import { utf8ToBytes } from '../codec/bytes.ts'
import { assert } from '../types/errors.ts'

const POWER_32 = 4_294_967_296

/**
 * Writes msgpack in its one canonical form: every length and integer in the fewest bytes, no floats.
 *
 * Grows as needed; whoever uses it bounds what it writes.
 */
export class MsgpackWriter {
  #bytes = new Uint8Array(256)
  #at = 0

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }

  nil(): void {
    this.#byte(0xc0)
  }

  boolean(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2)
  }

  /** @param value - a safe integer */
  integer(value: number): void {
    assert(Number.isSafeInteger(value), 'msgpack integer is safe')
    if (value >= 0) {
      if (value < 0x80) this.#byte(value)
      else if (value < 0x100) this.#sized(0xcc, value, 1)
      else if (value < 0x1_0000) this.#sized(0xcd, value, 2)
      else if (value < POWER_32) this.#sized(0xce, value, 4)
      else this.#sized(0xcf, value, 8)
    } else if (value >= -0x20) this.#byte(0x100 + value)
    else if (value >= -0x80) this.#sized(0xd0, value, 1)
    else if (value >= -0x8000) this.#sized(0xd1, value, 2)
    else if (value >= -0x8000_0000) this.#sized(0xd2, value, 4)
    else this.#sized(0xd3, value, 8)
  }

  text(value: string): void {
    const bytes = utf8ToBytes(value)
    const size = bytes.length
    if (size < 0x20) this.#byte(0xa0 + size)
    else if (size < 0x100) this.#sized(0xd9, size, 1)
    else if (size < 0x1_0000) this.#sized(0xda, size, 2)
    else this.#sized(0xdb, size, 4)
    this.raw(bytes)
  }

  arrayHeader(count: number): void {
    if (count < 0x10) this.#byte(0x90 + count)
    else if (count < 0x1_0000) this.#sized(0xdc, count, 2)
    else this.#sized(0xdd, count, 4)
  }

  mapHeader(count: number): void {
    if (count < 0x10) this.#byte(0x80 + count)
    else if (count < 0x1_0000) this.#sized(0xde, count, 2)
    else this.#sized(0xdf, count, 4)
  }

  /** Bytes that are msgpack already. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  #byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#at++] = value
  }

  /** A head byte and a big-endian two's complement integer. */
  #sized(head: number, value: number, size: 1 | 2 | 4 | 8): void {
    this.#byte(head)
    this.#reserve(size)
    const high = Math.floor(value / POWER_32)
    for (let i = size - 1, shift = 0; i >= 0; i--, shift += 8) {
      this.#bytes[this.#at + i] = shift < 32 ? value >>> shift : high >>> (shift - 32)
    }
    this.#at += size
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#at + size))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}
