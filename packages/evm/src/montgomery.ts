import { WasmBody, type WasmModule, wasmModule } from './wasm.ts'

/** Longest modulus, in bytes. */
export const MONTGOMERY_BYTES_MAX = 32

const LIMB_BITS = 32n
const LIMB_MASK = 0xffff_ffffn
const LIMB_BYTES = 8
/** Limbs that there is a module for: short moduli must not cost what the longest do. */
const SIZES = [2, 4, 8] as const

// The memory of a module: the product so far, the modulus, -1 / modulus, powers 0 to 15 of the base, bytes of the exponent.
const PRODUCT = 0
const MODULUS = 64
const INVERSE = 128
const POWERS = 256
const POWER_COUNT = 16
const EXPONENT = 2_048
const EXPONENT_BYTES = 65_536 - EXPONENT

const LOOP = [0x03, 0x40] as const
const BRANCH_IF = [0x0d, 0] as const
const END = 0x0b
const SELECT = 0x1b
const I32_LOAD8 = [0x2d, 0, 0] as const
const I32_EQZ = 0x45
const I32_LT_U = 0x49
const I32_GE_S = 0x4e
const I32_ADD = 0x6a
const I32_SUB = 0x6b
const I32_MUL = 0x6c
const I32_AND = 0x71
const I32_SHR_U = 0x76
const I64_LT_S = 0x53
const I64_ADD = 0x7c
const I64_SUB = 0x7d
const I64_MUL = 0x7e
const I64_AND = 0x83
const I64_SHR_S = 0x87
const I64_SHR_U = 0x88

const modules = new Map<number, WasmModule>()

/**
 * base^exponent modulo an odd number, in WebAssembly: Montgomery's product of 32-bit limbs, four bits of the exponent at a
 * time (Handbook of Applied Cryptography, 14.36 and 14.82). Time is proportional to the bytes of the exponent.
 *
 * @param exponent - big-endian
 * @param modulus - odd, above 1, of at most `MONTGOMERY_BYTES_MAX` bytes
 */
export function oddModexp(base: bigint, exponent: Uint8Array, modulus: bigint): bigint {
  const limbs = SIZES.find((size) => modulus >> (BigInt(size) * LIMB_BITS) === 0n) ?? SIZES[2]
  const { memory, run } = moduleOf(limbs)
  const view = new DataView(memory.buffer)
  const inverse = negativeInverse(modulus)
  const reduced = base % modulus
  let power = (1n << (BigInt(limbs) * LIMB_BITS)) % modulus
  writeLimbs(view, PRODUCT, power, limbs)
  for (let i = 0; i < POWER_COUNT; i++) {
    writeLimbs(view, POWERS + i * limbs * LIMB_BYTES, power, limbs)
    power = (power * reduced) % modulus
  }
  writeLimbs(view, MODULUS, modulus, limbs)
  view.setBigUint64(INVERSE, inverse, true)
  for (let at = 0; at < exponent.length; at += EXPONENT_BYTES) {
    const part = exponent.subarray(at, at + EXPONENT_BYTES)
    memory.set(part, EXPONENT)
    run(part.length)
  }
  // Out of Montgomery's form: what is left of the product is divided by 2^32 once for each limb.
  let result = readLimbs(view, PRODUCT, limbs)
  for (let i = 0; i < limbs; i++) {
    const multiple = ((result & LIMB_MASK) * inverse) & LIMB_MASK
    result = (result + multiple * modulus) >> LIMB_BITS
  }
  return result % modulus
}

function moduleOf(limbs: number): WasmModule {
  let made = modules.get(limbs)
  if (made === undefined) {
    made = exponentiation(limbs)
    modules.set(limbs, made)
  }
  return made
}

/** -1 / modulus modulo 2^32; each step doubles the bits that are right, of which an odd number has three. */
function negativeInverse(modulus: bigint): bigint {
  const low = BigInt.asUintN(32, modulus)
  let inverse = low
  for (let i = 0; i < 4; i++) inverse = BigInt.asUintN(32, inverse * (2n - low * inverse))
  return BigInt.asUintN(32, -inverse)
}

function writeLimbs(view: DataView, at: number, value: bigint, limbs: number): void {
  let rest = value
  for (let i = 0; i < limbs; i++) {
    view.setBigUint64(at + i * LIMB_BYTES, rest & LIMB_MASK, true)
    rest >>= LIMB_BITS
  }
}

function readLimbs(view: DataView, at: number, limbs: number): bigint {
  let value = 0n
  for (let i = limbs - 1; i >= 0; i--) {
    value = (value << LIMB_BITS) | view.getBigUint64(at + i * LIMB_BYTES, true)
  }
  return value
}

/** `run(count)` raises the product by `count` bytes of the exponent: per half of a byte four squares and one power. */
function exponentiation(limbs: number): WasmModule {
  const body = new WasmBody()
  const end = 0
  const at = 1
  const shift = 2
  const step = 3
  const from = 4
  const A = 5
  const P = A + limbs
  const T = P + limbs
  const D = T + limbs + 2
  const inverse = D + limbs
  const factor = inverse + 1
  const carry = factor + 1
  const sum = carry + 1

  for (let i = 0; i < limbs; i++) {
    body
      .i32(0)
      .load(PRODUCT + LIMB_BYTES * i)
      .set(A + i)
    body
      .i32(0)
      .load(MODULUS + LIMB_BYTES * i)
      .set(P + i)
  }
  body.i32(0).load(INVERSE).set(inverse)
  body.i32(EXPONENT).set(at)
  body.get(end).i32(EXPONENT).op(I32_ADD).set(end)
  body
    .op(...LOOP)
    .i32(4)
    .set(shift)
  body
    .op(...LOOP)
    .i32(4)
    .set(step)
  body.op(...LOOP)
  // The other factor: the product itself, and after four times the power that the half byte names.
  body
    .get(at)
    .op(...I32_LOAD8)
    .get(shift)
    .op(I32_SHR_U)
    .i32(15)
    .op(I32_AND)
  body
    .i32(limbs * LIMB_BYTES)
    .op(I32_MUL)
    .i32(POWERS)
    .op(I32_ADD)
  body.i32(PRODUCT).get(step).op(I32_EQZ, SELECT).set(from)
  multiply()
  for (let i = 0; i < limbs; i++)
    body
      .i32(0)
      .get(A + i)
      .store(PRODUCT + LIMB_BYTES * i)
  body
    .get(step)
    .i32(1)
    .op(I32_SUB)
    .tee(step)
    .i32(0)
    .op(I32_GE_S, ...BRANCH_IF, END)
  body
    .get(shift)
    .i32(4)
    .op(I32_SUB)
    .tee(shift)
    .i32(0)
    .op(I32_GE_S, ...BRANCH_IF, END)
  body
    .get(at)
    .i32(1)
    .op(I32_ADD)
    .tee(at)
    .get(end)
    .op(I32_LT_U, ...BRANCH_IF, END)
  return wasmModule(body, { i32: 4, i64: 4 * limbs + 6, pages: 1 })

  /** A = A · (the number at `from`) / 2^(32 · limbs) modulo P. */
  function multiply(): void {
    for (let i = 0; i < limbs + 2; i++) body.i64(0n).set(T + i)
    for (let i = 0; i < limbs; i++) {
      body
        .get(from)
        .load(LIMB_BYTES * i)
        .set(factor)
      body.i64(0n).set(carry)
      for (let j = 0; j < limbs; j++) accumulate(A + j, T + j, T + j)
      body
        .get(T + limbs)
        .get(carry)
        .op(I64_ADD)
        .set(sum)
      low(T + limbs)
      high(T + limbs + 1)
      // A multiple of P that makes the lowest limb zero, which then falls away.
      body.get(T).get(inverse).op(I64_MUL).i64(LIMB_MASK).op(I64_AND).set(factor)
      body.get(factor).get(P).op(I64_MUL).get(T).op(I64_ADD).i64(LIMB_BITS).op(I64_SHR_U).set(carry)
      for (let j = 1; j < limbs; j++) accumulate(P + j, T + j, T + j - 1)
      body
        .get(T + limbs)
        .get(carry)
        .op(I64_ADD)
        .set(sum)
      low(T + limbs - 1)
      body
        .get(T + limbs + 1)
        .get(sum)
        .i64(LIMB_BITS)
        .op(I64_SHR_U, I64_ADD)
        .set(T + limbs)
    }
    // T - P, unless that is negative.
    body.i64(0n).set(carry)
    for (let j = 0; j < limbs; j++) {
      body
        .get(T + j)
        .get(P + j)
        .op(I64_SUB)
        .get(carry)
        .op(I64_ADD)
        .tee(sum)
      body.i64(63n).op(I64_SHR_S).set(carry)
      low(D + j)
    }
    for (let j = 0; j < limbs; j++) {
      body.get(T + j).get(D + j)
      body
        .get(T + limbs)
        .get(carry)
        .op(I64_ADD)
        .i64(0n)
        .op(I64_LT_S, SELECT)
      body.set(A + j)
    }
  }

  /** into = low limb of factor · a + t + carry; carry = the rest. */
  function accumulate(a: number, t: number, into: number): void {
    body.get(factor).get(a).op(I64_MUL).get(t).op(I64_ADD).get(carry).op(I64_ADD).set(sum)
    low(into)
    high(carry)
  }

  function low(into: number): void {
    body.get(sum).i64(LIMB_MASK).op(I64_AND).set(into)
  }

  function high(into: number): void {
    body.get(sum).i64(LIMB_BITS).op(I64_SHR_U).set(into)
  }
}
