import { OpenLiquidError } from '@openliquid/primitives'

/** What can be wrong with a key or a key file that an operator or a caller hands in. */
export type CryptoFault =
  | { readonly code: 'OL_CRYPTO_SECRET_KEY'; readonly scheme: string }
  | { readonly code: 'OL_KEYSTORE_MALFORMED'; readonly reason: string }
  | { readonly code: 'OL_KEYSTORE_PASSWORD' }

/** Thrown for unusable secret keys and key files. Bad signatures are never errors: verification answers `false`. */
export class CryptoError extends OpenLiquidError<CryptoFault> {
  override readonly name: string = 'CryptoError'
}

/** The error for a secret key that is no scalar of its curve. Never carries the key. */
export function badSecretKey(scheme: string): CryptoError {
  return new CryptoError(`not a usable ${scheme} secret key`, {
    code: 'OL_CRYPTO_SECRET_KEY',
    scheme,
  })
}
