import { RLP } from '@ethereumjs/rlp'
import { hexToBytes } from '@openliquid/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeRlp, encodeRlp, type RlpItem, rlpToUint, uintToRlp } from './rlp.ts'

const { item } = fc.letrec<{ item: RlpItem }>((tie) => ({
  item: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.uint8Array({ maxLength: 80 }),
    fc.array(tie('item'), { maxLength: 6 }),
  ),
}))

test('encodes as @ethereumjs/rlp and reads it back', () => {
  fc.assert(
    fc.property(item, (value) => {
      const bytes = encodeRlp(value)
      expect(bytes).toEqual(RLP.encode(value as Parameters<typeof RLP.encode>[0]))
      expect(decodeRlp(bytes, 64)).toEqual(value)
    }),
    { numRuns: 200 },
  )
})

test('a truncated or extended encoding is refused', () => {
  fc.assert(
    fc.property(item, (value) => {
      const bytes = encodeRlp(value)
      for (let end = 0; end < bytes.length; end++) {
        expect(decodeRlp(bytes.subarray(0, end), 64)).toBeUndefined()
      }
      expect(decodeRlp(Uint8Array.of(...bytes, 0), 64)).toBeUndefined()
    }),
    { numRuns: 50 },
  )
})

test('what decodes at all re-encodes to the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const decoded = decodeRlp(bytes, 8)
      if (decoded !== undefined) expect(encodeRlp(decoded)).toEqual(bytes)
    }),
    { numRuns: 2_000 },
  )
})

describe('refuses', () => {
  test.each([
    ['a byte below 0x80 behind a prefix', '0x8105'],
    ['a long form for a short string', `0xb801ff`],
    ['a length with a leading zero', `0xb90001${'00'.repeat(1)}`],
    ['a list whose content ends early', '0xc301'],
    ['an item that runs out of its list', '0xc28301'],
    ['a length of eight bytes', '0xbfffffffffffffffff00'],
    ['nothing', '0x'],
  ])('%s', (_what, hex) => {
    expect(decodeRlp(hexToBytes(hex), 8)).toBeUndefined()
  })

  test('lists nested deeper than allowed', () => {
    expect(decodeRlp(hexToBytes('0xc2c1c0'), 3)).toEqual([[[]]])
    expect(decodeRlp(hexToBytes('0xc2c1c0'), 2)).toBeUndefined()
  })

  test('very deep nesting, without exhausting the stack', () => {
    const deep = new Uint8Array(100_000).fill(0xc1)
    expect(decodeRlp(deep, 4)).toBeUndefined()
  })
})

test('integers have no leading zeros and a bounded size', () => {
  for (const value of [0n, 1n, 127n, 128n, 255n, 256n, 1n << 64n, (1n << 256n) - 1n]) {
    expect(rlpToUint(uintToRlp(value), 32)).toBe(value)
  }
  expect(uintToRlp(0n)).toEqual(new Uint8Array(0))
  expect(rlpToUint(Uint8Array.of(0), 8)).toBeUndefined()
  expect(rlpToUint(Uint8Array.of(0, 1), 8)).toBeUndefined()
  expect(rlpToUint(new Uint8Array(9).fill(1), 8)).toBeUndefined()
  expect(rlpToUint([], 8)).toBeUndefined()
})
