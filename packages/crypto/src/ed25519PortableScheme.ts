import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concatBytes, equalBytes } from '@openliquid/primitives'
import {
  ED25519_KEY_BYTES,
  ED25519_SIGNATURE_BYTES,
  type Ed25519Point,
  parseEd25519Key,
} from './ed25519Key.ts'
import { badSecretKey } from './errors.ts'
import { KeyCache } from './keyCache.ts'
import { multiSignatureScheme } from './multiSignature.ts'
import type { SignatureScheme } from './signatureScheme.ts'

const keys = new KeyCache(parseEd25519Key)

/** The scheme of `ed25519Scheme` in plain JavaScript, by noble. Same bytes and same answers, tested. */
export const ed25519PortableScheme: SignatureScheme = multiSignatureScheme({
  name: 'ed25519',
  publicKeyBytes: ED25519_KEY_BYTES,
  signatureBytes: ED25519_SIGNATURE_BYTES,
  publicKeyOf: (seed) => ed25519.getPublicKey(checked(seed)),
  sign: (seed, digest) => ed25519.sign(digest, checked(seed)),
  isPublicKey: (publicKey) => keys.get(publicKey) !== undefined,
  verify: verifyCofactorless,
})

/**
 * Verifies as OpenSSL does: R is compared as bytes, without the cofactor.
 *
 * noble's own `verify` multiplies by the cofactor, so the two would disagree about a signature with a torsion
 * component in R, which a malicious signer can make.
 */
function verifyCofactorless(
  publicKey: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== ED25519_SIGNATURE_BYTES) return false
  const key = keys.get(publicKey)
  if (key === undefined) return false
  const r = signature.subarray(0, 32)
  const s = littleEndian(signature.subarray(32))
  const { Fn, BASE } = ed25519.Point
  if (s >= Fn.ORDER) return false
  const k = littleEndian(sha512(concatBytes(r, publicKey, digest))) % Fn.ORDER
  return equalBytes(times(BASE, s).subtract(times(key, k)).toBytes(), r)
}

function times(point: Ed25519Point, scalar: bigint): Ed25519Point {
  return scalar === 0n ? ed25519.Point.ZERO : point.multiplyUnsafe(scalar)
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number)
  return value
}

function checked(seed: Uint8Array): Uint8Array {
  if (seed.length !== ED25519_KEY_BYTES) throw badSecretKey('ed25519')
  return seed
}
