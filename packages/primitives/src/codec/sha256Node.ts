import { createHash } from 'node:crypto'

/** SHA-256 by OpenSSL: the back end on Node. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return Uint8Array.prototype.slice.call(hash.digest())
}
