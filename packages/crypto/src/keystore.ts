import { create, decrypt, type IKeystore, isValidKeystore } from '@chainsafe/bls-keystore'
import { assert } from '@openliquid/primitives'
import { CryptoError } from './errors.ts'
import {
  KEYSTORE_PBKDF2_ROUNDS_MAX,
  KEYSTORE_SCRYPT_COST_MAX,
  KEYSTORE_SCRYPT_PARALLEL_MAX,
} from './limits.ts'

/** A key file: the JSON container of EIP-2335, version 4. `pubkey` is there only for a BLS key. */
export type KeystoreFile = Omit<IKeystore, 'pubkey'> & { readonly pubkey?: string }

const SECRET_BYTES = 32
const BLS_PUBLIC_KEY_BYTES = 48
const KEY_BYTES_MIN = 32

/**
 * Locks a 32-byte secret with a password in the container of EIP-2335 (pbkdf2, aes-128-ctr). About 50 ms of CPU.
 *
 * Vote keys, node seeds and signer keys all fit: the container does not care which curve a secret is for, only its
 * `pubkey` field is for BLS keys. Name the others in `description`.
 */
export async function encryptKeystore(options: {
  readonly secret: Uint8Array
  /** 48 bytes, shown unencrypted. */
  readonly publicKey?: Uint8Array
  readonly password: string
  readonly description?: string
}): Promise<KeystoreFile> {
  const { secret, publicKey, password, description } = options
  assert(secret.length === SECRET_BYTES, 'a keystore holds 32 bytes')
  assert(
    publicKey === undefined || publicKey.length === BLS_PUBLIC_KEY_BYTES,
    'only a BLS public key fits the container',
  )
  const noKey = new Uint8Array(0)
  const file = await create(password, secret, publicKey ?? noKey, '', description ?? null)
  const { pubkey, ...rest } = file
  return publicKey === undefined ? rest : { ...rest, pubkey }
}

/**
 * Opens a key file.
 *
 * @param json - parsed JSON of the file
 * @returns the 32 secret bytes; whether they belong to the `pubkey` is for the caller to check
 * @throws {CryptoError} OL_KEYSTORE_MALFORMED no EIP-2335 container, or one that asks for too much work;
 *   OL_KEYSTORE_PASSWORD wrong password
 */
export async function decryptKeystore(json: unknown, password: string): Promise<Uint8Array> {
  if (!isValidKeystore(json)) throw malformed('it is not an EIP-2335 keystore of version 4')
  const reason = kdfFault(json.crypto.kdf)
  if (reason !== undefined) throw malformed(reason)
  try {
    return new Uint8Array(await decrypt(json, password))
  } catch (cause) {
    throw new CryptoError(
      'the password does not open this keystore: check the password file',
      { code: 'OL_KEYSTORE_PASSWORD' },
      { cause },
    )
  }
}

/** What the library would stumble over, or take too long for. */
function kdfFault({ function: kind, params }: IKeystore['crypto']['kdf']): string | undefined {
  if (params.dklen < KEY_BYTES_MIN || params.dklen > 2 * KEY_BYTES_MIN) {
    return 'its derived key has an unusual length'
  }
  if (!/^([0-9a-fA-F]{2})*$/.test(params.salt)) return 'its salt is not hex'
  if (kind === 'pbkdf2') {
    const { c } = params
    return c < 1 || c > KEYSTORE_PBKDF2_ROUNDS_MAX
      ? 'its pbkdf2 rounds are out of range'
      : undefined
  }
  const { n, r, p } = params
  const usual = n > 1 && Number.isInteger(Math.log2(n)) && r >= 1 && p >= 1
  return !usual || n * r > KEYSTORE_SCRYPT_COST_MAX || p > KEYSTORE_SCRYPT_PARALLEL_MAX
    ? 'its scrypt parameters are out of range'
    : undefined
}

function malformed(reason: string): CryptoError {
  return new CryptoError(`not a usable keystore: ${reason}`, {
    code: 'OL_KEYSTORE_MALFORMED',
    reason,
  })
}
