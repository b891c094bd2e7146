import { assert, type Hash } from '@openliquid/primitives'

/** A hash as the key of a Map: equal exactly where the hashes are. */
export type HashKey = string & { readonly __brand: 'HashKey' }

const HASH_BYTES = 32
const UNITS = 16

/** Keys of the hashes in use: one object is looked up many times, and never changed. */
const keys = new WeakMap<Hash, HashKey>()

/** Two bytes in each unit of the text: shorter and faster than hexadecimal. */
export function hashKey(hash: Hash): HashKey {
  const known = keys.get(hash)
  if (known !== undefined) return known
  assert(hash.length === HASH_BYTES, 'a hash has 32 bytes')
  const units: number[] = []
  for (let i = 0; i < UNITS; i++) {
    units.push(((hash[2 * i] as number) << 8) | (hash[2 * i + 1] as number))
  }
  const key = String.fromCharCode(...units) as HashKey
  keys.set(hash, key)
  return key
}
