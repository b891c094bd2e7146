import { bytesToHex } from '@openliquid/primitives'
import { describe, expect, test } from 'vitest'
import { bool, encodeAbi, int, list, text, tuple, uint } from './abi.ts'

const words = (bytes: Uint8Array | undefined): string[] =>
  bytesToHex(bytes ?? new Uint8Array(0))
    .slice(2)
    .match(/.{64}/g)
    ?.map((word) => word.replace(/^0+(?=.)/, '')) ?? []

describe('encodeAbi', () => {
  test('lays a static struct out flat, arrays of fixed length too', () => {
    expect(
      words(encodeAbi(tuple(uint(8, 1), tuple(uint(64, 2), uint(64, 3)), bool(true)))),
    ).toEqual(['1', '2', '3', '1'])
  })

  test('puts dynamic fields behind all static ones, each at its offset', () => {
    const struct = tuple(text('ab'), uint(8, 7), list([uint(8, 1), uint(8, 2)]))
    const encoded = words(encodeAbi(struct))
    expect(encoded.slice(0, 5)).toEqual(['20', '60', '7', 'a0', '2'])
    expect(encoded.slice(6)).toEqual(['2', '1', '2'])
  })

  test('offsets of dynamic items count from behind the length of their list', () => {
    expect(words(encodeAbi(list([text(''), text('')])))).toEqual(['20', '2', '40', '60', '0', '0'])
  })

  test('pads text to whole words', () => {
    expect(encodeAbi(text('x'.repeat(32)))).toHaveLength(96)
    expect(encodeAbi(text('x'.repeat(33)))).toHaveLength(128)
  })

  test.each([
    [uint(8, 255), true],
    [uint(8, 256), false],
    [uint(8, -1), false],
    [int(8, 127), true],
    [int(8, 128), false],
    [int(8, -128), true],
    [int(8, -129), false],
  ])('checks the range of %o', (value, fits) => {
    expect(encodeAbi(tuple(list([value]))) !== undefined).toBe(fits)
  })
})
