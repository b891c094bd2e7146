import { compareBytes, type Write } from '@openliquid/primitives'
import { expect, it } from 'vitest'
import { ByteWriter } from './byteCodec.ts'
import { entryRows, writesOf } from './entryRows.ts'
import { prng } from './testing/index.ts'
import { WriteOrder } from './writeOrder.ts'

it('orders the writes that changed something as their keys compare, also where their numbers are the same', () => {
  const next = prng(9)
  const out = new ByteWriter()
  const value = new Uint8Array(1)
  const writes: Write[] = []
  for (let i = 0; i < 3_000; i++) {
    const tag = [0x01, 0x10, 0x11, 0x14, 0x44, 0xff][next(6)]!
    out.u8(0x63).u8(tag)
    if (tag === 0x14) out.u53(next(4) === 0 ? Number.MAX_SAFE_INTEGER - next(500) : next(5_000))
    else if (tag === 0x01) out.u8(0)
    else for (let j = 0; j < 20; j++) out.u8(j < 16 ? (next(20) === 0 ? 1 : 0) : next(256))
    writes.push([out.take(), next(3) === 0 ? undefined : value])
  }
  const isChanged = Uint8Array.from(writes, () => (next(8) === 0 ? 0 : 1))
  const rows = entryRows(writes)
  const keys = writesOf(rows, new WriteOrder().changesOf(rows, isChanged)).map(([key]) => key)
  const changed = writes.filter((_, i) => isChanged[i] === 1)
  const expected = changed.map(([key]) => key).sort(compareBytes)
  expect(keys).toEqual(expected)
})
