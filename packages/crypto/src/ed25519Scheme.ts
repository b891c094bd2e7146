import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { concatBytes, equalBytes } from '@openliquid/primitives'
import { ED25519_KEY_BYTES, ED25519_SIGNATURE_BYTES, parseEd25519Key } from './ed25519Key.ts'
import { badSecretKey } from './errors.ts'
import { KeyCache } from './keyCache.ts'
import { multiSignatureScheme } from './multiSignature.ts'
import type { SignatureScheme } from './signatureScheme.ts'

/** DER of a PKCS #8 private key and of a subject public key, up to the 32 bytes; RFC 8410 §10. */
const PRIVATE_KEY_PREFIX = Uint8Array.of(
  0x30,
  0x2e,
  0x02,
  0x01,
  0x00,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x04,
  0x22,
  0x04,
  0x20,
)
const PUBLIC_KEY_PREFIX = Uint8Array.of(
  0x30,
  0x2a,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x03,
  0x21,
  0x00,
)

const keys = new KeyCache(parseKey)

/** Parsing a private key costs ten signatures. The copy guards against an array that is wiped or used again. */
const parsedSeeds = new WeakMap<
  Uint8Array,
  { readonly copy: Uint8Array; readonly key: KeyObject }
>()

/**
 * The public key of a 32-byte seed.
 *
 * @throws {CryptoError} OL_CRYPTO_SECRET_KEY the seed is not 32 bytes long
 */
export function ed25519PublicKey(seed: Uint8Array): Uint8Array {
  const der = createPublicKey(privateKeyOf(seed)).export({ format: 'der', type: 'spki' })
  return new Uint8Array(der.subarray(PUBLIC_KEY_PREFIX.length))
}

/**
 * Signs with a 32-byte seed; 64 bytes, deterministic (RFC 8032).
 *
 * @throws {CryptoError} OL_CRYPTO_SECRET_KEY the seed is not 32 bytes long
 */
export function signEd25519(seed: Uint8Array, digest: Uint8Array): Uint8Array {
  return new Uint8Array(sign(null, digest, privateKeyOf(seed)))
}

/** False for whatever is not a signature by that key; keys outside the prime-order group have none. */
export function verifyEd25519(
  publicKey: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== ED25519_SIGNATURE_BYTES) return false
  const key = keys.get(publicKey)
  return key !== undefined && verify(null, digest, key, signature)
}

/** ed25519 multi-signatures by OpenSSL: cheaper than BLS below about 12 signers. */
export const ed25519Scheme: SignatureScheme = multiSignatureScheme({
  name: 'ed25519',
  publicKeyBytes: ED25519_KEY_BYTES,
  signatureBytes: ED25519_SIGNATURE_BYTES,
  publicKeyOf: ed25519PublicKey,
  sign: signEd25519,
  isPublicKey: (publicKey) => keys.get(publicKey) !== undefined,
  verify: verifyEd25519,
})

function privateKeyOf(seed: Uint8Array): KeyObject {
  if (seed.length !== ED25519_KEY_BYTES) throw badSecretKey('ed25519')
  const known = parsedSeeds.get(seed)
  if (known !== undefined && equalBytes(known.copy, seed)) return known.key

  const der = concatBytes(PRIVATE_KEY_PREFIX, seed)
  const key = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' })
  parsedSeeds.set(seed, { copy: seed.slice(), key })
  return key
}

function parseKey(bytes: Uint8Array): KeyObject | undefined {
  if (parseEd25519Key(bytes) === undefined) return undefined
  const der = concatBytes(PUBLIC_KEY_PREFIX, bytes)
  return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
}
