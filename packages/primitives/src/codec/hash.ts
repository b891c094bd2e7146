import { keccak_256 } from '@noble/hashes/sha3.js'
import { sha256 } from '#sha256'

export { sha256 }

/** Keccak-256; only where Ethereum or Hyperliquid fixes it. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return keccak_256(bytes)
}
