import { NobleBN254 } from '@ethereumjs/evm'
import { concatBytes, keccak256, uintToBytes } from '@openliquid/primitives'
import { add, div, Fp2, mul, sqr, squareRoot } from 'mcl-wasm'
import { describe, expect, test } from 'vitest'
import { Bn254 } from './bn254.ts'
import { bytesWord } from './word.ts'

// Shows that what mcl computes is what the library computes, refusals and their texts included.

const word = (value: bigint | number): Uint8Array => uintToBytes(value, 32)
const random = (seed: number): bigint => bytesWord(keccak256(word(seed)))
const P = 21888242871839275222246405745257275088696311157297823662689037894645226208583n
const ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n
const BASE = concatBytes(word(1), word(2))
const G2 = concatBytes(
  word(0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2n),
  word(0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6edn),
  word(0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975bn),
  word(0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daan),
)
const INFINITY = new Uint8Array(64)
const INFINITY_2 = new Uint8Array(128)
const ours = await Bn254.create()
const library = new NobleBN254()

/** What comes of it: bytes, or why not, as the precompile sees it. */
function outcome(run: () => Uint8Array): string {
  try {
    return Buffer.from(run()).toString('hex')
  } catch (error) {
    // What is no EVMError is a revert, whatever it says.
    return error instanceof Error ? 'refused' : JSON.stringify(error)
  }
}

function times(point: Uint8Array, scalar: bigint): Uint8Array {
  return library.mul(concatBytes(point, word(scalar)))
}

function negated(point: Uint8Array, modulus = P): Uint8Array {
  return concatBytes(point.subarray(0, 32), word(modulus - bytesWord(point.subarray(32))))
}

describe('multiplication', () => {
  test('for scalars of every size and around the order', () => {
    const scalars = [0n, 1n, 2n, 15n, 16n, 17n, ORDER - 2n, ORDER - 1n, ORDER, ORDER + 1n]
    scalars.push((1n << 256n) - 1n)
    for (let bit = 3n; bit < 256n; bit += 23n) scalars.push(1n << bit, (1n << bit) - 1n)
    for (let n = 0; n < 12; n++) scalars.push(random(n))
    let point = BASE
    for (const scalar of scalars) {
      const input = concatBytes(point, word(scalar))
      const expected = library.mul(input)
      expect(ours.mul(input)).toEqual(expected)
      if (expected.some((byte) => byte !== 0)) point = expected
    }
  })

  test.each([
    ['infinity', INFINITY, 5n],
    ['infinity, no times', INFINITY, 0n],
    ['off the curve', concatBytes(word(1), word(3)), 1n],
    ['off the curve, no times', concatBytes(word(1), word(3)), 0n],
    ['x is zero', concatBytes(word(0), word(3)), 1n],
    ['y is zero', concatBytes(word(1), word(0)), 1n],
    ['x is the order of the field', concatBytes(word(P), word(2)), 1n],
    ['x is one above it', concatBytes(word(P + 1n), word(2)), 1n],
    ['y is two above it', concatBytes(word(1), word(P + 2n)), 1n],
    ['largest words', new Uint8Array(64).fill(0xff), 1n],
  ])('%s', (_what, point, scalar) => {
    const input = concatBytes(point, word(scalar))
    expect(outcome(() => ours.mul(input))).toBe(outcome(() => library.mul(input)))
  })
})

describe('pairing', () => {
  const twice = times(BASE, 2n)
  const some = times(BASE, random(1))
  test.each<[what: string, ...pairs: Uint8Array[]]>([
    ['of nothing'],
    ['of one pair', BASE, G2],
    ['of opposites', BASE, G2, negated(BASE), G2],
    ['of a random pair and its opposite', some, G2, negated(some), G2],
    ['of one and one against two', BASE, G2, BASE, G2, negated(twice), G2],
    ['of unequal ones', BASE, G2, negated(twice), G2],
    ['with infinity on the left', INFINITY, G2],
    ['with infinity on the right', BASE, INFINITY_2],
    ['with infinity on both sides', INFINITY, INFINITY_2],
    ['with infinity among opposites', BASE, G2, INFINITY, G2, negated(BASE), G2],
    ['infinity, then off the curve', INFINITY, concatBytes(G2.subarray(0, 96), word(5))],
    ['off the curve on the left', concatBytes(word(1), word(3)), G2],
    ['off the curve on the left, infinity', concatBytes(word(1), word(3)), INFINITY_2],
    ['a left coordinate above the field', concatBytes(word(P + 1n), word(2)), G2],
    ['off the curve on the right', BASE, concatBytes(G2.subarray(0, 96), word(5))],
    ['not in the subgroup', BASE, offSubgroup()],
    ['not in the subgroup, infinity', INFINITY, offSubgroup()],
    ...[0, 32, 64, 96].map((at): [string, ...Uint8Array[]] => {
      const above = G2.slice()
      above.set(word(bytesWord(G2.subarray(at, at + 32)) + P), at)
      return [`right coordinate at ${at} above the field`, BASE, above]
    }),
    ['parts of the right point in the other order', BASE, swapped(G2)],
  ])('%s', (_what, ...parts) => {
    const input = concatBytes(...parts)
    expect(outcome(() => ours.pairing(input))).toBe(outcome(() => library.pairing(input)))
  })

  test('of opposites is one, of one pair is not', () => {
    expect(ours.pairing(concatBytes(BASE, G2, negated(BASE), G2))).toEqual(word(1))
    expect(ours.pairing(concatBytes(BASE, G2))).toEqual(word(0))
    expect(outcome(() => ours.pairing(concatBytes(BASE, offSubgroup())))).toBe('refused')
  })
})

/** A point of the twist that is on the curve, as all but one in 10^76 not in the subgroup. */
function offSubgroup(): Uint8Array {
  const element = (a: number, b: number): Fp2 => {
    const made = new Fp2()
    made.setInt(a, b)
    return made
  }
  const b = div(element(3, 0), element(9, 1))
  for (let n = 1; ; n++) {
    const x = element(n, 1)
    const [found, y] = squareRoot(add(mul(sqr(x), x), b))
    if (found) return concatBytes(bytesOf(x), bytesOf(y))
  }
}

function bytesOf(element: Fp2): Uint8Array {
  return concatBytes(element.get_b().serialize().reverse(), element.get_a().serialize().reverse())
}

function swapped(point: Uint8Array): Uint8Array {
  return concatBytes(
    point.subarray(32, 64),
    point.subarray(0, 32),
    point.subarray(96),
    point.subarray(64, 96),
  )
}
