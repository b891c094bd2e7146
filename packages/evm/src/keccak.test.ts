import { keccak256 as portable } from '@openliquid/primitives'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keccak256 } from './keccak.ts'

test('hashes as primitives does, at every length around a block', () => {
  for (let length = 0; length < 420; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 0xff)
    expect(keccak256(bytes)).toEqual(portable(bytes))
  }
})

test('hashes more than its memory holds', () => {
  const bytes = new Uint8Array(300_001).fill(7)
  expect(keccak256(bytes)).toEqual(portable(bytes))
})

test('hashes any bytes, and does not change them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      const copy = bytes.slice()
      expect(keccak256(bytes)).toEqual(portable(bytes))
      expect(bytes).toEqual(copy)
    }),
  )
})
