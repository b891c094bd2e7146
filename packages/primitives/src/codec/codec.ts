import type { Type } from '@chainsafe/ssz'
import { DecodeError } from '../types/errors.ts'
import { equalBytes } from './bytes.ts'

/**
 * Canonical bytes of one type: `decode(encode(x))` equals x and `encode(decode(b))` equals b.
 *
 * `decode` throws a DecodeError on anything else: trailing bytes, bad offsets, numbers that leave their range.
 */
export interface Codec<T> {
  encode(value: T): Uint8Array
  decode(bytes: Uint8Array): T
}

/** What an SSZ container holds beside what the program works with; the two differ where a field is optional. */
interface Mapping<T, S> {
  toSsz(value: T): S
  fromSsz(value: S): T
}

/**
 * Makes a codec from an SSZ type.
 *
 * @param bytesMax - refused above, before anything is allocated
 */
export function sszCodec<T, S>(
  what: string,
  type: Type<S>,
  bytesMax: number,
  { toSsz, fromSsz }: Mapping<T, S>,
): Codec<T> {
  return {
    encode: (value) => type.serialize(toSsz(value)),
    decode(bytes) {
      if (bytes.length > bytesMax) {
        throw new DecodeError(`${what} of ${bytes.length} bytes, at most ${bytesMax} are allowed`, {
          code: 'OL_DECODE_SIZE',
          what,
          size: bytes.length,
          max: bytesMax,
        })
      }
      let decoded: S
      try {
        decoded = type.deserialize(bytes)
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause)
        throw new DecodeError(`${what} is malformed: ${reason}`, {
          code: 'OL_DECODE_MALFORMED',
          what,
          reason,
        })
      }
      const value = fromSsz(decoded)
      if (!isEncoding(bytes, type, toSsz(value))) {
        throw new DecodeError(`${what} is not in canonical form`, {
          code: 'OL_DECODE_NON_CANONICAL',
          what,
        })
      }
      return value
    },
  }
}

/**
 * One type with two containers: the `longer` one has the fields of the other and more behind them. The first offset of
 * a container is the size of what stands in front of its variable fields, so it tells the two apart.
 *
 * Each value has one form: the one that `isLonger` says, and a canonical form in it.
 */
export function extendedCodec<T>(
  shorter: Codec<T>,
  longer: Codec<T>,
  {
    isLonger,
    offsetAt,
    offset,
  }: {
    readonly isLonger: (value: T) => boolean
    /** Where the first offset stands, and what it is in the longer form. */
    readonly offsetAt: number
    readonly offset: number
  },
): Codec<T> {
  return {
    encode: (value) => (isLonger(value) ? longer : shorter).encode(value),
    decode(bytes) {
      if (bytes.length < offsetAt + 4 || uint32At(bytes, offsetAt) !== offset) {
        return shorter.decode(bytes)
      }
      const value = longer.decode(bytes)
      if (isLonger(value)) return value
      throw new DecodeError('a container is longer than its value needs', {
        code: 'OL_DECODE_NON_CANONICAL',
        what: 'container',
      })
    },
  }
}

/** SSZ offsets are little-endian. */
function uint32At(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true)
}

/** Where values are encoded only to be compared: a new array of this size costs more than the rest of it. */
const scratch = new Uint8Array(65_536)
const scratchView = new DataView(scratch.buffer)

function isEncoding<S>(bytes: Uint8Array, type: Type<S>, value: S): boolean {
  const size = type.value_serializedSize(value)
  if (size !== bytes.length) return false
  if (size > scratch.length) return equalBytes(type.serialize(value), bytes)
  type.value_serializeToBytes({ uint8Array: scratch, dataView: scratchView }, 0, value)
  return equalBytes(scratch.subarray(0, size), bytes)
}

/** An optional field on the wire: a list of at most one. */
export function optionalToList<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value]
}

/** Fails the decode on a number that JavaScript cannot hold exactly. */
export function safeInteger(what: string, value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new DecodeError(`${what} is above 2^53 - 1`, {
      code: 'OL_DECODE_MALFORMED',
      what,
      reason: 'integer above 2^53 - 1',
    })
  }
  return Number(value)
}
