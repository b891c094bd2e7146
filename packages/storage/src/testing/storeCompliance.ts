import { equalBytes, type KeyRange, type KeyValueStore } from '@openliquid/primitives'

/** One rule that every KeyValueStore keeps. `run` throws when it does not. */
export interface StoreCase {
  readonly title: string
  run(store: KeyValueStore): Promise<void>
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** The contract of KeyValueStore as cases for any test runner; each wants an empty store. */
export const storeCompliance: readonly StoreCase[] = [
  {
    title: 'answers undefined for a key that was never written',
    async run(store) {
      expectEqual(store.get(bytes(1)), undefined)
      expectEqual(await store.getMany([bytes(1), bytes(2)]), [undefined, undefined])
    },
  },
  {
    title: 'reads back what a batch wrote, empty values too',
    async run(store) {
      await store.batch(
        [
          [bytes(1), bytes(7, 8)],
          [bytes(2), bytes()],
        ],
        { sync: false },
      )
      expectEqual(store.get(bytes(1)), bytes(7, 8))
      expectEqual(store.get(bytes(2)), bytes())
      expectEqual(await store.getMany([bytes(2), bytes(3), bytes(1)]), [
        bytes(),
        undefined,
        bytes(7, 8),
      ])
    },
  },
  {
    title: 'applies a batch in order: the last write to a key counts',
    async run(store) {
      await store.batch(
        [
          [bytes(1), bytes(1)],
          [bytes(1), undefined],
          [bytes(2), undefined],
          [bytes(2), bytes(2)],
        ],
        { sync: true },
      )
      expectEqual(store.get(bytes(1)), undefined)
      expectEqual(store.get(bytes(2)), bytes(2))
    },
  },
  {
    title: 'iterates in byte order within a half-open range',
    async run(store) {
      const keys = [bytes(1), bytes(1, 0), bytes(1, 255), bytes(2), bytes(128), bytes(255, 255)]
      await store.batch(
        [...keys].reverse().map((key) => [key, key] as const),
        { sync: false },
      )
      expectEqual(await keysIn(store, {}), keys)
      expectEqual(await keysIn(store, { gte: bytes(1, 0), lt: bytes(128) }), keys.slice(1, 4))
      expectEqual(await keysIn(store, { lt: bytes(2), reverse: true }), keys.slice(0, 3).reverse())
      expectEqual(await keysIn(store, { gte: bytes(1), limit: 2 }), keys.slice(0, 2))
    },
  },
  {
    title: 'hands out memory of its own',
    async run(store) {
      const value = bytes(5)
      await store.batch([[bytes(1), value]], { sync: false })
      value[0] = 6
      const read = store.get(bytes(1))
      expectEqual(read, bytes(5))
      if (read !== undefined) read[0] = 9
      expectEqual(store.get(bytes(1)), bytes(5))
      const copy = store.get(bytes(1))?.slice()
      if (copy !== undefined) copy[0] = 4
      expectEqual(store.get(bytes(1)), bytes(5))
    },
  },
]

async function keysIn(store: KeyValueStore, range: KeyRange): Promise<Uint8Array[]> {
  const keys: Uint8Array[] = []
  for await (const [key, value] of store.entries(range)) {
    expectEqual(value, key)
    keys.push(key)
  }
  return keys
}

type Comparable = Uint8Array | undefined | readonly (Uint8Array | undefined)[]

function expectEqual(actual: Comparable, expected: Comparable): void {
  if (!isSame(actual, expected)) {
    throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`)
  }
}

function isSame(a: Comparable, b: Comparable): boolean {
  if (a === undefined || b === undefined) return a === b
  if (a instanceof Uint8Array) return b instanceof Uint8Array && equalBytes(a, b)
  if (b instanceof Uint8Array) return false
  return a.length === b.length && a.every((item, i) => isSame(item, b[i]))
}
