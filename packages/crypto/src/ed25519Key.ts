import { ed25519 } from '@noble/curves/ed25519.js'

export const ED25519_KEY_BYTES = 32
export const ED25519_SIGNATURE_BYTES = 64

export type Ed25519Point = InstanceType<typeof ed25519.Point>

/**
 * The point of a public key, if it is canonically encoded and a non-zero member of the prime-order group.
 *
 * Verifiers disagree about other keys (cofactored or not, small order or not); refusing them makes all agree.
 */
export function parseEd25519Key(bytes: Uint8Array): Ed25519Point | undefined {
  if (bytes.length !== ED25519_KEY_BYTES) return undefined
  try {
    const point = ed25519.Point.fromBytes(bytes, false)
    return point.is0() || !point.isTorsionFree() ? undefined : point
  } catch {
    return undefined
  }
}
