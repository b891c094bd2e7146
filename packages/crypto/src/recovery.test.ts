import { bytesToHex, bytesToUint, hexToBytes, uintToBytes } from '@openliquid/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EcdsaSignature } from './ecdsa.ts'
import { CryptoError } from './errors.ts'
import { addressOf, recoverAddress, recoverPublicKey, signDigest } from './recovery.ts'
import {
  recoverAddressPortable,
  recoverPublicKeyPortable,
  signDigestPortable,
} from './recoveryPortable.ts'

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const HALF = ORDER / 2n
const SECRET = hexToBytes('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
const ADDRESS = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'
const DIGEST = new Uint8Array(32).fill(9)

const word = (value: bigint): Uint8Array => uintToBytes(value, 32)

/** What both implementations say; they must say the same. */
function recover(digest: Uint8Array, signature: EcdsaSignature): string | undefined {
  const native = recoverAddress(digest, signature)
  expect(recoverAddressPortable(digest, signature)).toEqual(native)
  expect(recoverPublicKeyPortable(digest, signature)).toEqual(recoverPublicKey(digest, signature))
  return native === undefined ? undefined : bytesToHex(native)
}

describe('recovery', () => {
  const signature = signDigest(SECRET, DIGEST)

  it('finds the account that signed', () => {
    expect(bytesToHex(addressOf(SECRET))).toBe(ADDRESS)
    expect(recover(DIGEST, signature)).toBe(ADDRESS)
    expect(recover(DIGEST, { ...signature, v: signature.v - 27 })).toBe(ADDRESS)
    expect(recoverPublicKey(DIGEST, signature)).toHaveLength(64)
  })

  it('signs the same way in both implementations, with a low s', () => {
    const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(bytes32, bytes32, (secret, digest) => {
        secret[0] = 1
        const native = signDigest(secret, digest)
        expect(signDigestPortable(secret, digest)).toEqual(native)
        expect(bytesToUint(native.s)).toBeLessThanOrEqual(HALF)
        expect(recover(digest, native)).toBe(bytesToHex(addressOf(secret)))
      }),
      { numRuns: 30 },
    )
  })

  it('takes a high s for a public key, as the precompile does, but for no account', () => {
    const twin = {
      r: signature.r,
      s: word(ORDER - bytesToUint(signature.s)),
      v: signature.v === 27 ? 28 : 27,
    }
    expect(recoverPublicKey(DIGEST, twin)).toEqual(recoverPublicKey(DIGEST, signature))
    expect(recover(DIGEST, twin)).toBeUndefined()
  })

  it.each<[string, Partial<EcdsaSignature>]>([
    ['r of zero', { r: word(0n) }],
    ['s of zero', { s: word(0n) }],
    ['r of the group order', { r: word(ORDER) }],
    ['s just above half of the order', { s: word(HALF + 1n) }],
    ['r that is no x of the curve', { r: word(5n) }],
    ['short r', { r: new Uint8Array(31).fill(1) }],
    ['long s', { s: new Uint8Array(33) }],
    ['v 2', { v: 2 }],
    ['v 29', { v: 29 }],
    ['v that is no integer', { v: 27.5 }],
  ])('answers nobody to %s', (_, change) => {
    expect(recover(DIGEST, { ...signature, ...change })).toBeUndefined()
  })

  it('takes s of exactly half of the order', () => {
    expect(recover(DIGEST, { ...signature, s: word(HALF) })).toMatch(/^0x/)
  })

  it('answers nobody to a digest of another size', () => {
    expect(recover(new Uint8Array(31), signature)).toBeUndefined()
  })

  it('answers the same for random signatures in both implementations', () => {
    const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(bytes32, bytes32, fc.constantFrom(27, 28), (r, s, v) => {
        s[0]! &= 0x3f
        recover(DIGEST, { r: new Uint8Array(r), s: new Uint8Array(s), v })
      }),
      { numRuns: 100 },
    )
  })

  it('refuses secrets that are none', () => {
    for (const secret of [new Uint8Array(32), word(ORDER), new Uint8Array(31).fill(1)]) {
      expect(() => signDigest(secret, DIGEST)).toThrow(CryptoError)
      expect(() => signDigestPortable(secret, DIGEST)).toThrow(CryptoError)
      expect(() => addressOf(secret)).toThrow(CryptoError)
    }
  })
})
