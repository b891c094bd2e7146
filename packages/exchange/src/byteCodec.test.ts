import { expect, it } from 'vitest'
import { ByteReader, ByteWriter } from './byteCodec.ts'
import { prng } from './testing/index.ts'

it('grows at any field, wherever its room ends', () => {
  const chunk = 65_536
  for (let filled = chunk - 45; filled <= chunk; filled++) {
    const out = new ByteWriter()
    out.bytes(new Uint8Array(filled).fill(9))
    out.u32(1).u64(2n).i64(-3n).text('four').u53(5).integer(-6n).u8(7)
    const input = new ByteReader(out.take())
    expect(input.bytes(filled).every((byte) => byte === 9)).toBe(true)
    expect([input.u32(), input.u64(), input.i64(), input.text()]).toEqual([1, 2n, -3n, 'four'])
    expect([input.u53(), input.integer(), input.u8()]).toEqual([5, -6n, 7])
    input.end()
  }
})

it('leaves what was taken as it was, also where a chunk ends', () => {
  const out = new ByteWriter()
  const taken = Array.from({ length: 7_000 }, (_, i) => out.u53(i).u32(i).take())
  for (const [i, bytes] of taken.entries()) {
    const input = new ByteReader(bytes)
    expect([input.u53(), input.u32(), input.remaining]).toEqual([i, i, 0])
  }
})

it('writes safe integers as it writes bigints', () => {
  const [max, next] = [Number.MAX_SAFE_INTEGER, prng(3)]
  const values = [0, 1, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 52, max]
  const [fast, slow] = [new ByteWriter(), new ByteWriter()]
  for (let i = 0; i < 500; i++) values.push(next(2 ** 31) * 2 ** next(22) + next(2))
  for (const value of values.flatMap((v) => [v, -v])) {
    fast.safeInteger(value).i53(value)
    slow.integer(BigInt(value)).i64(BigInt(value))
    expect(fast.take()).toEqual(slow.take())
  }
  expect(() => new ByteWriter().safeInteger(max + 1)).toThrow('out of range')
  expect(() => new ByteWriter().i53(-max - 1)).toThrow('out of range')
})
