import { expect, it } from 'vitest'
import * as api from './index.ts'
import * as testing from './testing/index.ts'

it('exports these names', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "CryptoError",
      "KEYSTORE_PBKDF2_ROUNDS_MAX",
      "KEYSTORE_SCRYPT_COST_MAX",
      "KEYSTORE_SCRYPT_PARALLEL_MAX",
      "PUBLIC_KEYS_CACHED_MAX",
      "addressOf",
      "addressOfPublicKey",
      "bitmapFromSigners",
      "blsPortableScheme",
      "blsScheme",
      "decryptKeystore",
      "ed25519PortableScheme",
      "ed25519PublicKey",
      "ed25519Scheme",
      "encryptKeystore",
      "generateValidatorKeys",
      "provePossession",
      "recoverAddress",
      "recoverAddressPortable",
      "recoverPublicKey",
      "recoverPublicKeyPortable",
      "schemeOf",
      "signDigest",
      "signDigestPortable",
      "signEd25519",
      "signersFromBitmap",
      "verifyEd25519",
      "verifyPossession",
    ]
  `)
})

it('exports these names for tests', () => {
  expect(Object.keys(testing).sort()).toMatchInlineSnapshot(`
    [
      "nullScheme",
    ]
  `)
})
