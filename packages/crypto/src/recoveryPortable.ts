import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { ActionSignature, Address } from '@openliquid/primitives'
import { bytesToUint } from '@openliquid/primitives'
import { addressOfPublicKey, type EcdsaSignature, isLowS, recoveryBit } from './ecdsa.ts'
import { badSecretKey } from './errors.ts'

/** `recoverPublicKey` in plain JavaScript, by noble. Same results, tested; about 6 times slower. */
export function recoverPublicKeyPortable(
  digest: Uint8Array,
  { r, s, v }: EcdsaSignature,
): Uint8Array | undefined {
  const bit = recoveryBit(v)
  if (bit === undefined || digest.length !== 32 || r.length !== 32 || s.length !== 32) {
    return undefined
  }
  try {
    const signature = new secp256k1.Signature(bytesToUint(r), bytesToUint(s), bit)
    return signature.recoverPublicKey(digest).toBytes(false).slice(1)
  } catch {
    return undefined
  }
}

/** `recoverAddress` in plain JavaScript, by noble. Same results, tested. */
export function recoverAddressPortable(
  digest: Uint8Array,
  signature: EcdsaSignature,
): Address | undefined {
  if (!isLowS(signature.s)) return undefined
  const publicKey = recoverPublicKeyPortable(digest, signature)
  return publicKey === undefined ? undefined : addressOfPublicKey(publicKey)
}

/**
 * `signDigest` in plain JavaScript, by noble: the same bytes, tested.
 *
 * @throws {CryptoError} OL_CRYPTO_SECRET_KEY
 */
export function signDigestPortable(secretKey: Uint8Array, digest: Uint8Array): ActionSignature {
  if (!secp256k1.utils.isValidSecretKey(secretKey)) throw badSecretKey('secp256k1')
  const bytes = secp256k1.sign(digest, secretKey, {
    prehash: false,
    lowS: true,
    format: 'recovered',
  })
  return { r: bytes.slice(1, 33), s: bytes.slice(33), v: 27 + (bytes[0] as number) }
}
