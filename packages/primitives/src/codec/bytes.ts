import { assert } from '../types/errors.ts'

/** Joins the parts into one fresh array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const part of parts) size += part.length
  const joined = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Lexicographic, a prefix before its extensions: below, at or above 0. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const size = Math.min(a.length, b.length)
  for (let i = 0; i < size; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

const UTF8 = new TextEncoder()

export function utf8ToBytes(text: string): Uint8Array {
  return UTF8.encode(text)
}

const U64_END = 1n << 64n

/** Big-endian in `size` bytes. */
export function uintToBytes(value: bigint | number, size: number): Uint8Array {
  let rest = BigInt(value)
  const bytes = new Uint8Array(size)
  if (size === 8) {
    assert(rest >= 0n && rest < U64_END, 'integer does not fit 8 bytes')
    new DataView(bytes.buffer).setBigUint64(0, rest)
    return bytes
  }
  assert(rest >= 0n && rest < 1n << BigInt(8 * size), `integer does not fit ${size} bytes`)
  for (let i = size - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}

/** Big-endian. */
export function bytesToUint(bytes: Uint8Array): bigint {
  let value = 0n
  for (let i = 0; i < bytes.length; i++) value = (value << 8n) | BigInt(bytes[i] as number)
  return value
}
