import { describe, expect, it } from 'vitest'
import { Prng } from './prng.ts'

describe('Prng', () => {
  it('repeats itself for one seed and differs for another', () => {
    const draw = (seed: number): number[] => {
      const prng = new Prng(seed)
      return Array.from({ length: 20 }, () => prng.next())
    }
    expect(draw(5)).toEqual(draw(5))
    expect(draw(5)).not.toEqual(draw(6))
  })

  it('draws every value below n, and none else', () => {
    const prng = new Prng(1)
    const seen = new Set(Array.from({ length: 500 }, () => prng.below(7)))
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(prng.chance(0)).toBe(false)
    expect(prng.chance(1_000)).toBe(true)
  })
})
