import { describe, expect, it } from 'vitest'
import { ceilQuotient, ExactSum, exact, floorQuotient, near, shareOf } from './exactSum.ts'
import { prng } from './testing/index.ts'

const MAX = Number.MAX_SAFE_INTEGER

describe('integers in doubles', () => {
  it('are NaN beyond 2^53, and nothing that they enter is less', () => {
    expect(exact(MAX)).toBe(MAX)
    expect(exact(-MAX)).toBe(-MAX)
    expect(exact(MAX + 1)).toBeNaN()
    expect(exact(-MAX - 1)).toBeNaN()
    expect(exact(exact(MAX + 1) - MAX)).toBeNaN()
    expect(near(BigInt(MAX))).toBe(MAX)
    expect(near(BigInt(MAX) + 1n)).toBeNaN()
    expect(near(-BigInt(MAX) - 1n)).toBeNaN()
  })

  it('divide as bigints do, up to the edge', () => {
    const next = prng(5)
    const ceil = (n: bigint, d: bigint) => (n > 0n ? (n + d - 1n) / d : n / d)
    const floor = (n: bigint, d: bigint) => -ceil(-n, d)
    const edges = [0, 1, 2, 3, MAX, MAX - 1, 2 ** 52, 2 ** 52 + 1]
    for (let i = 0; i < 20_000; i++) {
      const size = i < 64 ? edges[i & 7]! : next(2 ** 31) * next(2 ** (1 + next(21)))
      const n = next(2) === 0 ? size : -size
      const d = i < 64 ? edges[1 + ((i >> 3) % 7)]! : 1 + next(2 ** (1 + next(30)))
      expect(floorQuotient(n, d) + 0).toBe(Number(floor(BigInt(n), BigInt(d))))
      expect(ceilQuotient(n, d)).toBe(Number(ceil(BigInt(n), BigInt(d))))
    }
  })
})

describe('ExactSum', () => {
  it('goes on exactly where doubles end', () => {
    const sum = new ExactSum()
    let expected = 0n
    for (const change of [MAX, MAX, 1, -3, MAX, -MAX, -MAX, -MAX, 2]) {
      sum.add(change)
      expected += BigInt(change)
      expect(sum.value).toBe(expected)
      expect(sum.isZero).toBe(expected === 0n)
    }
    expect(sum.isZero).toBe(true)
    sum.addLarge(-(2n ** 70n))
    sum.add(1)
    expect(sum.value).toBe(1n - 2n ** 70n)
  })
})

it('a share is rounded down, beyond 2^53 as below it', () => {
  expect([shareOf(10, 1, 3), shareOf(7, 0, 9)]).toEqual([3, 0])
  // The product as a double would make it one more.
  expect(shareOf(9_007_199_254_163_397, 344_219_435_332, 532_372_135_530)).toBe(
    5_823_845_453_714_999,
  )
})
