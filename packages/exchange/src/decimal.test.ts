import { describe, expect, it } from 'vitest'
import {
  ceilDivide,
  formatUnits,
  hasFigures,
  parseSafeUnits,
  parseUnits,
  product,
} from './decimal.ts'
import { prng } from './testing/index.ts'

describe('parseUnits', () => {
  it.each([
    ['0', 2, 0n],
    ['1', 2, 100n],
    ['1.5', 2, 150n],
    ['1.50', 1, 15n],
    ['0.01', 2, 1n],
    ['123456789012345678901', 0, 123456789012345678901n],
  ])('reads %s with %i decimals', (text, decimals, units) => {
    expect(parseUnits(text, decimals)).toBe(units)
  })

  it.each(['', '-1', '+1', '01', '.5', '5.', '1e3', ' 1', '0x1', '1,5', '1.5.5', 'NaN'])(
    'refuses %j',
    (text) => {
      expect(parseUnits(text, 8)).toBeUndefined()
    },
  )

  it('refuses what is finer than the unit', () => {
    expect(parseUnits('0.001', 2)).toBeUndefined()
  })

  it('keeps safe integers within their bound: inside, on, outside', () => {
    expect(parseSafeUnits('9', 0, 10)).toBe(9)
    expect(parseSafeUnits('10', 0, 10)).toBe(10)
    expect(parseSafeUnits('11', 0, 10)).toBeUndefined()
  })
})

describe('formatUnits', () => {
  it.each([
    [0n, 6, '0.0'],
    [1n, 6, '0.000001'],
    [-1n, 6, '-0.000001'],
    [1_500_000n, 6, '1.5'],
    [-1_500_000n, 6, '-1.5'],
    [100, 2, '1.0'],
    [7, 0, '7.0'],
    [-70, 1, '-7.0'],
  ])('prints %s of 10^-%i as %s', (value, decimals, text) => {
    expect(formatUnits(value, decimals)).toBe(text)
  })
})

it('counts significant figures only of prices that are not whole', () => {
  expect(hasFigures(123_456, 0, 5)).toBe(true)
  expect(hasFigures(123_456, 1, 5)).toBe(false)
  expect(hasFigures(1_234_560, 1, 5)).toBe(true)
  expect(hasFigures(12_345, 1, 5)).toBe(true)
  expect(hasFigures(1_234_500, 3, 5)).toBe(true)
})

it('multiplies exactly on both sides of 2^53', () => {
  expect(product(94_906_265, 94_906_265)).toBe(94_906_265n ** 2n)
  expect(product(94_906_267, 94_906_267)).toBe(94_906_267n ** 2n)
  expect(product(999_999_999_999_999, 999_999_999_999_999)).toBe(999_999_999_999_999n ** 2n)
})

it('divides upwards', () => {
  expect([ceilDivide(0n, 3n), ceilDivide(3n, 3n), ceilDivide(4n, 3n)]).toEqual([0n, 1n, 2n])
})

it('reads short decimals digit by digit as long ones, and prints numbers as it prints bigints', () => {
  const next = prng(41)
  const characters = '0001234567890.'
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from({ length: next(16) }, () => characters[next(characters.length)]).join(
      '',
    )
    const [decimals, max] = [next(9), 10 ** 15]
    const units = parseUnits(text, decimals)
    const expected = units === undefined || units > BigInt(max) ? undefined : Number(units)
    expect(parseSafeUnits(text, decimals, max), JSON.stringify(text)).toBe(expected)
    const value = next(2 ** 31) * next(2 ** 21) * (next(2) === 0 ? 1 : -1)
    expect(formatUnits(value, decimals)).toBe(formatUnits(BigInt(value), decimals))
  }
})
