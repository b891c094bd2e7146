import { assert } from '@openliquid/primitives'
import { bytesWord, shortestBytes } from './word.ts'

/** What RLP holds: bytes, or a list of the same. */
export type RlpItem = Uint8Array | readonly RlpItem[]

const NOTHING: Uint8Array = new Uint8Array(0)
const UINT256_END = 1n << 256n
/** First prefix of a short list; below it prefixes are of byte strings. */
const LIST = 0xc0
const BYTES = 0x80
/** Longest content whose length stands in the prefix itself. */
const SHORT_MAX = 55

/** Canonical RLP. */
export function encodeRlp(item: RlpItem): Uint8Array {
  const bytes = new Uint8Array(encodedSize(item))
  const end = write(item, bytes, 0)
  assert(end === bytes.length, 'the encoded size was computed right')
  return bytes
}

/**
 * Reads canonical RLP: shortest prefixes, no trailing bytes, lists nested at most `depthMax` deep.
 *
 * @returns `undefined` for anything else; the parts of the result are views into `bytes`
 */
export function decodeRlp(bytes: Uint8Array, depthMax: number): RlpItem | undefined {
  const reader = new RlpReader(bytes)
  const item = reader.read(bytes.length, depthMax)
  return item === undefined || reader.at !== bytes.length ? undefined : item
}

/** Big-endian without leading zeros; empty for 0: how RLP writes integers. */
export function uintToRlp(value: bigint): Uint8Array {
  assert(value >= 0n, 'RLP has no negative integers')
  if (value === 0n) return NOTHING
  assert(value < UINT256_END, 'integers have at most 256 bits')
  return shortestBytes(value)
}

/** The integer that `uintToRlp` wrote; `undefined` if it has leading zeros or more than `bytesMax` bytes. */
export function rlpToUint(item: RlpItem | undefined, bytesMax: number): bigint | undefined {
  if (!(item instanceof Uint8Array) || item.length > bytesMax || item[0] === 0) return undefined
  return bytesWord(item)
}

/** Bytes of a list whose encoded items have this many bytes together. */
export function rlpListSize(contentBytes: number): number {
  return contentBytes <= SHORT_MAX ? 1 + contentBytes : 1 + lengthBytes(contentBytes) + contentBytes
}

/** Bytes of a byte string of this length, unless it is a single byte that stands for itself. */
export function rlpBytesSize(length: number): number {
  return rlpListSize(length)
}

/** Whether an item is a list; narrows better than `Array.isArray`. */
export function isRlpList(item: RlpItem | undefined): item is readonly RlpItem[] {
  return Array.isArray(item)
}

function contentSize(item: RlpItem): number {
  if (item instanceof Uint8Array) return item.length
  let size = 0
  for (const part of item) size += encodedSize(part)
  return size
}

function encodedSize(item: RlpItem): number {
  if (item instanceof Uint8Array) return isSelf(item) ? 1 : rlpBytesSize(item.length)
  return rlpListSize(contentSize(item))
}

/** A single byte below 0x80 stands for itself. */
function isSelf(bytes: Uint8Array): boolean {
  return bytes.length === 1 && (bytes[0] as number) < BYTES
}

function lengthBytes(size: number): number {
  return size < 0x100 ? 1 : size < 0x1_0000 ? 2 : size < 0x100_0000 ? 3 : 4
}

function write(item: RlpItem, into: Uint8Array, at: number): number {
  if (item instanceof Uint8Array) {
    if (isSelf(item)) {
      into[at] = item[0] as number
      return at + 1
    }
    const start = writeRlpPrefix(BYTES, item.length, into, at)
    into.set(item, start)
    return start + item.length
  }
  let next = writeRlpPrefix(LIST, contentSize(item), into, at)
  for (const part of item) next = write(part, into, next)
  return next
}

export function writeRlpPrefix(kind: number, size: number, into: Uint8Array, at: number): number {
  if (size <= SHORT_MAX) {
    into[at] = kind + size
    return at + 1
  }
  const count = lengthBytes(size)
  into[at] = kind + SHORT_MAX + count
  for (let i = 0; i < count; i++) into[at + count - i] = (size >>> (8 * i)) & 0xff
  return at + 1 + count
}

/** One pass over the bytes; never looks past the end that its caller gives. */
class RlpReader {
  readonly #bytes: Uint8Array
  at: number = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Reads one item that ends at or before `end`. */
  read(end: number, depthMax: number): RlpItem | undefined {
    if (this.at >= end) return undefined
    const prefix = this.#bytes[this.at] as number
    if (prefix < BYTES) return this.#bytes.subarray(this.at, ++this.at)

    const kind = prefix < LIST ? BYTES : LIST
    this.at++
    const size = this.#size(prefix - kind, end)
    if (size === undefined || size > end - this.at) return undefined
    if (kind === LIST) return this.#list(this.at + size, depthMax)

    const content = this.#bytes.subarray(this.at, this.at + size)
    if (isSelf(content)) return undefined
    this.at += size
    return content
  }

  #list(end: number, depthMax: number): RlpItem | undefined {
    if (depthMax === 0) return undefined
    const items: RlpItem[] = []
    while (this.at < end) {
      const item = this.read(end, depthMax - 1)
      if (item === undefined) return undefined
      items.push(item)
    }
    return items
  }

  #size(short: number, end: number): number | undefined {
    if (short <= SHORT_MAX) return short
    const count = short - SHORT_MAX
    // No item of ours needs more: a block stays below 2^32 bytes by far.
    if (count > 4 || count > end - this.at || this.#bytes[this.at] === 0) return undefined
    let size = 0
    for (let i = 0; i < count; i++) size = size * 256 + (this.#bytes[this.at++] as number)
    return size > SHORT_MAX ? size : undefined
  }
}

/** Bytes of the item that begins at a position; `undefined` if it is not whole. */
export function rlpItemBytes(bytes: Uint8Array, at: number): number | undefined {
  const prefix = bytes[at]
  if (prefix === undefined) return undefined
  if (prefix < BYTES) return 1
  const short = prefix < LIST ? prefix - BYTES : prefix - LIST
  const count = short <= SHORT_MAX ? 0 : short - SHORT_MAX
  let size = short <= SHORT_MAX ? short : 0
  // No item of ours needs more than four bytes for its length.
  if (count > 4) return undefined
  for (let i = 1; i <= count; i++) size = size * 256 + (bytes[at + i] ?? 0)
  const whole = 1 + count + size
  return at + whole <= bytes.length ? whole : undefined
}
