import { EVMError, NobleBN254 } from '@ethereumjs/evm'
import {
  BN_SNARK1,
  Fp,
  Fp2,
  Fr,
  finalExp,
  G1,
  G2,
  type GT,
  init,
  millerLoop,
  mul,
  normalize,
  verifyOrderG2,
} from 'mcl-wasm'

const WORD = 32
const G1_BYTES = 64
const G2_BYTES = 128
const PAIR_BYTES = G1_BYTES + G2_BYTES

let ready: Promise<void> | undefined

/**
 * The curve of precompiles 0x06 to 0x08: addition is the library's; multiplication and pairing, which would be too slow
 * for their price there, are those of mcl in WebAssembly.
 *
 * Whoever calls reads a throw as input that is no point; what is thrown is the same as in the library.
 */
export class Bn254 extends NobleBN254 {
  private constructor() {
    super()
  }

  static async create(): Promise<Bn254> {
    ready ??= init(BN_SNARK1).then(() => verifyOrderG2(true))
    await ready
    return new Bn254()
  }

  override mul(input: Uint8Array): Uint8Array {
    const point = readG1(input)
    const result = new Uint8Array(G1_BYTES)
    if (point === undefined) return result
    const scalar = new Fr()
    scalar.setBigEndianMod(input.subarray(G1_BYTES, G1_BYTES + WORD))
    const product = mul(point, scalar)
    if (product.isZero()) return result
    const affine = normalize(product)
    result.set(affine.getX().serialize().reverse())
    result.set(affine.getY().serialize().reverse(), WORD)
    return result
  }

  override pairing(input: Uint8Array): Uint8Array {
    let product: GT | undefined
    for (let at = 0; at < input.length; at += PAIR_BYTES) {
      const first = readG1(input.subarray(at, at + G1_BYTES))
      const second = readG2(input.subarray(at + G1_BYTES, at + PAIR_BYTES))
      // Pairs with infinity give 1, but both points must be points.
      if (first === undefined || second === undefined) continue
      const value = millerLoop(first, second)
      product = product === undefined ? value : mul(product, value)
    }
    const result = new Uint8Array(WORD)
    if (product === undefined || finalExp(product).isOne()) result[WORD - 1] = 1
    return result
  }
}

/** @returns `undefined` for the point at infinity */
function readG1(input: Uint8Array): G1 | undefined {
  if (isZero(input.subarray(0, G1_BYTES))) return undefined
  const point = new G1()
  const one = new Fp()
  one.setInt(1)
  point.setX(readFp(input, 0))
  point.setY(readFp(input, WORD))
  point.setZ(one)
  if (!point.isValid()) throw new Error('not on the curve')
  return point
}

/** @returns `undefined` for the point at infinity */
function readG2(input: Uint8Array): G2 | undefined {
  if (isZero(input)) return undefined
  const point = new G2()
  const one = new Fp2()
  one.setInt(1, 0)
  try {
    point.setX(readFp2(input, 0))
    point.setY(readFp2(input, 2 * WORD))
  } catch {
    throw new EVMError(EVMError.errorMessages.BN254_FP_NOT_IN_FIELD)
  }
  point.setZ(one)
  // Also that it is in the subgroup.
  if (!point.isValid()) throw new Error('not on the curve')
  return point
}

/** @throws if it is not below the order of the field */
function readFp(input: Uint8Array, at: number): Fp {
  const element = new Fp()
  element.deserialize(input.slice(at, at + WORD).reverse())
  return element
}

/** The imaginary part comes first (EIP-197). */
function readFp2(input: Uint8Array, at: number): Fp2 {
  const element = new Fp2()
  element.set_a(readFp(input, at + WORD))
  element.set_b(readFp(input, at))
  return element
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}
