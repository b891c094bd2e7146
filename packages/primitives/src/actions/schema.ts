import { normalDecimal } from '../codec/decimal.ts'
import { bytesToHex, hexToBytes } from '../codec/hex.ts'
import {
  booleanParser,
  fieldList,
  integerParser,
  type JsonParser,
  listParser,
  literalParser,
  type OptionalField,
  parseObject,
  structParser,
  textParser,
} from '../codec/jsonParser.ts'
import { malformed } from '../codec/malformed.ts'
import { DecodeError, InvariantError } from '../types/errors.ts'
import type { Hex } from '../types/ids.ts'
import type { MsgpackReader, ValueKind } from './msgpackReader.ts'
import { MsgpackWriter } from './msgpackWriter.ts'

/** Fields at the top of any action: more than the longest type has. */
const ACTION_FIELDS_MAX = 15
/** Bytes of the name of any type. */
const ACTION_TYPE_BYTES_MAX = 64

/**
 * One kind of value of the action table: JSON in, canonical msgpack out, and back.
 *
 * `read` accepts only what `write` gives for a value that `parse` can give. So every list, text and depth is bounded by
 * the schema, and re-encoding gives the same bytes.
 */
export interface Schema<T> extends JsonParser<T> {
  /** As the table of docs/spec/hyperliquid.md §4 writes it. */
  readonly notation: string
  /** Kinds of JSON value it can be: how `union` chooses. */
  readonly kinds: readonly ValueKind[]
  write(value: T, writer: MsgpackWriter): void
  read(reader: MsgpackReader, path: string): T
}

type SchemaField<T, K extends keyof T> =
  Record<never, never> extends Pick<T, K>
    ? OptionalField<Schema<Exclude<T[K], undefined>>>
    : Schema<T[K]>

/** One schema per key, in canonical order. */
export type Fields<T> = { readonly [K in keyof T]-?: SchemaField<T, K> }

export function optional<T>(schema: Schema<T>): OptionalField<Schema<T>> {
  return { optional: schema }
}

/** An integer from min to max, both safe. */
export function integer(min: number, max: number): Schema<number> {
  const parser = integerParser(min, max)
  return {
    notation: min < 0 ? 'int' : 'uint',
    kinds: ['number'],
    parse: parser.parse,
    write: (value, writer) => writer.integer(value),
    read: (reader, path) => parser.parse(reader.integer(path), path),
  }
}

export const uint: Schema<number> = integer(0, Number.MAX_SAFE_INTEGER)
export const int: Schema<number> = integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)

export const boolean: Schema<boolean> = {
  notation: 'bool',
  kinds: ['boolean'],
  parse: booleanParser.parse,
  write: (value, writer) => writer.boolean(value),
  read: (reader, path) => reader.boolean(path),
}

/** A flag that is true or absent: false is not in the canonical form. */
export const flag: Schema<true> = {
  notation: 'true',
  kinds: ['boolean'],
  parse: parseTrue,
  write: (value, writer) => writer.boolean(value),
  read: (reader, path) => parseTrue(reader.boolean(path), path),
}

export const nil: Schema<null> = {
  notation: 'null',
  kinds: ['null'],
  parse(json, path) {
    if (json !== null) throw malformed(path, 'wants null')
    return null
  },
  write: (_value, writer) => writer.nil(),
  read(reader, path) {
    reader.nil(path)
    return null
  },
}

/** Text of at most `bytesMax` bytes that `normalise` leaves alone or brings into its one form. */
function normalisedText<T extends string>(
  notation: string,
  bytesMax: number,
  normalise: (text: string, path: string) => T,
): Schema<T> {
  const parser = textParser(bytesMax)
  return {
    notation,
    kinds: ['string'],
    parse: (json, path) => normalise(parser.parse(json, path), path),
    write: (value, writer) => writer.text(value),
    read(reader, path) {
      const text = reader.text(path, bytesMax)
      const normal = normalise(text, path)
      if (normal !== text) throw nonCanonical(path)
      return normal
    },
  }
}

export function text(bytesMax: number): Schema<string> {
  return normalisedText('str', bytesMax, (value) => value)
}

/** Text where the empty one and null mean none, and none is absent. */
export function textOrNone(bytesMax: number): Schema<string> {
  const schema = text(bytesMax)
  return {
    ...schema,
    kinds: ['string', 'null'],
    // A struct leaves out what parses to undefined.
    parse: (json, path) =>
      (json === null || json === '' ? undefined : schema.parse(json, path)) as string,
    read(reader, path) {
      const value = schema.read(reader, path)
      if (value === '') throw nonCanonical(path)
      return value
    },
  }
}

/** A decimal that is not negative, in normal form. */
export const decimal: Schema<string> = normalisedText('dec', 128, (value, path) => {
  const normal = normalDecimal(value)
  if (normal === undefined) throw malformed(path, 'wants a decimal that is not negative')
  return normal
})

/** A decimal that stays as it was signed, zeros included. */
export const signedDecimal: Schema<string> = normalisedText('dec as signed', 128, (value, path) => {
  if (normalDecimal(value) === undefined) {
    throw malformed(path, 'wants a decimal that is not negative')
  }
  return value
})

/** Text that matches a pattern and stays as it is. */
export function pattern(notation: string, bytesMax: number, regex: RegExp): Schema<string> {
  return normalisedText(notation, bytesMax, (value, path) => {
    if (!regex.test(value)) throw malformed(path, `wants ${notation}`)
    return value
  })
}

/** Exactly `size` bytes in lower-case hex. */
export function hex(notation: string, size: number): Schema<Hex> {
  return normalisedText(notation, 2 + 2 * size, (value, path) => {
    const wanted = /^0x[0-9a-fA-F]*$/.test(value) && value.length === 2 + 2 * size
    if (!wanted) throw malformed(path, `wants 0x and ${2 * size} hex digits`)
    return value.toLowerCase() as Hex
  })
}

/** Up to `bytesMax` whole bytes in lower-case hex. */
export function hexUpTo(bytesMax: number): Schema<Hex> {
  return normalisedText('hex', 2 + 2 * bytesMax, (value, path) => {
    try {
      return bytesToHex(hexToBytes(value))
    } catch {
      throw malformed(path, 'wants 0x and an even number of hex digits')
    }
  })
}

/** A number in lower-case hex without leading zeros, below 2^53. */
export const hexQuantity: Schema<Hex> = normalisedText('hex quantity', 64, (value, path) => {
  if (!/^0x[0-9a-fA-F]+$/.test(value) || Number(value) > Number.MAX_SAFE_INTEGER) {
    throw malformed(path, 'wants 0x and a hex number below 2^53')
  }
  return `0x${Number(value).toString(16)}`
})

/** Up to 64 hex digits, padded or not, in lower case: a signature's number as its signer wrote it. */
export const hexDigits: Schema<Hex> = normalisedText('hex', 66, (value, path) => {
  if (!/^0x[0-9a-fA-F]{1,64}$/.test(value)) throw malformed(path, 'wants 0x and 1 to 64 hex digits')
  return value.toLowerCase() as Hex
})

/** The same without needless zeros: how the original writes the signatures that it hashes again; §3.3. */
export const hexNumber: Schema<Hex> = normalisedText('hex', 66, (value, path) => {
  const digits = hexDigits
    .parse(value, path)
    .slice(2)
    .replace(/^0+(?=.)/, '')
  return `0x${digits}`
})

/** One of the given texts. */
export function literal<T extends string>(...values: readonly T[]): Schema<T> {
  const parser = literalParser(...values)
  return {
    notation: values.map((value) => `"${value}"`).join('|'),
    kinds: ['string'],
    parse: parser.parse,
    write: (value, writer) => writer.text(value),
    read: (reader, path) => parser.parse(reader.text(path, 64), path),
  }
}

/** A list of at most `max` items of one kind. */
export function list<T>(item: Schema<T>, max: number): Schema<readonly T[]> {
  return {
    notation: `[${item.notation}]`,
    kinds: ['array'],
    parse: listParser(item, max).parse,
    write(values, writer) {
      writer.arrayHeader(values.length)
      for (const value of values) item.write(value, writer)
    },
    read(reader, path) {
      const count = reader.arrayHeader(path, max)
      const values: T[] = []
      for (let i = 0; i < count; i++) values.push(item.read(reader, `${path}[${i}]`))
      return values
    },
  }
}

/** A list of fixed length with one schema per place. */
export function tuple<T extends readonly unknown[]>(
  ...items: { readonly [I in keyof T]: Schema<T[I]> }
): Schema<T> {
  // Each place has a type of its own, which an array of schemas cannot say.
  const schemas = items as unknown as readonly Schema<unknown>[]
  return {
    notation: `[${schemas.map(({ notation }) => notation).join(',')}]`,
    kinds: ['array'],
    parse(json, path) {
      if (!Array.isArray(json) || json.length !== schemas.length) {
        throw malformed(path, `wants a list of ${schemas.length}`)
      }
      return schemas.map((schema, i) => schema.parse(json[i], `${path}[${i}]`)) as unknown as T
    },
    write(values, writer) {
      writer.arrayHeader(schemas.length)
      for (const [i, schema] of schemas.entries()) schema.write(values[i], writer)
    },
    read(reader, path) {
      const count = reader.arrayHeader(path, schemas.length)
      if (count !== schemas.length) throw malformed(path, `wants a list of ${schemas.length}`)
      return schemas.map((schema, i) => schema.read(reader, `${path}[${i}]`)) as unknown as T
    },
  }
}

/** A map with exactly the given keys, in the given order. */
export function struct<T extends object>(fields: Fields<T>): Schema<T> {
  const parser = structParser<Record<string, unknown>>(fields as Fields<Record<string, unknown>>)
  const list = fieldList<Schema<unknown>>(fields as Fields<Record<string, unknown>>).map(
    (field) => ({ ...field, encodedKey: encodeText(field.key) }),
  )
  return {
    notation: `{${list
      .map(
        ({ key, isOptional, parser: schema }) =>
          `${key}${isOptional ? '?' : ''}:${schema.notation}`,
      )
      .join(', ')}}`,
    kinds: ['object'],
    parse: (json, path) => parser.parse(json, path) as T,
    write(value, writer) {
      const object = value as Readonly<Record<string, unknown>>
      const present = list.filter(({ key }) => object[key] !== undefined)
      writer.mapHeader(present.length)
      for (const { key, encodedKey, parser: schema } of present) {
        writer.raw(encodedKey)
        schema.write(object[key], writer)
      }
    },
    read(reader, path) {
      let rest = reader.mapHeader(path, list.length)
      const value: Record<string, unknown> = {}
      for (const { key, isOptional, encodedKey, parser: schema } of list) {
        if (rest > 0 && reader.skip(encodedKey)) {
          rest--
          value[key] = schema.read(reader, `${path}.${key}`)
        } else if (!isOptional) throw malformed(`${path}.${key}`, 'is missing or out of order')
      }
      if (rest > 0) throw malformed(path, 'has an unknown field, or one out of order')
      return value as T
    },
  }
}

/** A struct of which exactly one of the optional fields is there. */
export function oneFieldOf<T extends object>(
  schema: Schema<T>,
  fixed: readonly string[],
): Schema<T> {
  const check = (value: T, path: string): T => {
    const chosen = Object.keys(value).filter((key) => !fixed.includes(key))
    if (chosen.length !== 1) throw malformed(path, 'wants exactly one of its variants')
    return value
  }
  return {
    ...schema,
    parse: (json, path) => check(schema.parse(json, path), path),
    read: (reader, path) => check(schema.read(reader, path), path),
  }
}

/** A map with one entry, whose key says what the value is. */
export function keyed<T extends object>(
  variants: {
    readonly [K in T extends unknown ? keyof T : never]: Schema<unknown>
  },
): Schema<T> {
  const list = fieldList<Schema<unknown>>(variants).map((field) => ({
    ...field,
    encodedKey: encodeText(field.key),
  }))
  const names = list.map(({ key }) => key).join(' or ')
  return {
    notation: list.map(({ key, parser }) => `{${key}:${parser.notation}}`).join('|'),
    kinds: ['object'],
    parse(json, path) {
      const entries = Object.entries(parseObject(json, path))
      const [entry] = entries
      const variant = list.find(({ key }) => key === entry?.[0])
      if (entry === undefined || entries.length !== 1 || variant === undefined) {
        throw malformed(path, `wants one of ${names}`)
      }
      return { [variant.key]: variant.parser.parse(entry[1], `${path}.${variant.key}`) } as T
    },
    write(value, writer) {
      const object = value as Readonly<Record<string, unknown>>
      const variant = list.find(({ key }) => object[key] !== undefined)
      if (variant === undefined) throw new InvariantError(`action holds none of ${names}`)
      writer.mapHeader(1)
      writer.raw(variant.encodedKey)
      variant.parser.write(object[variant.key], writer)
    },
    read(reader, path) {
      const count = reader.mapHeader(path, 1)
      const variant =
        count === 1 ? list.find(({ encodedKey }) => reader.skip(encodedKey)) : undefined
      if (variant === undefined) throw malformed(path, `wants one of ${names}`)
      return { [variant.key]: variant.parser.read(reader, `${path}.${variant.key}`) } as T
    },
  }
}

/** A struct whose first field `type` chooses among several. */
export function byType<T extends { readonly type: string }>(
  what: string,
  schemas: ReadonlyMap<string, Schema<T>>,
): Schema<T> {
  const typeKey = encodeText('type')
  const find = (type: unknown, path: string): Schema<T> => {
    const schema = typeof type === 'string' ? schemas.get(type) : undefined
    if (schema === undefined) throw malformed(`${path}.type`, 'is not a known type of action')
    return schema
  }
  return {
    notation: what,
    kinds: ['object'],
    parse: (json, path) => find(parseObject(json, path)['type'], path).parse(json, path),
    write: (value, writer) => find(value.type, what).write(value, writer),
    read(reader, path) {
      const start = reader.position
      reader.mapHeader(path, ACTION_FIELDS_MAX)
      if (!reader.skip(typeKey)) throw malformed(path, 'does not start with its type')
      const schema = find(reader.text(`${path}.type`, ACTION_TYPE_BYTES_MAX), path)
      reader.rewind(start)
      return schema.read(reader, path)
    },
  }
}

/** One of several schemas, told apart by the kind of value. */
export function union<A, B>(a: Schema<A>, b: Schema<B>): Schema<A | B> {
  const alternatives = [a, b] as readonly Schema<unknown>[]
  const find = (kind: ValueKind, path: string): Schema<unknown> => {
    const found = alternatives.find(({ kinds }) => kinds.includes(kind))
    if (found === undefined) throw malformed(path, `wants ${a.notation} or ${b.notation}`)
    return found
  }
  return {
    notation: `${a.notation}|${b.notation}`,
    kinds: [...a.kinds, ...b.kinds],
    parse: (json, path) => find(kindOf(json), path).parse(json, path) as A | B,
    write: (value, writer) => find(kindOf(value), 'action').write(value, writer),
    read: (reader, path) => find(reader.peek(path), path).read(reader, path) as A | B,
  }
}

export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  return union(schema, nil)
}

/** The msgpack of a text: of a map's key, once. */
export function encodeText(value: string): Uint8Array {
  const writer = new MsgpackWriter()
  writer.text(value)
  return writer.finish()
}

/** The error for bytes that mean something but are not how we write it. */
export function nonCanonical(what: string): DecodeError {
  return new DecodeError(`${what} is not in canonical form`, {
    code: 'OL_DECODE_NON_CANONICAL',
    what,
  })
}

function kindOf(json: unknown): ValueKind {
  if (json === null) return 'null'
  if (Array.isArray(json)) return 'array'
  switch (typeof json) {
    case 'boolean':
      return 'boolean'
    case 'number':
      return 'number'
    case 'string':
      return 'string'
    default:
      return 'object'
  }
}

function parseTrue(json: unknown, path: string): true {
  if (json !== true) throw malformed(path, 'wants true, or no such field')
  return true
}
