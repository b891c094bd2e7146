import { createHash, hash } from 'node:crypto'
import { concatBytes } from './bytes.ts'

/** Above, copying the parts together costs more than a hash object. */
const ONE_SHOT_BYTES_MAX = 4_096
const HASH_BYTES = 32

/** SHA-256 by OpenSSL: the back end on Node. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const part of parts) size += part.length
  if (size > ONE_SHOT_BYTES_MAX) return sha256OfLarge(parts)
  const [first] = parts
  const bytes = parts.length === 1 && first !== undefined ? first : concatBytes(...parts)
  // A string crosses the border of the native code three times as fast as a Buffer does.
  const text = hash('sha256', bytes, 'binary')
  const digest = new Uint8Array(HASH_BYTES)
  for (let i = 0; i < HASH_BYTES; i++) digest[i] = text.charCodeAt(i)
  return digest
}

function sha256OfLarge(parts: readonly Uint8Array[]): Uint8Array {
  const large = createHash('sha256')
  for (const part of parts) large.update(part)
  // A plain copy: a Buffer is a view of a pool, and its `slice` shares memory.
  return new Uint8Array(large.digest())
}
