import {
  type Address,
  bytesToUint,
  concatBytes,
  uintToBytes,
  unreachable,
  utf8ToBytes,
} from '@openliquid/primitives'

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

/** A result with its ABI type. A tuple is a struct, or an array of fixed length. */
export type AbiResult =
  | {
      readonly kind: 'integer'
      readonly value: bigint
      readonly bits: number
      readonly signed: boolean
    }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'tuple'; readonly fields: readonly AbiResult[] }
  | { readonly kind: 'list'; readonly items: readonly AbiResult[] }

export function uint(bits: number, value: bigint | number): AbiResult {
  return { kind: 'integer', value: BigInt(value), bits, signed: false }
}

export function int(bits: number, value: bigint | number): AbiResult {
  return { kind: 'integer', value: BigInt(value), bits, signed: true }
}

export function bool(value: boolean): AbiResult {
  return uint(1, value ? 1 : 0)
}

export function address(value: Address): AbiResult {
  return uint(160, bytesToUint(value))
}

export function text(value: string): AbiResult {
  return { kind: 'string', text: value }
}

export function tuple(...fields: readonly AbiResult[]): AbiResult {
  return { kind: 'tuple', fields }
}

export function list(items: readonly AbiResult[]): AbiResult {
  return { kind: 'list', items }
}

/**
 * What `abi.encode` makes of one value: words in place for a static one, an offset and the content for a dynamic one.
 *
 * @returns `undefined` if an integer does not fit its type
 */
export function encodeAbi(result: AbiResult): Uint8Array | undefined {
  return isEncodable(result) ? encodeSequence([result]) : undefined
}

/** Static values in place; dynamic ones behind them all, with their offset in place. */
function encodeSequence(results: readonly AbiResult[]): Uint8Array {
  const encoded = results.map((result) => ({
    bytes: encodeOne(result),
    dynamic: isDynamic(result),
  }))
  let offset = 0
  for (const { bytes, dynamic } of encoded) offset += dynamic ? WORD_BYTES : bytes.length
  const heads: Uint8Array[] = []
  const tails: Uint8Array[] = []
  for (const { bytes, dynamic } of encoded) {
    heads.push(dynamic ? word(BigInt(offset)) : bytes)
    if (!dynamic) continue
    tails.push(bytes)
    offset += bytes.length
  }
  return concatBytes(...heads, ...tails)
}

function encodeOne(result: AbiResult): Uint8Array {
  switch (result.kind) {
    case 'integer':
      return word(BigInt.asUintN(256, result.value))
    case 'string': {
      const bytes = utf8ToBytes(result.text)
      const padding = new Uint8Array((WORD_BYTES - (bytes.length % WORD_BYTES)) % WORD_BYTES)
      return concatBytes(word(BigInt(bytes.length)), bytes, padding)
    }
    case 'tuple':
      return encodeSequence(result.fields)
    case 'list':
      return concatBytes(word(BigInt(result.items.length)), encodeSequence(result.items))
    default:
      return unreachable(result)
  }
}

function isDynamic(result: AbiResult): boolean {
  if (result.kind === 'tuple') return result.fields.some(isDynamic)
  return result.kind === 'string' || result.kind === 'list'
}

function isEncodable(result: AbiResult): boolean {
  switch (result.kind) {
    case 'integer': {
      const { value, bits, signed } = result
      return (signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)) === value
    }
    case 'string':
      return true
    case 'tuple':
      return result.fields.every(isEncodable)
    case 'list':
      return result.items.every(isEncodable)
    default:
      return unreachable(result)
  }
}

function word(value: bigint): Uint8Array {
  return uintToBytes(value, WORD_BYTES)
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}
