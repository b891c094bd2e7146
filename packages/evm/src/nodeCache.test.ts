import { expect, test } from 'vitest'
import { NodeCache } from './nodeCache.ts'

const record = (fill: number, size = 100): Uint8Array => new Uint8Array(size).fill(fill)

/** A cache over a store that holds one record, and how often that was read. */
function cacheOver(stored: Uint8Array | undefined, bytesMax = 1_000_000) {
  const cache = new NodeCache(bytesMax)
  let reads = 0
  const get = (key: string): Uint8Array | undefined =>
    cache.get(key, () => {
      reads++
      return stored
    })
  return { cache, get, reads: () => reads }
}

test('a record is read once, and nothing is remembered of one that is not there', () => {
  const { get, reads } = cacheOver(record(1))
  expect(get('a')).toEqual(record(1))
  expect(get('a')).toEqual(record(1))
  expect(reads()).toBe(1)
  const empty = cacheOver(undefined)
  expect(empty.get('a')).toBeUndefined()
  expect(empty.get('a')).toBeUndefined()
  expect(empty.reads()).toBe(2)
})

test.each([100, 99])('a new version of %d bytes takes the place of the old one', (size) => {
  const { cache, get, reads } = cacheOver(undefined)
  cache.set('a', record(1))
  const next = record(2, size)
  cache.set('a', next)
  next.fill(3)
  expect(get('a')).toEqual(record(2, size))
  expect(reads()).toBe(0)
})

test('a record that is gone is not answered from an older generation', () => {
  const { cache, get } = cacheOver(undefined, 1_000)
  cache.set('a', record(1))
  for (const key of ['b', 'c', 'd']) cache.set(key, record(2))
  cache.set('a', undefined)
  expect(get('a')).toBeUndefined()
})

test('memory is bounded: what nobody asks for goes, what is asked for stays', () => {
  const { cache, get, reads } = cacheOver(record(9), 20_000)
  cache.set('hot', record(1))
  cache.set('cold', record(2))
  for (let i = 0; i < 1_000; i++) {
    cache.set(`${i}`, record(3))
    expect(get('hot')).toEqual(record(1))
  }
  expect(reads()).toBe(0)
  expect(get('cold')).toEqual(record(9))
  const kept = Array.from({ length: 1_000 }, (_, i) => get(`${i}`)?.[0]).filter((one) => one === 3)
  expect(kept.length).toBeLessThan(20_000 / 100)
})
