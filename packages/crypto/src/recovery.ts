import type { ActionSignature, Address } from '@openliquid/primitives'
import { concatBytes } from '@openliquid/primitives'
import secp256k1 from 'secp256k1'
import { addressOfPublicKey, type EcdsaSignature, isLowS, recoveryBit } from './ecdsa.ts'
import { badSecretKey } from './errors.ts'

/**
 * The 64-byte public key that made a signature over a 32-byte digest, or `undefined` if none did.
 *
 * Takes a high s, as the Ethereum precompile does; a transaction's low s is checked by `recoverAddress`.
 */
export function recoverPublicKey(
  digest: Uint8Array,
  { r, s, v }: EcdsaSignature,
): Uint8Array | undefined {
  const bit = recoveryBit(v)
  if (bit === undefined || digest.length !== 32 || r.length !== 32 || s.length !== 32) {
    return undefined
  }
  try {
    return secp256k1.ecdsaRecover(concatBytes(r, s), bit, digest, false).slice(1)
  } catch {
    return undefined
  }
}

/** Who signed a digest; `undefined` if nobody did or s is high. */
export function recoverAddress(digest: Uint8Array, signature: EcdsaSignature): Address | undefined {
  if (!isLowS(signature.s)) return undefined
  const publicKey = recoverPublicKey(digest, signature)
  return publicKey === undefined ? undefined : addressOfPublicKey(publicKey)
}

/**
 * The account of a secret key.
 *
 * @throws {CryptoError} OL_CRYPTO_SECRET_KEY
 */
export function addressOf(secretKey: Uint8Array): Address {
  assertSecret(secretKey)
  return addressOfPublicKey(secp256k1.publicKeyCreate(secretKey, false).slice(1))
}

/**
 * Signs a 32-byte digest: deterministic (RFC 6979), low s, v 27 or 28.
 *
 * @throws {CryptoError} OL_CRYPTO_SECRET_KEY
 */
export function signDigest(secretKey: Uint8Array, digest: Uint8Array): ActionSignature {
  assertSecret(secretKey)
  const { signature, recid } = secp256k1.ecdsaSign(digest, secretKey)
  return { r: signature.slice(0, 32), s: signature.slice(32), v: 27 + recid }
}

function assertSecret(secretKey: Uint8Array): void {
  if (secretKey.length !== 32 || !secp256k1.privateKeyVerify(secretKey)) {
    throw badSecretKey('secp256k1')
  }
}
