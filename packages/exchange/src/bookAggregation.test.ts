import { expect, test } from 'vitest'
import { aggregatedLevels } from './bookAggregation.ts'
import type { BookLevel } from './orderBook.ts'

function bookOf(pxs: readonly number[]): { levels(isBuy: boolean, countMax: number): BookLevel[] } {
  return {
    levels: (_, countMax) => pxs.slice(0, countMax).map((px) => ({ px, size: 2, count: 1 })),
  }
}

test.each([
  [
    true,
    { figures: 2, mantissa: 1 },
    [
      [65_000, 2],
      [64_000, 4],
    ],
  ],
  [
    false,
    { figures: 2, mantissa: 1 },
    [
      [66_000, 2],
      [65_000, 4],
    ],
  ],
  [
    true,
    { figures: 4, mantissa: 1 },
    [
      [65_010, 2],
      [64_990, 4],
    ],
  ],
  [
    true,
    { figures: 5, mantissa: 2 },
    [
      [65_010, 2],
      [64_996, 2],
      [64_992, 2],
    ],
  ],
  [
    false,
    { figures: 5, mantissa: 5 },
    [
      [65_015, 2],
      [65_000, 2],
      [64_995, 2],
    ],
  ],
  [
    true,
    { figures: 5, mantissa: 1 },
    [
      [65_011, 2],
      [64_997, 2],
      [64_993, 2],
    ],
  ],
] as const)('adds up levels of a side (buy: %s) at %j', (isBuy, aggregation, expected) => {
  const levels = aggregatedLevels(bookOf([65_011, 64_997, 64_993]), isBuy, aggregation)
  expect(levels.map(({ px, size }) => [px, size])).toEqual(expected)
})

test('shows twenty whole levels of a deep book', () => {
  const pxs = Array.from({ length: 5_000 }, (_, index) => 65_000 - index)
  const levels = aggregatedLevels(bookOf(pxs), true, { figures: 3, mantissa: 1 })
  expect(levels).toHaveLength(20)
  expect(levels[1]).toEqual({ px: 64_900, size: 200, count: 100 })
  expect(levels[19]).toEqual({ px: 63_100, size: 200, count: 100 })
})

test('leaves prices with fewer figures as they are', () => {
  const levels = aggregatedLevels(bookOf([12, 9]), true, { figures: 5, mantissa: 5 })
  expect(levels.map(({ px }) => px)).toEqual([12, 9])
})
