import { type Address, bytesToUint, uintToBytes } from '@openliquid/primitives'

/** Bytes of one ABI word: every static argument and result takes one. */
export const WORD_BYTES = 32

/** Argument types that reads and CoreWriter actions use. */
export type AbiType = 'address' | 'bool' | `uint${8 | 16 | 32 | 64 | 128}`

/** Integers and booleans; addresses stay bytes. */
export type AbiValue = bigint | Address

/**
 * The word at `index` as a value of `type`, or `undefined` if it lies outside of the type's range.
 *
 * Contracts may declare an argument wider or narrower than we do: the word is the same, so only its value counts.
 */
export function readWord(words: Uint8Array, index: number, type: AbiType): AbiValue | undefined {
  const word = words.subarray(index * WORD_BYTES, (index + 1) * WORD_BYTES)
  if (type === 'address') return isZero(word.subarray(0, 12)) ? word.slice(12) : undefined
  const value = bytesToUint(word)
  if (type === 'bool') return value <= 1n ? value : undefined
  return value < 1n << BigInt(type.slice(4)) ? value : undefined
}

/** A result and the signed or unsigned range its ABI type has. */
export interface AbiResult {
  readonly value: bigint
  readonly bits: number
  readonly signed?: true
}

/** One word per result; `undefined` if one does not fit its type. */
export function encodeWords(results: readonly AbiResult[]): Uint8Array | undefined {
  const words = new Uint8Array(results.length * WORD_BYTES)
  for (const [index, { value, bits, signed }] of results.entries()) {
    const fits = signed
      ? BigInt.asIntN(bits, value) === value
      : BigInt.asUintN(bits, value) === value
    if (!fits) return undefined
    words.set(uintToBytes(BigInt.asUintN(256, value), WORD_BYTES), index * WORD_BYTES)
  }
  return words
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}
