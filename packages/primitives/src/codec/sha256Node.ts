import { createHash, hash } from 'node:crypto'

/** Above, copying the parts together costs more than a hash object. */
const ONE_SHOT_BYTES_MAX = 4_096
const HASH_BYTES = 32

/**
 * Where the parts are put together: an array of more than 64 bytes lies outside the heap of the engine, and making one
 * costs several times what hashing it does.
 */
const scratch = new Uint8Array(ONE_SHOT_BYTES_MAX)

/** SHA-256 by OpenSSL: the back end on Node. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const part of parts) size += part.length
  if (size > ONE_SHOT_BYTES_MAX) return sha256OfLarge(parts)
  // A string crosses the border of the native code several times as fast as a Buffer does.
  const text = hash('sha256', joined(parts, size), 'binary')
  const digest = new Uint8Array(HASH_BYTES)
  for (let i = 0; i < HASH_BYTES; i++) digest[i] = text.charCodeAt(i)
  return digest
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = parts
  if (parts.length === 1 && first !== undefined) return first
  let at = 0
  for (const part of parts) {
    scratch.set(part, at)
    at += part.length
  }
  return scratch.subarray(0, size)
}

function sha256OfLarge(parts: readonly Uint8Array[]): Uint8Array {
  const large = createHash('sha256')
  for (const part of parts) large.update(part)
  // A plain copy: a Buffer is a view of a pool, and its `slice` shares memory.
  return new Uint8Array(large.digest())
}
