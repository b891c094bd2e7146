import {
  bytesToHex,
  compareBytes,
  type KeyRange,
  type KeyValueStore,
  type Write,
} from '@openliquid/primitives'

type Entry = readonly [key: Uint8Array, value: Uint8Array]

/** A KeyValueStore without a disk, for tests. Passes the compliance suite of the real one. */
export function memoryStore(): KeyValueStore {
  const entries = new Map<string, Entry>()
  const copyOf = (key: Uint8Array): Uint8Array | undefined =>
    entries.get(bytesToHex(key))?.[1].slice()
  return {
    get: copyOf,
    getMany: async (keys) => keys.map(copyOf),
    async *entries({ gte, lt, reverse = false, limit = -1 }: KeyRange) {
      const inRange = [...entries.values()]
        .filter(([key]) => gte === undefined || compareBytes(key, gte) >= 0)
        .filter(([key]) => lt === undefined || compareBytes(key, lt) < 0)
        .sort(([a], [b]) => (reverse ? compareBytes(b, a) : compareBytes(a, b)))
      const wanted = limit < 0 ? inRange : inRange.slice(0, limit)
      for (const [key, value] of wanted) yield [key.slice(), value.slice()] as const
    },
    async batch(writes: readonly Write[]) {
      for (const [key, value] of writes) {
        if (value === undefined) entries.delete(bytesToHex(key))
        else entries.set(bytesToHex(key), [key.slice(), value.slice()])
      }
    },
    close: async () => undefined,
  }
}
