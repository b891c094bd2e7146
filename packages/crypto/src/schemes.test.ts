import { bls12_381 } from '@noble/curves/bls12-381.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { bytesToUint, concatBytes, hexToBytes, uintToBytes } from '@openliquid/primitives'
import { SeededRandom } from '@openliquid/primitives/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blsPortableScheme } from './blsPortableScheme.ts'
import { blsScheme } from './blsScheme.ts'
import { ed25519PortableScheme } from './ed25519PortableScheme.ts'
import { ed25519Scheme } from './ed25519Scheme.ts'
import { CryptoError } from './errors.ts'
import { schemeOf } from './schemes.ts'
import type { SignatureScheme, SignedVote } from './signatureScheme.ts'
import { nullScheme } from './testing/nullScheme.ts'

// One suite for every scheme and every implementation of it; then the twins against each other, byte for byte.

const DIGEST = new Uint8Array(32).fill(7)
const OTHER_DIGEST = new Uint8Array(32).fill(8)

/** Small scalars are valid secrets of every curve. */
function secretOf(i: number): Uint8Array {
  const secret = new Uint8Array(32)
  secret[30] = 1
  secret[31] = i
  return secret
}

function votesOf(scheme: SignatureScheme, count: number, digest = DIGEST): SignedVote[] {
  return Array.from({ length: count }, (_, signer) => ({
    signer,
    publicKey: scheme.publicKeyOf(secretOf(signer)),
    signature: scheme.sign(secretOf(signer), digest),
  }))
}

const implementations: readonly [string, SignatureScheme][] = [
  ['BLS by blst', blsScheme],
  ['BLS by noble', blsPortableScheme],
  ['ed25519 by OpenSSL', ed25519Scheme],
  ['ed25519 by noble', ed25519PortableScheme],
  ['null', nullScheme],
]

describe.each(implementations)('%s', (_, scheme) => {
  const votes = votesOf(scheme, 4)
  const keys = votes.map(({ publicKey }) => publicKey)
  const first = votes[0]!

  it('signs deterministically, and verifies', () => {
    expect(scheme.sign(secretOf(0), DIGEST)).toEqual(first.signature)
    expect(first.publicKey).toHaveLength(scheme.publicKeyBytes)
    expect(first.signature).toHaveLength(scheme.signatureBytes)
    expect(Object.getPrototypeOf(first.signature)).toBe(Uint8Array.prototype)
    expect(scheme.isPublicKey(first.publicKey)).toBe(true)
    expect(scheme.verify(first.publicKey, DIGEST, first.signature)).toBe(true)
    expect(scheme.verify(first.publicKey, OTHER_DIGEST, first.signature)).toBe(false)
    expect(scheme.verify(keys[1]!, DIGEST, first.signature)).toBe(false)
  })

  it('aggregates good votes in any order, and verifies the certificate', () => {
    const { signature, signers, badSigners } = scheme.aggregate([...votes].reverse(), DIGEST)
    expect(signers).toEqual([0, 1, 2, 3])
    expect(badSigners).toEqual([])
    expect(scheme.verifyAggregate(keys, DIGEST, signature)).toBe(true)
    expect(scheme.verifyAggregate(keys, OTHER_DIGEST, signature)).toBe(false)
    expect(scheme.verifyAggregate(keys.slice(0, 3), DIGEST, signature)).toBe(false)
    expect(scheme.verifyAggregate([...keys, keys[0]!], DIGEST, signature)).toBe(false)
    expect(scheme.verifyAggregate([], DIGEST, signature)).toBe(false)
    expect(scheme.verifyAggregate([], DIGEST, new Uint8Array(0))).toBe(false)
  })

  it('leaves bad votes out and names their signers', () => {
    const garbage = new Uint8Array(scheme.signatureBytes).fill(0xff)
    const mixed = votes.map((vote) =>
      vote.signer === 1
        ? { ...vote, signature: scheme.sign(secretOf(1), OTHER_DIGEST) }
        : vote.signer === 2
          ? { ...vote, signature: garbage }
          : vote,
    )
    const { signature, signers, badSigners } = scheme.aggregate(mixed, DIGEST)
    expect(signers).toEqual([0, 3])
    expect(badSigners).toEqual([1, 2])
    expect(scheme.verifyAggregate([keys[0]!, keys[3]!], DIGEST, signature)).toBe(true)
  })

  it('makes nothing of nothing', () => {
    const empty = { signature: new Uint8Array(0), signers: [], badSigners: [] }
    expect(scheme.aggregate([], DIGEST)).toEqual(empty)
    const bad = { ...first, signature: new Uint8Array(0) }
    expect(scheme.aggregate([bad], DIGEST)).toEqual({ ...empty, badSigners: [0] })
    expect(scheme.verifyGroups([])).toBe(false)
  })

  it('verifies groups over different digests together, all or none', () => {
    const groups = [DIGEST, OTHER_DIGEST].map((digest, i) => {
      const part = votesOf(scheme, 4, digest).slice(2 * i, 2 * i + 2)
      const publicKeys = part.map(({ publicKey }) => publicKey)
      return { publicKeys, digest, signature: scheme.aggregate(part, digest).signature }
    })
    const [a, b] = groups as [(typeof groups)[number], (typeof groups)[number]]
    expect(scheme.verifyGroups(groups)).toBe(true)
    expect(scheme.verifyGroups([a])).toBe(true)
    expect(scheme.verifyGroups([a, { ...b, digest: DIGEST }])).toBe(false)
    expect(scheme.verifyGroups([a, { ...b, publicKeys: [] }])).toBe(false)
    expect(scheme.verifyGroups([a, { ...b, signature: a.signature }])).toBe(false)
    expect(
      scheme.verifyGroups([
        { ...a, signature: b.signature },
        { ...b, signature: a.signature },
      ]),
    ).toBe(false)
  })

  it('answers false to signatures and keys of every wrong size, and never throws', () => {
    for (const size of [0, 1, 31, 32, 33, 47, 48, 49, 63, 64, 65, 95, 96, 97, 192]) {
      for (const fill of [0, 0xc0, 0xff]) {
        const bytes = new Uint8Array(size).fill(0).fill(fill, 0, 1)
        expect(scheme.verify(first.publicKey, DIGEST, bytes)).toBe(false)
        expect(scheme.verifyAggregate([first.publicKey], DIGEST, bytes)).toBe(false)
        expect(scheme.verify(bytes, DIGEST, first.signature)).toBe(false)
      }
    }
  })
})

describe.each([
  ['BLS', blsScheme, blsPortableScheme, 4],
  ['ed25519', ed25519Scheme, ed25519PortableScheme, 40],
] as const)('the two implementations of %s', (_, native, portable, runs) => {
  it('have one name and give the same bytes', () => {
    expect(portable.name).toBe(native.name)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 31, maxLength: 31 }), (bytes) => {
        const secret = concatBytes(Uint8Array.of(1), bytes)
        expect(portable.publicKeyOf(secret)).toEqual(native.publicKeyOf(secret))
        expect(portable.sign(secret, DIGEST)).toEqual(native.sign(secret, DIGEST))
      }),
      { numRuns: runs },
    )
  })

  it('verify each other’s votes and certificates', () => {
    const votes = votesOf(native, 3)
    const keys = votes.map(({ publicKey }) => publicKey)
    const byNative = native.aggregate(votes, DIGEST)
    const byPortable = portable.aggregate(votesOf(portable, 3), DIGEST)
    expect(byPortable).toEqual(byNative)
    expect(native.verifyAggregate(keys, DIGEST, byPortable.signature)).toBe(true)
    expect(portable.verifyAggregate(keys, DIGEST, byNative.signature)).toBe(true)
    expect(portable.verify(keys[0]!, DIGEST, votes[0]!.signature)).toBe(true)
  })

  it('agree about mutated signatures and keys', () => {
    const [vote] = votesOf(native, 1) as [SignedVote]
    const random = new SeededRandom(1)
    for (let i = 0; i < runs; i++) {
      const signature = vote.signature.slice()
      signature[random.integer(0, signature.length - 1)]! ^= 1 << random.integer(0, 7)
      const publicKey = vote.publicKey.slice()
      publicKey[random.integer(0, publicKey.length - 1)]! ^= 1 << random.integer(0, 7)
      expect(portable.verify(vote.publicKey, DIGEST, signature)).toBe(false)
      expect(native.verify(vote.publicKey, DIGEST, signature)).toBe(false)
      expect(portable.isPublicKey(publicKey)).toBe(native.isPublicKey(publicKey))
    }
  })

  it('refuse secrets that are none, without showing them', () => {
    for (const scheme of [native, portable]) {
      const error = catchError(() => scheme.sign(new Uint8Array(31).fill(0xab), DIGEST))
      expect(error).toBeInstanceOf(CryptoError)
      expect(error).toMatchObject({ code: 'OL_CRYPTO_SECRET_KEY' })
      expect(JSON.stringify(error)).not.toContain('171')
      expect(() => scheme.publicKeyOf(new Uint8Array(0))).toThrow(CryptoError)
    }
  })
})

describe.each([
  ['blst', blsScheme],
  ['noble', blsPortableScheme],
] as const)('BLS by %s', (_, scheme) => {
  const infinity = (size: number): Uint8Array => new Uint8Array(size).fill(0xc0, 0, 1)

  it('refuses the point at infinity as key and as signature', () => {
    const [vote] = votesOf(scheme, 1) as [SignedVote]
    expect(scheme.isPublicKey(infinity(48))).toBe(false)
    expect(scheme.verify(infinity(48), DIGEST, infinity(96))).toBe(false)
    expect(scheme.verifyAggregate([vote.publicKey], DIGEST, infinity(96))).toBe(false)
  })

  it('refuses keys and signatures outside the subgroup', () => {
    // x = 4 of G1 and x = 2 of G2 are on their curves, not in the groups of prime order.
    const key = new Uint8Array(48)
    key[0] = 0x80
    key[47] = 4
    expect(scheme.isPublicKey(key)).toBe(false)
    const [vote] = votesOf(scheme, 1) as [SignedVote]
    for (let x = 0; x < 8; x++) {
      const signature = new Uint8Array(96)
      signature[0] = 0x80
      signature[95] = x
      expect(scheme.verify(vote.publicKey, DIGEST, signature)).toBe(false)
    }
  })

  it('leaves votes out whose signature has a part outside the group', () => {
    // A pairing may not see that part: only a check of the group can.
    const votes = votesOf(scheme, 3)
    const shifted = withCofactorPart(votes[1]!.signature)
    const mixed = votes.map((vote) => (vote.signer === 1 ? { ...vote, signature: shifted } : vote))
    expect(scheme.verify(votes[1]!.publicKey, DIGEST, shifted)).toBe(false)
    const { signature, signers, badSigners } = scheme.aggregate(mixed, DIGEST)
    expect([signers, badSigners]).toEqual([[0, 2], [1]])
    const keys = [votes[0]!.publicKey, votes[2]!.publicKey]
    expect(scheme.verifyAggregate(keys, DIGEST, signature)).toBe(true)
  })

  it('refuses a coordinate above the field: each key has one form', () => {
    const field =
      0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn
    let tried = 0
    for (let i = 0; i < 40; i++) {
      const key = scheme.publicKeyOf(secretOf(i))
      const x = bytesToUint(key) & (2n ** 381n - 1n)
      if (x + field >= 2n ** 381n) continue
      const flags = bytesToUint(key) - x
      expect(scheme.isPublicKey(uintToBytes(flags + x, 48))).toBe(true)
      expect(scheme.isPublicKey(uintToBytes(flags + x + field, 48))).toBe(false)
      tried++
    }
    expect(tried).toBeGreaterThan(0)
  })

  it('refuses keys that cancel each other out', () => {
    const secret = secretOf(5)
    // The group order minus the secret.
    const order = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n
    const negated = hexToBytes(`0x${(order - 0x105n).toString(16)}`)
    const keys = [scheme.publicKeyOf(secret), scheme.publicKeyOf(negated)]
    expect(scheme.verifyAggregate(keys, DIGEST, infinity(96))).toBe(false)
    const votes = [secret, negated].map((key, signer) => ({
      signer,
      publicKey: scheme.publicKeyOf(key),
      signature: scheme.sign(key, DIGEST),
    }))
    // Whoever makes such a pair holds both secrets and hurts only himself; nobody else's vote is lost.
    expect(scheme.aggregate(votes, DIGEST)).toMatchObject({ signers: [0], badSigners: [1] })
    const [honest] = votesOf(scheme, 1) as [SignedVote]
    const all = scheme.aggregate([...votes, { ...honest, signer: 2 }], DIGEST)
    expect(all).toMatchObject({ signers: [0, 1, 2], badSigners: [] })
    const everyKey = [...keys, honest.publicKey]
    expect(scheme.verifyAggregate(everyKey, DIGEST, all.signature)).toBe(true)
  })

  it('refuses zero and the group order as secrets', () => {
    expect(() => scheme.sign(new Uint8Array(32), DIGEST)).toThrow(CryptoError)
    const order = hexToBytes('0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001')
    expect(() => scheme.sign(order, DIGEST)).toThrow(CryptoError)
  })
})

describe.each([
  ['OpenSSL', ed25519Scheme],
  ['noble', ed25519PortableScheme],
] as const)('ed25519 by %s', (_, scheme) => {
  it('gives the vector of RFC 8032 §7.1', () => {
    const seed = hexToBytes('0x9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')
    expect(scheme.publicKeyOf(seed)).toEqual(
      hexToBytes('0xd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'),
    )
    expect(scheme.sign(seed, new Uint8Array(0))).toEqual(
      hexToBytes(
        '0xe5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
      ),
    )
  })

  it('signs with what a seed holds now, not with what it held before', () => {
    const seed = secretOf(1)
    const before = scheme.sign(seed, DIGEST)
    seed.set(secretOf(2))
    expect(scheme.sign(seed, DIGEST)).toEqual(scheme.sign(secretOf(2), DIGEST))
    expect(scheme.sign(seed, DIGEST)).not.toEqual(before)
  })

  it('refuses small-order and non-canonical keys', () => {
    const smallOrder = [
      '0x0100000000000000000000000000000000000000000000000000000000000000',
      '0x0000000000000000000000000000000000000000000000000000000000000000',
      '0xecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      '0x26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      '0xeeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    ]
    for (const text of smallOrder) {
      const key = hexToBytes(text)
      expect(scheme.isPublicKey(key)).toBe(false)
      // s = 0, R = the key: a signature over anything under lax verifiers.
      const forged = concatBytes(key, new Uint8Array(32))
      expect(scheme.verify(key, DIGEST, forged)).toBe(false)
    }
  })

  it('refuses a signature with torsion in R, which verifiers with cofactor take', () => {
    // R' = rB + T with T of order 8, s = r + k·a: only the cofactor hides T.
    const { Point } = ed25519
    const seed = secretOf(9)
    const { scalar } = ed25519.utils.getExtendedPublicKey(seed)
    const publicKey = ed25519.getPublicKey(seed)
    const torsion = Point.fromHex(
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    )
    const nonce = Point.BASE.multiply(12_345n).add(torsion).toBytes()
    const k = littleEndian(sha512(concatBytes(nonce, publicKey, DIGEST))) % Point.Fn.ORDER
    const s = (12_345n + k * scalar) % Point.Fn.ORDER
    const signature = concatBytes(nonce, uintToBytes(s, 32).reverse())
    expect(ed25519.verify(signature, DIGEST, publicKey)).toBe(true)
    expect(scheme.verify(publicKey, DIGEST, signature)).toBe(false)
  })

  it('refuses s above the group order: each signature has one form', () => {
    const [vote] = votesOf(scheme, 1) as [SignedVote]
    const order = 2n ** 252n + 27742317777372353535851937790883648493n
    const signature = vote.signature.slice()
    const s = littleEndian(signature.subarray(32)) + order
    signature.set(uintToBytes(s, 32).reverse(), 32)
    expect(scheme.verify(vote.publicKey, DIGEST, signature)).toBe(false)
  })
})

describe('schemeOf', () => {
  it('takes the names of a genesis', () => {
    expect(schemeOf('bls')).toBe(blsScheme)
    expect(schemeOf('ed25519')).toBe(ed25519Scheme)
  })
})

/** The same signature plus a point of the curve whose order has nothing to do with the group's. */
function withCofactorPart(signature: Uint8Array): Uint8Array {
  const { Point } = bls12_381.G2
  const { Fp2 } = bls12_381.fields
  const { b } = Point.CURVE()
  let outside = Point.ZERO
  for (let x0 = 1n; outside.is0(); x0++) {
    const x = Fp2.fromBigTuple([x0, 0n])
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), b)
    if (!Fp2.eql(Fp2.sqr(trySqrt(square)), square)) continue
    const point = Point.fromAffine({ x, y: trySqrt(square) })
    // The group order times the point: what is left has an order that divides the cofactor.
    for (const bit of Point.Fn.ORDER.toString(2)) {
      outside = outside.double()
      if (bit === '1') outside = outside.add(point)
    }
  }
  const { x, y } = Point.fromBytes(signature).add(outside).toAffine()
  const isGreater = y.c1 === 0n ? y.c0 > Fp2.neg(y).c0 : y.c1 > Fp2.neg(y).c1
  const bytes = concatBytes(uintToBytes(x.c1, 48), uintToBytes(x.c0, 48))
  bytes[0]! |= isGreater ? 0xa0 : 0x80
  return bytes

  function trySqrt(square: typeof b): typeof b {
    try {
      return Fp2.sqrt(square)
    } catch {
      return Fp2.ZERO
    }
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytesToUint(bytes.slice().reverse())
}

function catchError(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
