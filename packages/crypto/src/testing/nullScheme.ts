import { equalBytes, sha256, utf8ToBytes } from '@openliquid/primitives'
import { multiSignatureScheme } from '../multiSignature.ts'
import type { SignatureScheme } from '../signatureScheme.ts'

const DOMAIN = utf8ToBytes('null scheme')
const KEY_BYTES = 32

/**
 * A scheme without cryptography, for simulations: a "signature" is a hash keyed with the public key.
 *
 * Anyone can forge it, so it proves only that code calls sign and verify in the right places.
 */
export const nullScheme: SignatureScheme = multiSignatureScheme({
  name: 'null',
  publicKeyBytes: KEY_BYTES,
  signatureBytes: KEY_BYTES,
  publicKeyOf: (secretKey) => sha256(DOMAIN, secretKey),
  sign: (secretKey, digest) => keyedHash(sha256(DOMAIN, secretKey), digest),
  isPublicKey: (publicKey) => publicKey.length === KEY_BYTES,
  verify: (publicKey, digest, signature) => equalBytes(keyedHash(publicKey, digest), signature),
})

function keyedHash(publicKey: Uint8Array, digest: Uint8Array): Uint8Array {
  return sha256(DOMAIN, publicKey, digest)
}
