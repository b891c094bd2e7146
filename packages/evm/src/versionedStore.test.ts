import type { Write } from '@openliquid/primitives'
import { memoryStore } from '@openliquid/storage/testing'
import { describe, expect, test } from 'vitest'
import { byteText } from './byteText.ts'
import { LruCache } from './lruCache.ts'
import { VersionedStore } from './versionedStore.ts'

const key = Uint8Array.of(1)
const other = Uint8Array.of(2)
const value = (n: number): Uint8Array => Uint8Array.of(n)

describe('versions of the store', () => {
  test('each version goes on reading what it read, before and after the writes reach the disk', async () => {
    const disk = memoryStore()
    await disk.batch([[key, value(1)]], { sync: true })
    const store = new VersionedStore(disk)
    const first = store.accepted
    const writes: Write[][] = [
      [
        [key, value(2)],
        [other, value(9)],
      ],
      [[key, undefined]],
    ]
    store.push(
      writes[0]!,
      new Map([
        [byteText(key), value(1)],
        [byteText(other), undefined],
      ]),
    )
    const second = store.tip
    store.push(writes[1]!, new Map([[byteText(key), value(2)]]))
    const third = store.tip

    const check = (): void => {
      expect([first.read(key), first.read(other)]).toEqual([value(1), undefined])
      expect([second.read(key), second.read(other)]).toEqual([value(2), value(9)])
      expect([third.read(key), third.read(other)]).toEqual([undefined, value(9)])
    }
    check()
    expect(store.accepted).toBe(first)
    for (const [index, version] of [second, third].entries()) {
      await disk.batch(writes[index]!, { sync: true })
      check()
      store.accept()
      expect(store.accepted).toBe(version)
      check()
    }
  })

  test('nothing pending, nothing to accept', () => {
    expect(() => new VersionedStore(memoryStore()).accept()).toThrow('a block is pending')
  })
})

describe('the cache', () => {
  test('stays within its bytes and drops what was not used for longest', () => {
    const cache = new LruCache(3 * (1 + 10 + 128))
    for (const name of ['a', 'b', 'c']) cache.set(name, new Uint8Array(10))
    cache.get('a')
    cache.set('d', new Uint8Array(10))
    expect(['a', 'b', 'c', 'd'].map((name) => cache.get(name) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ])
  })

  test('a value set again counts once, a deleted one not at all', () => {
    const cache = new LruCache(2 * (1 + 10 + 128))
    for (let n = 0; n < 5; n++) cache.set('a', new Uint8Array(10))
    cache.set('b', new Uint8Array(10))
    expect(cache.get('a')).toBeDefined()
    cache.delete('a')
    cache.set('c', new Uint8Array(10))
    expect(cache.get('b')).toBeDefined()
  })

  test('what is larger than the cache is not kept', () => {
    const cache = new LruCache(100)
    cache.set('a', new Uint8Array(200))
    expect(cache.get('a')).toBeUndefined()
  })
})
