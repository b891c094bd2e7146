import { expect, test } from 'vitest'
import { ByteSlab } from './byteSlab.ts'

test('arrays of one slab are zero and do not touch each other, whatever their sizes', () => {
  const slab = new ByteSlab()
  const sizes = [0, 1, 32, 255, 256, 257, 5_000, 300_000, 3, 262_144]
  const arrays = sizes.map((size, i) => {
    const bytes = slab.take(size)
    expect(bytes.every((byte) => byte === 0)).toBe(true)
    return bytes.fill(i + 1)
  })
  for (const [i, size] of sizes.entries()) {
    expect(arrays[i]?.length).toBe(size)
    expect(arrays[i]?.every((byte) => byte === i + 1)).toBe(true)
  }
})

test.each([0, 1, 128, 129, 1_000])('a copy of %d bytes is its own', (size) => {
  const bytes = Uint8Array.from({ length: 1_100 }, (_, i) => i & 0xff)
  const copied = new ByteSlab().copy(bytes, size)
  const expected = bytes.slice(0, size)
  bytes.fill(0)
  expect(copied).toEqual(expected)
})
