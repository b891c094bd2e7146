import { NobleBN254 } from '@ethereumjs/evm'
import { bytesWord, wordBytes } from './word.ts'

/** Field of the coordinates, and order of the group (EIP-196). */
const P = 21888242871839275222246405745257275088696311157297823662689037894645226208583n
const R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n
const B = 3n
/** Multiplying a point by λ multiplies its x by β: both are cube roots of 1. */
const LAMBDA = 4407920970296243842393367215006156084916469457145843978461n
const BETA = 2203960485148121921418603742825762020974279258880205651966n

const POINT_BYTES = 64
const WINDOW_BITS = 4
const WINDOW = 1 << WINDOW_BITS

/** X/Z², Y/Z³; Z = 0 is the point at infinity. */
interface Jacobian {
  readonly x: bigint
  readonly y: bigint
  readonly z: bigint
}

const INFINITY: Jacobian = { x: 1n, y: 1n, z: 0n }

/**
 * The curve of precompiles 0x06 to 0x08: the library's, but for multiplication, which would be too slow for its price.
 *
 * A scalar is split in two of half the size, for the point and its image under the curve's endomorphism, and both are
 * multiplied in one ladder of half the length.
 */
export class Bn254 extends NobleBN254 {
  override mul(input: Uint8Array): Uint8Array {
    const x = bytesWord(input.subarray(0, 32))
    const y = bytesWord(input.subarray(32, POINT_BYTES))
    const scalar = bytesWord(input.subarray(POINT_BYTES, POINT_BYTES + 32)) % R
    if (x === 0n && y === 0n) return new Uint8Array(POINT_BYTES)
    // Whoever calls reads a throw as a point that is not on the curve.
    if (x >= P || y >= P || (y * y - x * x * x - B) % P !== 0n) throw new Error('not on the curve')
    const { x: X, y: Y, z: Z } = multiply({ x, y, z: 1n }, scalar)
    const result = new Uint8Array(POINT_BYTES)
    if (Z === 0n) return result
    const inverse = invert(Z)
    const square = (inverse * inverse) % P
    result.set(wordBytes((X * square) % P))
    result.set(wordBytes((((Y * square) % P) * inverse) % P), 32)
    return result
  }
}

function multiply(point: Jacobian, scalar: bigint): Jacobian {
  const [k1, k2] = split(scalar)
  const image = { x: (point.x * BETA) % P, y: point.y, z: 1n }
  const first = multiples(k1 < 0n ? negate(point) : point)
  const second = multiples(k2 < 0n ? negate(image) : image)
  const [a, b] = [k1 < 0n ? -k1 : k1, k2 < 0n ? -k2 : k2]
  const bits = Math.max(a.toString(2).length, b.toString(2).length)
  let sum = INFINITY
  for (
    let at = Math.ceil(bits / WINDOW_BITS) * WINDOW_BITS - WINDOW_BITS;
    at >= 0;
    at -= WINDOW_BITS
  ) {
    for (let i = 0; i < WINDOW_BITS; i++) sum = double(sum)
    const shift = BigInt(at)
    const mask = BigInt(WINDOW - 1)
    sum = add(sum, first[Number((a >> shift) & mask)] as Jacobian)
    sum = add(sum, second[Number((b >> shift) & mask)] as Jacobian)
  }
  return sum
}

/** The point times 0 to 15. */
function multiples(point: Jacobian): Jacobian[] {
  const table = [INFINITY, point]
  for (let i = 2; i < WINDOW; i++) {
    table.push(
      i % 2 === 0 ? double(table[i / 2] as Jacobian) : add(table[i - 1] as Jacobian, point),
    )
  }
  return table
}

function negate({ x, y, z }: Jacobian): Jacobian {
  return { x, y: y === 0n ? 0n : P - y, z }
}

/** dbl-2009-l for a = 0. */
function double({ x, y, z }: Jacobian): Jacobian {
  if (z === 0n || y === 0n) return INFINITY
  const a = (x * x) % P
  const b = (y * y) % P
  const c = (b * b) % P
  const d = (4n * x * b) % P
  const e = 3n * a
  const x3 = (((e * e - 2n * d) % P) + P) % P
  const y3 = (((e * (d - x3) - 8n * c) % P) + P) % P
  return { x: x3, y: y3, z: (2n * y * z) % P }
}

/** add-2007-bl without its shortcuts. */
function add(a: Jacobian, b: Jacobian): Jacobian {
  if (a.z === 0n) return b
  if (b.z === 0n) return a
  const z1 = (a.z * a.z) % P
  const z2 = (b.z * b.z) % P
  const u1 = (a.x * z2) % P
  const u2 = (b.x * z1) % P
  const s1 = (((a.y * b.z) % P) * z2) % P
  const s2 = (((b.y * a.z) % P) * z1) % P
  if (u1 === u2) return s1 === s2 ? double(a) : INFINITY
  const h = u2 - u1
  const r = s2 - s1
  const h2 = (h * h) % P
  const h3 = (h * h2) % P
  const v = (u1 * h2) % P
  const x = (((r * r - h3 - 2n * v) % P) + P) % P
  const y = (((r * (v - x) - s1 * h3) % P) + P) % P
  return { x, y, z: (((((a.z * b.z) % P) * h) % P) + P) % P }
}

/** Extended Euclid. */
function invert(value: bigint): bigint {
  let [a, b] = [value % P, P]
  let [x, y] = [1n, 0n]
  while (a > 1n) {
    const quotient = b / a
    ;[a, b] = [b % a, a]
    ;[x, y] = [y - quotient * x, x]
  }
  return ((x % P) + P) % P
}

/** Two short vectors (a, b) with a + bλ = 0 modulo the order (Guide to Elliptic Curve Cryptography, algorithm 3.74). */
const BASIS = shortBasis()

function shortBasis(): readonly [readonly [bigint, bigint], readonly [bigint, bigint]] {
  const root = sqrtFloor(R)
  let [r0, r1] = [R, LAMBDA]
  let [t0, t1] = [0n, 1n]
  while (r1 >= root) {
    const quotient = r0 / r1
    ;[r0, r1] = [r1, r0 - quotient * r1]
    ;[t0, t1] = [t1, t0 - quotient * t1]
  }
  const quotient = r0 / r1
  const next = [r0 - quotient * r1, -(t0 - quotient * t1)] as const
  const before = [r0, -t0] as const
  const norm = ([a, b]: readonly [bigint, bigint]): bigint => a * a + b * b
  return [[r1, -t1], norm(before) < norm(next) ? before : next]
}

/** k = k1 + k2·λ modulo the order, both of half its size. */
function split(k: bigint): readonly [bigint, bigint] {
  const [[a1, b1], [a2, b2]] = BASIS
  const c1 = roundedQuotient(b2 * k)
  const c2 = roundedQuotient(-b1 * k)
  return [k - c1 * a1 - c2 * a2, -c1 * b1 - c2 * b2]
}

/** To the nearest; the basis vectors have determinant R up to their sign. */
function roundedQuotient(value: bigint): bigint {
  const signed = DETERMINANT < 0n ? -value : value
  return signed >= 0n ? (signed + R / 2n) / R : -((-signed + R / 2n) / R)
}

const DETERMINANT = BASIS[0][0] * BASIS[1][1] - BASIS[0][1] * BASIS[1][0]

function sqrtFloor(value: bigint): bigint {
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}
