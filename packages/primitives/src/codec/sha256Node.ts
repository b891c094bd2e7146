import { createHash } from 'node:crypto'

/** SHA-256 by OpenSSL: the back end on Node. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  // A plain copy: a Buffer is a view of a pool, and its `slice` shares memory.
  return new Uint8Array(hash.digest())
}
