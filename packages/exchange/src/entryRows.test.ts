import { hexToBytes, type Write } from '@openliquid/primitives'
import { expect, it } from 'vitest'
import { EntryWriter, entryRows, writesOf } from './entryRows.ts'

const write = (key: string, value: string | undefined): Write => [
  hexToBytes(key),
  value === undefined ? undefined : hexToBytes(value),
]

it('gives back the entries that went in, removed ones, empty values and all', () => {
  const writes = [
    write('0x01', '0x0203'),
    write('0x04', undefined),
    write('0x0506', '0x'),
    write('0x07', undefined),
  ]
  expect(writesOf(entryRows(writes), writes.keys())).toEqual(writes)
  expect(writesOf(entryRows([]), [])).toEqual([])
})

it('writes anew over what was cleared, and leaves what was read before as it was', () => {
  const out = new EntryWriter()
  for (let i = 0; i < 200; i++) {
    out.u32(i).endKey()
    out.u53(i).endValue()
  }
  const before = writesOf(out, [0, 199])
  const kept = structuredClone(before)
  out.clear()
  out.u32(7).endKey()
  out.remove()
  expect(out.count).toBe(1)
  expect(writesOf(out, [0])).toEqual([write('0x00000007', undefined)])
  expect(before).toEqual(kept)
})

it('refuses a value of an entry that is removed', () => {
  const out = new EntryWriter()
  out.u8(1).endKey()
  out.u8(2)
  expect(() => out.remove()).toThrow('a value of an entry that is removed')
})
