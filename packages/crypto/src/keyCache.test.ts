import { expect, it } from 'vitest'
import { KeyCache } from './keyCache.ts'
import { PUBLIC_KEYS_CACHED_MAX } from './limits.ts'

it('parses a good key once, a bad one each time, and forgets the oldest when full', () => {
  let parsed = 0
  const cache = new KeyCache((bytes) => {
    parsed++
    return bytes[0] === 0xff ? undefined : bytes.length
  })
  const key = (i: number): Uint8Array => Uint8Array.of(0, i >> 8, i & 0xff)

  for (let i = 0; i < PUBLIC_KEYS_CACHED_MAX; i++) expect(cache.get(key(i))).toBe(3)
  expect(cache.get(key(0))).toBe(3)
  expect(parsed).toBe(PUBLIC_KEYS_CACHED_MAX)

  expect(cache.get(Uint8Array.of(0xff))).toBeUndefined()
  expect(cache.get(Uint8Array.of(0xff))).toBeUndefined()
  expect(parsed).toBe(PUBLIC_KEYS_CACHED_MAX + 2)

  cache.get(key(PUBLIC_KEYS_CACHED_MAX))
  expect(cache.size).toBe(PUBLIC_KEYS_CACHED_MAX)
  cache.get(key(1))
  expect(parsed).toBe(PUBLIC_KEYS_CACHED_MAX + 3)
  cache.get(key(0))
  expect(parsed).toBe(PUBLIC_KEYS_CACHED_MAX + 4)
})
