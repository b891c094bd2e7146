import { randomInt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { planOf, runPlan, simulate } from '../src/index.ts'

/** Schedules of each kind in the bounded slice. */
const FIXED = 60
const FRESH = 60
const FRESH_FROM = randomInt(2 ** 31)

/** Found faults of the core once; they stay. 125, 143: docs in the commits that fixed them. */
const REGRESSIONS = [125, 143]

describe('seeded schedules with adversaries, crashes and partitions keep every property', () => {
  it.each(REGRESSIONS)('seed %i, which found a fault once', (seed) => {
    expect(() => runPlan(planOf(seed))).not.toThrow()
  })

  it(`seeds 1000 to ${1_000 + FIXED - 1}`, () => {
    expectClean(1_000, FIXED)
  })

  it(`fresh seeds ${FRESH_FROM} to ${FRESH_FROM + FRESH - 1}`, () => {
    expectClean(FRESH_FROM, FRESH)
  })
})

describe('a seed', () => {
  it('gives the same trace each time', () => {
    const first = simulate(7)
    expect(simulate(7)).toEqual(first)
    expect(simulate(8).traceHash).not.toBe(first.traceHash)
  })
})

function expectClean(from: number, count: number): void {
  for (let seed = from; seed < from + count; seed++) {
    try {
      runPlan(planOf(seed))
    } catch (cause) {
      const { finding } = simulate(seed)
      const replay = `openliquid-node simulate --seed ${seed}`
      const text = [`seed ${seed}: ${finding?.message}`, ...(finding?.trace ?? []), replay]
      throw new Error(text.join('\n'), { cause })
    }
  }
}
