import { InvariantError } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { blsScheme } from './blsScheme.ts'
import { decryptKeystore, encryptKeystore } from './keystore.ts'
import { KEYSTORE_PBKDF2_ROUNDS_MAX, KEYSTORE_SCRYPT_COST_MAX } from './limits.ts'
import { generateValidatorKeys } from './validatorKeys.ts'

const keys = generateValidatorKeys({ scheme: 'bls', entropy: new Uint8Array(32).fill(1) })

/** EIP-2335, test vector pbkdf2. */
const PUBLISHED = {
  crypto: {
    kdf: {
      function: 'pbkdf2',
      params: {
        dklen: 32,
        c: 262144,
        prf: 'hmac-sha256',
        salt: 'd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3',
      },
      message: '',
    },
    checksum: {
      function: 'sha256',
      params: {},
      message: '8a9f5d9912ed7e75ea794bc5a89bca5f193721d30868ade6f73043c6ea6febf1',
    },
    cipher: {
      function: 'aes-128-ctr',
      params: { iv: '264daa3f303d7259501c93d997d84fe6' },
      message: 'cee03fde2af33149775b7223e7845e4fb2c8ae1792e5f99fe9ecf474cc8c16ad',
    },
  },
  description: 'This is a test keystore that uses PBKDF2 to secure the secret.',
  pubkey:
    '9612d7a727c9d0a22e185a1c768478dfe919cada9266988cb32359c11f2b7b27f4ae4040902382ae2910c15e2b420d07',
  path: 'm/12381/60/0/0',
  uuid: '64625def-3331-4eea-ab6f-782f3ed16a83',
  version: 4,
}

function withKdf(params: object, kind = 'pbkdf2'): unknown {
  const kdf = { ...PUBLISHED.crypto.kdf, function: kind, params }
  return { ...PUBLISHED, crypto: { ...PUBLISHED.crypto, kdf } }
}

describe('keystore', () => {
  it('opens the published vector, whose password needs normalising', async () => {
    const secret = await decryptKeystore(PUBLISHED, '𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑')
    expect(Buffer.from(secret).toString('hex')).toBe(
      '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
    )
    expect(Buffer.from(blsScheme.publicKeyOf(secret)).toString('hex')).toBe(PUBLISHED.pubkey)
  })

  it('locks and opens a vote key, and a secret of another curve', async () => {
    const vote = await encryptKeystore({
      secret: keys.voteSecret,
      publicKey: keys.voteKey,
      password: 'p',
      description: 'vote key',
    })
    expect(vote.pubkey).toBe(Buffer.from(keys.voteKey).toString('hex'))
    expect(await decryptKeystore(JSON.parse(JSON.stringify(vote)), 'p')).toEqual(keys.voteSecret)

    const signer = await encryptKeystore({ secret: keys.signerSecret, password: 'q' })
    expect('pubkey' in signer).toBe(false)
    expect(await decryptKeystore(JSON.parse(JSON.stringify(signer)), 'q')).toEqual(
      keys.signerSecret,
    )
    expect(JSON.stringify(vote)).not.toContain(Buffer.from(keys.voteSecret).toString('hex'))
  })

  it('refuses a wrong password with its own code', async () => {
    await expect(decryptKeystore(PUBLISHED, 'wrong')).rejects.toMatchObject({
      code: 'OL_KEYSTORE_PASSWORD',
    })
  })

  const { params } = PUBLISHED.crypto.kdf
  const scrypt = { dklen: 32, n: 262144, r: 8, p: 1, salt: params.salt }
  it.each<[string, unknown]>([
    ['no object', 'x'],
    ['another version', { ...PUBLISHED, version: 3 }],
    ['no crypto', { ...PUBLISHED, crypto: undefined }],
    ['a salt that is no hex', withKdf({ ...params, salt: 'xyz' })],
    ['no rounds', withKdf({ ...params, c: 0 })],
    ['rounds for hours', withKdf({ ...params, c: KEYSTORE_PBKDF2_ROUNDS_MAX + 1 })],
    ['a short derived key', withKdf({ ...params, dklen: 16 })],
    ['scrypt for all memory', withKdf({ ...scrypt, n: KEYSTORE_SCRYPT_COST_MAX }, 'scrypt')],
    ['scrypt with odd n', withKdf({ ...scrypt, n: 262143 }, 'scrypt')],
    ['scrypt in 17 lanes', withKdf({ ...scrypt, p: 17 }, 'scrypt')],
  ])('refuses %s before it works on it', async (_, json) => {
    await expect(decryptKeystore(json, 'p')).rejects.toMatchObject({
      code: 'OL_KEYSTORE_MALFORMED',
    })
  })

  it('holds 32 bytes and names BLS keys only', async () => {
    const { voteSecret: secret } = keys
    const short = encryptKeystore({ secret: new Uint8Array(31), password: 'p' })
    await expect(short).rejects.toThrow(InvariantError)
    const named = encryptKeystore({ secret, publicKey: keys.nodeKey, password: 'p' })
    await expect(named).rejects.toThrow(InvariantError)
  })
})
