import { expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'

const TIMING = { redialDelayMsMin: 250, redialDelayMsMax: 5_000 }

test('grows by 1.7 from 250 ms to 5 s', () => {
  const longest = (attempts: number): number => Math.round(backoffMs(attempts, TIMING, 1))
  expect([0, 1, 2, 3].map(longest)).toEqual([250, 425, 722, 1228])
  expect(longest(6)).toBe(5_000)
  expect(longest(1_000)).toBe(5_000)
})

test('jitter is full', () => {
  expect(backoffMs(3, TIMING, 0)).toBe(0)
  expect(backoffMs(3, TIMING, 0.5)).toBeCloseTo(backoffMs(3, TIMING, 1) / 2)
})
