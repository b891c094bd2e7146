import { expect, it } from 'vitest'
import { ByteReader, ByteWriter } from './byteCodec.ts'

it('grows at any field, wherever its room ends', () => {
  for (let filled = 240; filled <= 256; filled++) {
    const out = new ByteWriter()
    for (let i = 0; i < filled; i++) out.u8(i % 256)
    out.u32(1).u64(2n).i64(-3n).text('four').u53(5).integer(-6n).u8(7)
    const input = new ByteReader(out.take())
    input.bytes(filled)
    expect([input.u32(), input.u64(), input.i64(), input.text()]).toEqual([1, 2n, -3n, 'four'])
    expect([input.u53(), input.integer(), input.u8()]).toEqual([5, -6n, 7])
    input.end()
  }
})
