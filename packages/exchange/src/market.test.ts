import { describe, expect, it } from 'vitest'
import {
  type PerpMarket,
  parsePx,
  parseSize,
  perpMarket,
  type SpotMarket,
  spotMarket,
} from './market.ts'
import { OrderArena } from './orderArena.ts'
import { LinkedOrderBook } from './orderBook.ts'
import type { Token } from './records.ts'

function perp(szDecimals: number): PerpMarket {
  return perpMarket(
    {
      index: 0,
      name: 'X',
      szDecimals,
      maxLeverage: 10,
      marginTableId: 10,
      onlyIsolated: false,
      marginMode: 'normal',
      impactNtl: 0n,
      openInterestCap: 0n,
      openInterestIncrease: 0n,
      hyperpPx: 0,
    },
    undefined,
    new LinkedOrderBook(new OrderArena()),
  )
}

function spot(szDecimals: number, index = 1): SpotMarket {
  const token = (name: string, decimals: number): Token => ({
    index: 1,
    name,
    fullName: undefined,
    tokenId: `0x${'00'.repeat(16)}`,
    szDecimals: decimals,
    weiDecimals: 8,
    isCanonical: true,
    isQuote: false,
    evmContract: undefined,
  })
  return spotMarket(
    { index, name: 'A/B', base: 1, quote: 0, isCanonical: true },
    { base: token('A', szDecimals), quote: token('B', 8) },
    new LinkedOrderBook(new OrderArena()),
  )
}

describe('price validity: §1.3 and vector A9', () => {
  it.each([
    ['0.01234', 1, 1234],
    ['0.012345', 1, undefined],
    ['1234.5', 1, 123_450_000],
    ['1234.56', 1, undefined],
    ['123456', 1, 12_345_600_000],
    ['12345.6', 1, undefined],
    ['0', 1, undefined],
    ['-1', 1, undefined],
    ['1.00', 1, 100_000],
  ])('perp price %s with szDecimals %i', (text, szDecimals, ticks) => {
    expect(parsePx(text, perp(szDecimals))).toBe(ticks)
  })

  it.each([
    [0, 12_340],
    [1, 1_234],
    [2, undefined],
    [3, undefined],
  ])('spot price 0.0001234 with szDecimals %i', (szDecimals, ticks) => {
    expect(parsePx('0.0001234', spot(szDecimals))).toBe(ticks)
  })

  it('bounds prices and sizes: on and outside the limit', () => {
    expect(parsePx('1000000000', perp(0))).toBe(1_000_000_000_000_000)
    expect(parsePx('1000000001', perp(0))).toBeUndefined()
    expect(parseSize('1000000000000000', perp(0))).toBe(1_000_000_000_000_000)
    expect(parseSize('1000000000000001', perp(0))).toBeUndefined()
  })
})

it('takes sizes that are positive multiples of a lot', () => {
  expect(parseSize('0.05', perp(2))).toBe(5)
  expect(parseSize('0.055', perp(2))).toBeUndefined()
  expect(parseSize('0', perp(2))).toBeUndefined()
})

it('names perps by their name, spot pairs by @index, pair 0 by its name: §1.2', () => {
  expect(perp(0).coin).toBe('X')
  expect(spot(2, 5)).toMatchObject({ coin: '@5', asset: 10_005 })
  expect(spot(2, 0)).toMatchObject({ coin: 'A/B', asset: 10_000 })
})
