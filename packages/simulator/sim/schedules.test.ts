import { randomInt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { planOf, runPlan, simulate } from '../src/index.ts'

/** Schedules of each kind in the bounded slice. */
const FIXED = 20
const FRESH = 60
/** Schedules that run with tail-fork resistance and without. */
const EACH = 20
const FRESH_FROM = randomInt(2 ** 31)

/** Found faults of the core once; they stay. 125, 143: docs in the commits that fixed them. */
const REGRESSIONS = [125, 143]

describe('seeded schedules with adversaries, crashes and partitions keep every property', () => {
  it.each(REGRESSIONS)('seed %i, which found a fault once', (seed) => {
    expect(() => runPlan(planOf(seed))).not.toThrow()
  })

  it.each([1_000, 1_020, 1_040])(`seeds %i and ${FIXED - 1} more`, (first) => {
    expectClean(first, FIXED)
  })

  it.each([false, true])(`seeds 2000 to ${2_000 + EACH - 1}, with highTip %s`, (highTip) => {
    expectClean(2_000, EACH, { highTip })
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
    const [on, off] = [true, false].map((highTip) => simulate(7, { highTip }).traceHash)
    expect(on).not.toBe(off)
    expect([on, off]).toContain(first.traceHash)
  })
})

function expectClean(
  from: number,
  count: number,
  change: { readonly highTip?: boolean } = {},
): void {
  for (let seed = from; seed < from + count; seed++) {
    try {
      runPlan(planOf(seed, change))
    } catch (cause) {
      const { finding } = simulate(seed, change)
      const stage =
        change.highTip === undefined ? '' : ` --high-tip ${change.highTip ? 'on' : 'off'}`
      const replay = `openliquid-node simulate --seed ${seed}${stage}`
      const text = [`seed ${seed}: ${finding?.message}`, ...(finding?.trace ?? []), replay]
      throw new Error(text.join('\n'), { cause })
    }
  }
}
