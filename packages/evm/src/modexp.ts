import type { Common } from '@ethereumjs/common'
import {
  EVMError,
  type ExecResult,
  getActivePrecompiles,
  type PrecompileFunc,
} from '@ethereumjs/evm'
import { Address } from '@ethereumjs/util'
import { assert, hexToBytes } from '@openliquid/primitives'
import { MONTGOMERY_BYTES_MAX, oddModexp } from './montgomery.ts'
import { bytesWord } from './word.ts'

const WORD = 32
const HEAD_BYTES = 3 * WORD
const GAS_MIN = 200n
const GAS_DIVISOR = 3n
/** The library takes no longer numbers. */
const LENGTH_MAX = 0x7fff_ffffn
/** Exponents up to it are not worth a table of powers. */
const SHORT_EXPONENT_BYTES = 3
const POWER_COUNT = 16
const NOTHING: Uint8Array = new Uint8Array(0)
/** Exponents that the library takes a bounded time for, all but proportional to their gas. */
const LIBRARY_EXPONENT_BYTES_MAX = 512n
const ADDRESS = '0000000000000000000000000000000000000005'

/**
 * The precompile at 0x05 (EIP-198) at the prices of EIP-2565, in a time that is proportional to its gas.
 *
 * The library's takes a time that grows with the square of the exponent's length, of which its price knows nothing: an
 * exponent of a megabyte, all of it but the first byte not even in the input, would hold it for hours.
 */
export function modexp(input: Uint8Array, gasLimit: bigint): ExecResult {
  const baseLength = bytesWord(part(input, 0n, WORD))
  const exponentLength = bytesWord(part(input, 32n, WORD))
  const modulusLength = bytesWord(part(input, 64n, WORD))
  const exponentAt = BigInt(HEAD_BYTES) + baseLength
  const longest = max(baseLength, modulusLength)
  const words = (longest + 7n) / 8n
  const head = bytesWord(
    part(input, exponentAt, exponentLength < WORD ? Number(exponentLength) : WORD),
  )
  const gas = max(GAS_MIN, (iterations(exponentLength, head) * words * words) / GAS_DIVISOR)
  if (gas > gasLimit) return outOfGas(gasLimit)
  if (longest === 0n) return { executionGasUsed: gas, returnValue: NOTHING }
  if (longest > LENGTH_MAX || exponentLength > LENGTH_MAX) return outOfGas(gasLimit)
  const modulusAt = exponentAt + exponentLength
  const modulus = bytesToBigint(part(input, modulusAt, Number(modulusLength)))
  const returnValue = new Uint8Array(Number(modulusLength))
  if (modulus > 1n) {
    const base = bytesToBigint(part(input, BigInt(HEAD_BYTES), Number(baseLength)))
    const exponent = withoutZeros(part(input, exponentAt, Number(exponentLength)))
    writeBigint(returnValue, power(base, exponent, modulus))
  }
  return { executionGasUsed: gas, returnValue }
}

/**
 * The library's own precompile at 0x05, but for exponents that it would not come to an end with.
 *
 * @returns `undefined` in forks that price it in another way
 */
export function boundedModexp(
  common: Common,
): { readonly address: Address; readonly function: PrecompileFunc } | undefined {
  if (!common.isActivatedEIP(2565) || common.isActivatedEIP(7883)) return undefined
  const library = getActivePrecompiles(common, []).get(ADDRESS)
  assert(library !== undefined, 'every fork since Byzantium has the precompile')
  return {
    address: new Address(hexToBytes(`0x${ADDRESS}`)),
    function: (input) => {
      const { data, gasLimit } = input
      const isLong = bytesWord(part(data, 32n, WORD)) > LIBRARY_EXPONENT_BYTES_MAX
      return isLong ? modexp(data, gasLimit) : library(input)
    },
  }
}

/** Bits of the exponent below its highest, those beyond the first 32 bytes counted whether set or not. */
function iterations(length: bigint, head: bigint): bigint {
  const beyond = length > WORD ? 8n * (length - BigInt(WORD)) : 0n
  const bits = head === 0n ? 0n : BigInt(head.toString(2).length - 1)
  return max(1n, beyond + bits)
}

/** Bytes of the input from a position, with the zeros that follow its end. */
function part(input: Uint8Array, at: bigint, length: number): Uint8Array {
  const start = at > BigInt(input.length) ? input.length : Number(at)
  const present = input.subarray(start, start + length)
  if (present.length === length) return present
  const whole = new Uint8Array(length)
  whole.set(present)
  return whole
}

/** @param exponent - big-endian, without leading zeros */
function power(base: bigint, exponent: Uint8Array, modulus: bigint): bigint {
  if (modulus >> BigInt(8 * MONTGOMERY_BYTES_MAX) !== 0n) return windowed(base, exponent, modulus)
  const evenPart = modulus & -modulus
  const odd = modulus / evenPart
  if (evenPart === 1n) return oddModexp(base, exponent, modulus)
  const even = powerOfTwoModexp(base, exponent, evenPart)
  if (odd === 1n) return even
  // Chinese remainders: the number below the modulus that is right for both factors.
  const first = oddModexp(base, exponent, odd)
  const mask = evenPart - 1n
  return first + odd * (((even - first) * inverse(odd, mask)) & mask)
}

/** base^exponent modulo 2^k. */
function powerOfTwoModexp(base: bigint, exponent: Uint8Array, modulus: bigint): bigint {
  const mask = modulus - 1n
  let rest = bytesWord(exponent.length > WORD ? exponent.subarray(-WORD) : exponent)
  // Odd numbers repeat after at most 2^k powers; even ones are 0 from the k-th on, and k is at most 255.
  if ((base & 1n) === 1n) rest &= mask
  else if (exponent.length > 1) return 0n
  let square = base & mask
  let result = 1n
  while (rest > 0n) {
    if ((rest & 1n) === 1n) result = (result * square) & mask
    square = (square * square) & mask
    rest >>= 1n
  }
  return result
}

/** 1 / odd modulo a power of two, which is one above the mask. */
function inverse(odd: bigint, mask: bigint): bigint {
  let result = odd
  while (((result * odd) & mask) !== 1n) result = (result * (2n - odd * result)) & mask
  return result
}

/** Four bits of the exponent at a time, from the highest. */
function windowed(base: bigint, exponent: Uint8Array, modulus: bigint): bigint {
  const first = base % modulus
  if (exponent.length <= SHORT_EXPONENT_BYTES) return binary(first, exponent, modulus)
  const powers = [1n, first]
  for (let i = 2; i < POWER_COUNT; i++) powers.push(((powers[i - 1] as bigint) * first) % modulus)
  let result = 1n
  for (const byte of exponent) {
    for (const half of [byte >> 4, byte & 15]) {
      if (result !== 1n) for (let i = 0; i < 4; i++) result = (result * result) % modulus
      if (half !== 0) result = (result * (powers[half] as bigint)) % modulus
    }
  }
  return result
}

function binary(base: bigint, exponent: Uint8Array, modulus: bigint): bigint {
  let result = 1n
  for (const byte of exponent) {
    for (let bit = 7; bit >= 0; bit--) {
      if (result !== 1n) result = (result * result) % modulus
      if (((byte >> bit) & 1) === 1) result = (result * base) % modulus
    }
  }
  return result
}

function withoutZeros(bytes: Uint8Array): Uint8Array {
  let start = 0
  while (bytes[start] === 0) start++
  return bytes.subarray(start)
}

function bytesToBigint(bytes: Uint8Array): bigint {
  if (bytes.length <= WORD) return bytesWord(bytes)
  return BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`)
}

/** Big-endian, right-aligned. */
function writeBigint(into: Uint8Array, value: bigint): void {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  into.set(bytes, into.length - bytes.length)
}

function outOfGas(gasLimit: bigint): ExecResult {
  return {
    executionGasUsed: gasLimit,
    returnValue: NOTHING,
    exceptionError: new EVMError(EVMError.errorMessages.OUT_OF_GAS),
  }
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
