// What a browser gets for `@openliquid/crypto`: the implementations in plain JavaScript, and nothing that touches `node:`.
import { blsPortableScheme } from './blsPortableScheme.ts'
import { ed25519PortableScheme } from './ed25519PortableScheme.ts'
import type { SignatureScheme } from './signatureScheme.ts'

export { blsPortableScheme } from './blsPortableScheme.ts'
export { addressOfPublicKey, type EcdsaSignature } from './ecdsa.ts'
export { ed25519PortableScheme } from './ed25519PortableScheme.ts'
export { CryptoError, type CryptoFault } from './errors.ts'
export {
  recoverAddressPortable,
  recoverAddressPortable as recoverAddress,
  recoverPublicKeyPortable,
  recoverPublicKeyPortable as recoverPublicKey,
  signDigestPortable,
  signDigestPortable as signDigest,
} from './recoveryPortable.ts'
export type {
  AggregateResult,
  SignatureGroup,
  SignatureScheme,
  SignedVote,
} from './signatureScheme.ts'
export { bitmapFromSigners, signersFromBitmap } from './signerBitmap.ts'

/** The scheme that a genesis file names. */
export function schemeOf(name: 'bls' | 'ed25519'): SignatureScheme {
  return name === 'bls' ? blsPortableScheme : ed25519PortableScheme
}

export { blsPortableScheme as blsScheme, ed25519PortableScheme as ed25519Scheme }
