import { assert, bytesToHex, bytesToUint, type Hex, hexToBytes } from '@openliquid/primitives'
import { CoreStateError } from './errors.ts'
import { grownLength, KeptRoom } from './growth.ts'

const TWO_32 = 4_294_967_296
const U64_MAX = 18_446_744_073_709_551_615n
const I64_MAX = 9_223_372_036_854_775_807n
/** Bytes that a writer has room for at first. */
const FIRST_BYTES = 1_024
const UTF8_OUT = new TextEncoder()
const UTF8_IN = new TextDecoder('utf-8', { fatal: true })

/** Builds the canonical bytes of stored keys and values: integers big-endian, fixed width. */
export class ByteWriter {
  #bytes = new Uint8Array(FIRST_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #size = 0
  readonly #room = new KeptRoom()

  /** Bytes written. */
  get size(): number {
    return this.#size
  }

  /** Where they are, and room behind them: another array when there was not enough. */
  get memory(): Uint8Array {
    return this.#bytes
  }

  /** Begins anew, in the same memory, or in half of it when little was used for a while. */
  clear(): void {
    const kept = this.#room.lengthAfter(this.#bytes.length, this.#size, FIRST_BYTES)
    if (kept !== this.#bytes.length) this.#setBytes(new Uint8Array(kept))
    this.#size = 0
  }

  /** What was written, as bytes of their own; begins anew. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#size)
    this.clear()
    return taken
  }

  u8(value: number): this {
    assert(Number.isInteger(value) && value >= 0 && value < 256, 'u8 out of range')
    const at = this.#grow(1)
    this.#view.setUint8(at, value)
    return this
  }

  bool(value: boolean): this {
    return this.u8(value ? 1 : 0)
  }

  u32(value: number): this {
    assert(Number.isInteger(value) && value >= 0 && value < TWO_32, 'u32 out of range')
    const at = this.#grow(4)
    this.#view.setUint32(at, value)
    return this
  }

  /** A safe integer in eight bytes. */
  u53(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, 'u53 out of range')
    const at = this.#grow(8)
    const high = Math.floor(value / TWO_32)
    this.#view.setUint32(at, high)
    this.#view.setUint32(at + 4, value - high * TWO_32)
    return this
  }

  /** As `u53` of each: room is made once for all. */
  u53s(values: readonly number[]): this {
    const at = this.#grow(8 * values.length)
    const view = this.#view
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number
      assert(Number.isSafeInteger(value) && value >= 0, 'u53 out of range')
      const high = Math.floor(value / TWO_32)
      view.setUint32(at + 8 * i, high)
      view.setUint32(at + 8 * i + 4, value - high * TWO_32)
    }
    return this
  }

  /** A signed safe integer in eight bytes of two's complement. */
  i53(value: number): this {
    assert(Number.isSafeInteger(value), 'i53 out of range')
    const at = this.#grow(8)
    const high = Math.floor(value / TWO_32)
    this.#view.setInt32(at, high)
    this.#view.setUint32(at + 4, value - high * TWO_32)
    return this
  }

  u64(value: bigint): this {
    assert(value >= 0n && value <= U64_MAX, 'u64 out of range')
    const at = this.#grow(8)
    this.#view.setBigUint64(at, value)
    return this
  }

  i64(value: bigint): this {
    assert(value >= -I64_MAX && value <= I64_MAX, 'i64 out of range')
    const at = this.#grow(8)
    this.#view.setBigInt64(at, value)
    return this
  }

  /** An integer of any size: sign (0 or 1) and length in one byte each, then the magnitude without leading zeros. */
  integer(value: bigint): this {
    const magnitude = value < 0n ? -value : value
    const digits = magnitude === 0n ? '' : magnitude.toString(16)
    const size = (digits.length + 1) >> 1
    this.u8(value < 0n ? 1 : 0).u8(size)
    const at = this.#grow(size)
    const even = digits.padStart(2 * size, '0')
    for (let i = 0; i < size; i++) {
      this.#bytes[at + i] = Number.parseInt(even.slice(2 * i, 2 * i + 2), 16)
    }
    return this
  }

  /** As `integer`, of a safe integer. */
  safeInteger(value: number): this {
    assert(Number.isSafeInteger(value), 'a safe integer out of range')
    const rest = Math.abs(value)
    // By halves, for these divisions of doubles are what it costs.
    const high = Math.floor(rest / TWO_32)
    const low = (rest - high * TWO_32) | 0
    const size = high === 0 ? (39 - Math.clz32(low)) >> 3 : 4 + ((39 - Math.clz32(high)) >> 3)
    const at = this.#grow(2 + size)
    const bytes = this.#bytes
    bytes[at] = value < 0 ? 1 : 0
    bytes[at + 1] = size
    for (let i = 0; i < size; i++) {
      const shift = 8 * (size - 1 - i)
      bytes[at + 2 + i] = shift < 32 ? low >>> shift : high >>> (shift - 32)
    }
    return this
  }

  /** A part of an array. */
  part(value: Uint8Array, from: number, size: number): this {
    const at = this.#grow(size)
    for (let i = 0; i < size; i++) this.#bytes[at + i] = value[from + i] as number
    return this
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length)
    this.#bytes.set(value, at)
    return this
  }

  /** Hex digits of a known length. */
  hex(text: string, size: number): this {
    return this.bytes(hexToBytes(text, size))
  }

  /** UTF-8 behind its length in two bytes. */
  text(value: string): this {
    const bytes = UTF8_OUT.encode(value)
    assert(bytes.length < 65_536, 'text too long')
    const at = this.#grow(2)
    this.#view.setUint16(at, bytes.length)
    return this.bytes(bytes)
  }

  /** Reserves room and says where it starts. It may replace bytes and view: ask before touching them. */
  #grow(size: number): number {
    const at = this.#size
    this.#size = at + size
    if (this.#size > this.#bytes.length) {
      // Not in place: a view of shared memory writes in several times as long.
      const longer = new Uint8Array(grownLength(this.#size))
      longer.set(this.#bytes)
      this.#setBytes(longer)
    }
    return at
  }

  #setBytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }
}

/** Reads what a `ByteWriter` wrote; anything else is a `CoreStateError`. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  /** Refuses trailing bytes. */
  end(): void {
    if (this.remaining !== 0) throw corrupt('trailing bytes')
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  bool(): boolean {
    const value = this.u8()
    if (value > 1) throw corrupt('a flag is neither 0 nor 1')
    return value === 1
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4))
  }

  u53(): number {
    const at = this.#take(8)
    const value = this.#view.getUint32(at) * TWO_32 + this.#view.getUint32(at + 4)
    if (!Number.isSafeInteger(value)) throw corrupt('an integer above 2^53')
    return value
  }

  i53(): number {
    const value = Number(this.i64())
    if (!Number.isSafeInteger(value)) throw corrupt('an integer outside 2^53')
    return value
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8))
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8))
  }

  integer(): bigint {
    const isNegative = this.bool()
    const bytes = this.bytes(this.u8())
    const magnitude = bytesToUint(bytes)
    if (bytes[0] === 0 || (isNegative && magnitude === 0n)) {
      throw corrupt('an integer that is not in its shortest form')
    }
    return isNegative ? -magnitude : magnitude
  }

  bytes(size: number): Uint8Array {
    const at = this.#take(size)
    return this.#bytes.slice(at, at + size)
  }

  hex(size: number): Hex {
    return bytesToHex(this.bytes(size))
  }

  text(): string {
    const size = this.#view.getUint16(this.#take(2))
    try {
      return UTF8_IN.decode(this.bytes(size))
    } catch (cause) {
      if (cause instanceof CoreStateError) throw cause
      throw corrupt('text that is not UTF-8')
    }
  }

  #take(size: number): number {
    if (size > this.remaining) throw corrupt('truncated')
    const at = this.#at
    this.#at += size
    return at
  }
}

/** An entry that no machine wrote. */
export function corrupt(reason: string): CoreStateError {
  return new CoreStateError(`stored Core state cannot be read: ${reason}`, {
    code: 'OL_CORE_STATE_CORRUPT',
    reason,
  })
}
