import { malformed } from '../codec/malformed.ts'

const POWER_32 = 4_294_967_296
// `ignoreBOM` keeps a leading byte order mark, which re-encoding would otherwise lose.
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What the next value is, as JSON would call it. */
export type ValueKind = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object'

/**
 * Reads the canonical msgpack that `MsgpackWriter` writes, value by value, never ahead of what the caller asks for.
 *
 * Nothing is allocated from a length that the input only claims: lengths are checked against the caller's maximum and
 * against the bytes that are there. Anything but the shortest form, and any float, is refused with a DecodeError.
 */
export class MsgpackReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  peek(what: string): ValueKind {
    const head = this.#bytes[this.#at]
    if (head === undefined) throw malformed(what, 'bytes end early')
    if (head < 0x80 || head >= 0xe0 || (head >= 0xcc && head <= 0xd3)) return 'number'
    if (head < 0x90 || head === 0xde || head === 0xdf) return 'object'
    if (head < 0xa0 || head === 0xdc || head === 0xdd) return 'array'
    if (head < 0xc0 || (head >= 0xd9 && head <= 0xdb)) return 'string'
    if (head === 0xc0) return 'null'
    if (head === 0xc2 || head === 0xc3) return 'boolean'
    throw malformed(what, `msgpack type 0x${head.toString(16)} is not used in actions`)
  }

  nil(what: string): void {
    if (this.#next(what) !== 0xc0) throw malformed(what, 'wants nil')
  }

  boolean(what: string): boolean {
    const head = this.#next(what)
    if (head !== 0xc2 && head !== 0xc3) throw malformed(what, 'wants a boolean')
    return head === 0xc3
  }

  /** A safe integer. */
  integer(what: string): number {
    const head = this.#next(what)
    if (head < 0x80) return head
    if (head >= 0xe0) return head - 0x100
    switch (head) {
      case 0xcc:
        return this.#unsigned(what, 1, 0x80)
      case 0xcd:
        return this.#unsigned(what, 2, 0x100)
      case 0xce:
        return this.#unsigned(what, 4, 0x1_0000)
      case 0xcf:
        return this.#unsigned(what, 8, POWER_32)
      case 0xd0:
        return this.#negative(what, 1, -0x20)
      case 0xd1:
        return this.#negative(what, 2, -0x80)
      case 0xd2:
        return this.#negative(what, 4, -0x8000)
      case 0xd3:
        return this.#negative(what, 8, -0x8000_0000)
      default:
        throw malformed(what, 'wants an integer')
    }
  }

  /** @param bytesMax - of the UTF-8 form */
  text(what: string, bytesMax: number): string {
    const head = this.#next(what)
    let size: number
    if (head >= 0xa0 && head < 0xc0) size = head - 0xa0
    else if (head === 0xd9) size = this.#unsigned(what, 1, 0x20)
    else if (head === 0xda) size = this.#unsigned(what, 2, 0x100)
    else if (head === 0xdb) size = this.#unsigned(what, 4, 0x1_0000)
    else throw malformed(what, 'wants text')
    if (size > bytesMax) throw malformed(what, `text is longer than ${bytesMax} bytes`)
    const bytes = this.#take(what, size)
    try {
      return UTF8.decode(bytes)
    } catch {
      throw malformed(what, 'text is not UTF-8')
    }
  }

  arrayHeader(what: string, countMax: number): number {
    const head = this.#next(what)
    let count: number
    if (head >= 0x90 && head < 0xa0) count = head - 0x90
    else if (head === 0xdc) count = this.#unsigned(what, 2, 0x10)
    else if (head === 0xdd) count = this.#unsigned(what, 4, 0x1_0000)
    else throw malformed(what, 'wants a list')
    if (count > countMax) throw malformed(what, `list is longer than ${countMax}`)
    return count
  }

  mapHeader(what: string, countMax: number): number {
    const head = this.#next(what)
    let count: number
    if (head >= 0x80 && head < 0x90) count = head - 0x80
    else if (head === 0xde) count = this.#unsigned(what, 2, 0x10)
    else if (head === 0xdf) count = this.#unsigned(what, 4, 0x1_0000)
    else throw malformed(what, 'wants a map')
    if (count > countMax) throw malformed(what, `map is larger than ${countMax}`)
    return count
  }

  /** Moves behind `encoded` if that is what comes next. */
  skip(encoded: Uint8Array): boolean {
    for (let i = 0; i < encoded.length; i++) {
      if (this.#bytes[this.#at + i] !== encoded[i]) return false
    }
    this.#at += encoded.length
    return true
  }

  get position(): number {
    return this.#at
  }

  /** Goes back to a position that `position` gave. */
  rewind(position: number): void {
    this.#at = position
  }

  end(what: string): void {
    if (this.#at !== this.#bytes.length) throw malformed(what, 'bytes follow the value')
  }

  #next(what: string): number {
    const head = this.#bytes[this.#at]
    if (head === undefined) throw malformed(what, 'bytes end early')
    this.#at++
    return head
  }

  #take(what: string, size: number): Uint8Array {
    if (this.#at + size > this.#bytes.length) throw malformed(what, 'bytes end early')
    const taken = this.#bytes.subarray(this.#at, this.#at + size)
    this.#at += size
    return taken
  }

  /** @param min - smallest value that no shorter form holds */
  #unsigned(what: string, size: number, min: number): number {
    let value = 0
    for (const byte of this.#take(what, size)) value = value * 0x100 + byte
    if (value < min) throw malformed(what, 'integer is not in its shortest form')
    if (value > Number.MAX_SAFE_INTEGER) throw malformed(what, 'integer is above 2^53 - 1')
    return value
  }

  /** @param bound - values from here up have a shorter form */
  #negative(what: string, size: number, bound: number): number {
    let complement = 0
    for (const byte of this.#take(what, size)) complement = complement * 0x100 + (0xff - byte)
    const value = -1 - complement
    // A number with the sign bit clear comes out far below every bound of its size.
    if (value < -(2 ** (8 * size - 1))) throw malformed(what, 'positive integer in signed form')
    if (value >= bound) throw malformed(what, 'integer is not in its shortest form')
    if (value < Number.MIN_SAFE_INTEGER) throw malformed(what, 'integer is below 1 - 2^53')
    return value
  }
}
