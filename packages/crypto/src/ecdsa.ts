import { type Address, bytesToUint, keccak256 } from '@openliquid/primitives'

/** Half of the group order: the greatest s that is low (EIP-2). */
const LOW_S_MAX = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/** A secp256k1 signature; `v` is 27 or 28, and 0 or 1 is taken for the same. */
export interface EcdsaSignature {
  readonly r: Uint8Array
  readonly s: Uint8Array
  readonly v: number
}

/** 0 or 1, or `undefined` for a `v` that names neither point. */
export function recoveryBit(v: number): 0 | 1 | undefined {
  if (v === 27 || v === 0) return 0
  if (v === 28 || v === 1) return 1
  return undefined
}

/** Whether s is in the lower half; the other half would give every signature a twin. */
export function isLowS(s: Uint8Array): boolean {
  return bytesToUint(s) <= LOW_S_MAX
}

/** Last 20 bytes of the keccak of the 64-byte public key. */
export function addressOfPublicKey(publicKey: Uint8Array): Address {
  return keccak256(publicKey).slice(12)
}
