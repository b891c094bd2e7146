export { blsPortableScheme } from './blsPortableScheme.ts'
export { blsScheme } from './blsScheme.ts'
export { addressOfPublicKey, type EcdsaSignature } from './ecdsa.ts'
export { ed25519PortableScheme } from './ed25519PortableScheme.ts'
export {
  ed25519PublicKey,
  ed25519Scheme,
  signEd25519,
  verifyEd25519,
} from './ed25519Scheme.ts'
export { CryptoError, type CryptoFault } from './errors.ts'
export { decryptKeystore, encryptKeystore, type KeystoreFile } from './keystore.ts'
export {
  KEYSTORE_PBKDF2_ROUNDS_MAX,
  KEYSTORE_SCRYPT_COST_MAX,
  KEYSTORE_SCRYPT_PARALLEL_MAX,
  PUBLIC_KEYS_CACHED_MAX,
} from './limits.ts'
export {
  type PossessionProofs,
  provePossession,
  verifyPossession,
} from './proofOfPossession.ts'
export { addressOf, recoverAddress, recoverPublicKey, signDigest } from './recovery.ts'
export {
  recoverAddressPortable,
  recoverPublicKeyPortable,
  signDigestPortable,
} from './recoveryPortable.ts'
export { schemeOf } from './schemes.ts'
export type {
  AggregateResult,
  SignatureGroup,
  SignatureScheme,
  SignedVote,
} from './signatureScheme.ts'
export { bitmapFromSigners, signersFromBitmap } from './signerBitmap.ts'
export { generateValidatorKeys, type ValidatorKeys } from './validatorKeys.ts'
