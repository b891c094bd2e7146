import { malformed } from './malformed.ts'

/** Turns parsed JSON from outside into a typed value, or throws a DecodeError that names the bad field. */
export interface JsonParser<T> {
  /** @param path - of the value, for the error */
  parse(json: unknown, path: string): T
}

/** A field that may be absent. */
export interface OptionalField<P> {
  readonly optional: P
}

type FieldOf<T, K extends keyof T> =
  Record<never, never> extends Pick<T, K>
    ? OptionalField<JsonParser<Exclude<T[K], undefined>>>
    : JsonParser<T[K]>

/** One parser per key; the order of the keys is the order of the fields. */
export type FieldParsers<T> = { readonly [K in keyof T]-?: FieldOf<T, K> }

/** An object as JSON means it: no list, no null. */
export function parseObject(json: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw malformed(path, 'wants an object')
  }
  return json as Record<string, unknown>
}

/** An object with exactly the listed fields; an unknown key is refused, and so is null for an absent one. */
export function structParser<T>(fields: FieldParsers<T>): JsonParser<T> {
  const list = fieldList<JsonParser<unknown>>(fields as FieldParsers<Record<string, unknown>>)
  const known = new Set(list.map(({ key }) => key))
  return {
    parse(json, path) {
      const object = parseObject(json, path)
      for (const key of Object.keys(object)) {
        if (!known.has(key)) throw malformed(path, `unknown field ${JSON.stringify(key)}`)
      }
      const parsed: Record<string, unknown> = {}
      for (const { key, isOptional, parser } of list) {
        if (!Object.hasOwn(object, key)) {
          if (!isOptional) throw malformed(`${path}.${key}`, 'is missing')
          continue
        }
        const value = parser.parse(object[key], `${path}.${key}`)
        if (value !== undefined) parsed[key] = value
      }
      return parsed as T
    },
  }
}

/** A list of at most `max` items of one kind. */
export function listParser<T>(item: JsonParser<T>, max: number): JsonParser<readonly T[]> {
  return {
    parse(json, path) {
      if (!Array.isArray(json)) throw malformed(path, 'wants a list')
      if (json.length > max) throw malformed(path, `list is longer than ${max}`)
      return json.map((value, i) => item.parse(value, `${path}[${i}]`))
    },
  }
}

/** An object from texts to values of one kind. */
export function recordParser<T>(
  key: JsonParser<string>,
  value: JsonParser<T>,
  max: number,
): JsonParser<Readonly<Record<string, T>>> {
  return {
    parse(json, path) {
      const entries = Object.entries(parseObject(json, path))
      if (entries.length > max) throw malformed(path, `has more than ${max} entries`)
      return Object.fromEntries(
        entries.map(([name, json]) => {
          const inner = `${path}[${JSON.stringify(name.slice(0, 80))}]`
          return [key.parse(name, inner), value.parse(json, inner)]
        }),
      )
    },
  }
}

export const booleanParser: JsonParser<boolean> = {
  parse(json, path) {
    if (typeof json !== 'boolean') throw malformed(path, 'wants true or false')
    return json
  },
}

/** An integer from min to max, both safe. */
export function integerParser(min: number, max: number): JsonParser<number> {
  return {
    parse(json, path) {
      if (typeof json !== 'number' || !Number.isSafeInteger(json) || Object.is(json, -0)) {
        throw malformed(path, 'wants an integer')
      }
      if (json < min || json > max) throw malformed(path, `wants an integer from ${min} to ${max}`)
      return json
    },
  }
}

/** Well-formed Unicode of at most `bytesMax` bytes in UTF-8. */
export function textParser(bytesMax: number): JsonParser<string> {
  return {
    parse(json, path) {
      if (typeof json !== 'string') throw malformed(path, 'wants text')
      if (utf8Size(json) > bytesMax) throw malformed(path, `text is longer than ${bytesMax} bytes`)
      // A lone surrogate has no UTF-8 form: it would be hashed as something else.
      if (/\p{Surrogate}/u.test(json)) throw malformed(path, 'text is not well-formed Unicode')
      return json
    },
  }
}

/** One of the given texts. */
export function literalParser<T extends string>(...values: readonly T[]): JsonParser<T> {
  return {
    parse(json, path) {
      const value = values.find((known) => known === json)
      if (value === undefined) throw malformed(path, `wants ${values.join(', ')}`)
      return value
    },
  }
}

interface ListedField<P> {
  readonly key: string
  readonly isOptional: boolean
  readonly parser: P
}

/** The fields of a struct as a list, in their order. */
export function fieldList<P>(
  fields: Readonly<Record<string, P | OptionalField<P>>>,
): readonly ListedField<P>[] {
  return Object.entries(fields).map(([key, field]) =>
    isOptionalField(field)
      ? { key, isOptional: true, parser: field.optional }
      : { key, isOptional: false, parser: field },
  )
}

function isOptionalField<P>(field: P | OptionalField<P>): field is OptionalField<P> {
  return typeof field === 'object' && field !== null && 'optional' in field
}

function utf8Size(text: string): number {
  let size = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff)) size += 2
    else if (unit >= 0x80) size += 1
  }
  return size
}
