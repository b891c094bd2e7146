import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodeError } from '../types/errors.ts'
import { DECIMAL_CHARS_MAX, formatDecimal, normalDecimal, parseDecimal } from './decimal.ts'

describe('decimals', () => {
  it('read back what was written, in normal form', () => {
    const value = fc.bigInt({ min: -(2n ** 128n), max: 2n ** 128n })
    fc.assert(
      fc.property(value, fc.integer({ min: 0, max: 18 }), (integer, decimals) => {
        const text = formatDecimal(integer, decimals)
        expect(parseDecimal(text, decimals)).toBe(integer)
        expect(text).toMatch(/^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$/)
        if (integer >= 0n) expect(normalDecimal(text)).toBe(text)
      }),
    )
  })

  it.each([
    ['1.5', 2, 150n],
    ['1.500', 1, 15n],
    ['-0.5', 1, -5n],
    ['007', 0, 7n],
    ['0', 8, 0n],
  ])('reads %s with %i places', (text, decimals, expected) => {
    expect(parseDecimal(text, decimals)).toBe(expected)
  })

  it.each(['', '.', '1.', '.5', '+1', '1e3', ' 1', '1 ', '0x1', 'NaN', '1.5.5', '٣', '1_0', '--1'])(
    'refuses %j',
    (text) => {
      expect(() => parseDecimal(text, 8)).toThrow(DecodeError)
      expect(normalDecimal(text)).toBeUndefined()
    },
  )

  it('refuses more places than the unit holds, and never rounds', () => {
    expect(parseDecimal('0.12', 2)).toBe(12n)
    expect(() => parseDecimal('0.123', 2)).toThrow(DecodeError)
  })

  it('refuses text above its limit', () => {
    expect(parseDecimal('1'.repeat(DECIMAL_CHARS_MAX), 0)).toBeGreaterThan(0n)
    expect(() => parseDecimal('1'.repeat(DECIMAL_CHARS_MAX + 1), 0)).toThrow(DecodeError)
    expect(normalDecimal('1'.repeat(DECIMAL_CHARS_MAX + 1))).toBeUndefined()
  })

  it.each([
    ['1.50', '1.5'],
    ['1.0', '1'],
    ['000.10', '0.1'],
    ['0.0', '0'],
    ['100', '100'],
  ])('normalises %s to %s', (text, expected) => {
    expect(normalDecimal(text)).toBe(expected)
  })

  it('normalises nothing negative', () => {
    expect(normalDecimal('-1')).toBeUndefined()
    expect(normalDecimal('-0')).toBeUndefined()
  })
})
