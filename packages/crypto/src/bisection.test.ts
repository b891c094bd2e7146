import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bisect } from './bisection.ts'

describe('bisect', () => {
  it('finds exactly the bad ones, keeps the order, and asks seldom', () => {
    const items = fc.array(fc.boolean(), { maxLength: 100 })
    fc.assert(
      fc.property(items, (goodness) => {
        const numbered = goodness.map((isGood, i) => ({ i, isGood }))
        let calls = 0
        const { good, bad } = bisect(numbered, (part) => {
          calls++
          return part.every(({ isGood }) => isGood)
        })
        expect(good).toEqual(numbered.filter(({ isGood }) => isGood))
        expect(bad).toEqual(numbered.filter(({ isGood }) => !isGood))
        // docs/spec/consensus.md §9: at most 2·b·⌈log2 q⌉ beyond the first.
        const bound = 2 * bad.length * Math.ceil(Math.log2(Math.max(goodness.length, 1)))
        expect(calls).toBeLessThanOrEqual(1 + bound)
      }),
    )
  })

  it('asks once when all are good, and not at all for none', () => {
    let calls = 0
    const allGood = (): boolean => {
      calls++
      return true
    }
    bisect([], allGood)
    expect(calls).toBe(0)
    bisect([1, 2, 3], allGood)
    expect(calls).toBe(1)
  })
})
