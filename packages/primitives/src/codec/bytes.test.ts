import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodeError, InvariantError } from '../types/errors.ts'
import {
  bytesToUint,
  compareBytes,
  concatBytes,
  equalBytes,
  uintToBytes,
  utf8ToBytes,
} from './bytes.ts'
import { bytesToHex, hexToBytes } from './hex.ts'

describe('bytes', () => {
  it('writes and reads big-endian integers', () => {
    expect(uintToBytes(0x0102, 4)).toEqual(Uint8Array.of(0, 0, 1, 2))
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        expect(bytesToUint(uintToBytes(value, 8))).toBe(value)
      }),
    )
    expect(uintToBytes(255, 1)).toEqual(Uint8Array.of(255))
    expect(() => uintToBytes(256, 1)).toThrow(InvariantError)
    expect(() => uintToBytes(-1, 8)).toThrow(InvariantError)
  })

  it('compares like sorted text of bytes, a prefix first', () => {
    expect(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBeLessThan(0)
    expect(compareBytes(Uint8Array.of(2), Uint8Array.of(1, 9))).toBeGreaterThan(0)
    expect(compareBytes(Uint8Array.of(7), Uint8Array.of(7))).toBe(0)
    expect(equalBytes(Uint8Array.of(7), Uint8Array.of(7, 0))).toBe(false)
    expect(equalBytes(Uint8Array.of(7), Uint8Array.of(8))).toBe(false)
  })

  it('joins', () => {
    expect(concatBytes(utf8ToBytes('a'), new Uint8Array(0), utf8ToBytes('bc'))).toEqual(
      utf8ToBytes('abc'),
    )
  })
})

describe('hex', () => {
  it('round-trips and reads both cases', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(hexToBytes(bytesToHex(bytes))).toEqual(new Uint8Array(bytes))
      }),
    )
    expect(hexToBytes('0xAb')).toEqual(Uint8Array.of(0xab))
  })

  it.each(['', '0', 'ab', '0xa', '0xag', '0x ab', ' 0xab'])('refuses %j', (text) => {
    expect(() => hexToBytes(text)).toThrow(DecodeError)
  })

  it('refuses another size than the one wanted', () => {
    expect(hexToBytes('0xabcd', 2)).toHaveLength(2)
    expect(() => hexToBytes('0xab', 2)).toThrow(DecodeError)
    expect(() => hexToBytes('0xababab', 2)).toThrow(DecodeError)
  })
})
