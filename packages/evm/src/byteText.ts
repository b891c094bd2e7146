import type { ByteSlab } from './byteSlab.ts'

/** Bytes as a text of one character each: a map key that is cheap to make and sorts like the bytes. */
export function byteText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** The bytes that `byteText` was made of. @param slab - for them, if there are many */
export function textBytes(text: string, slab?: ByteSlab): Uint8Array {
  const bytes = slab?.take(text.length) ?? new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}
