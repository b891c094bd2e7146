// Committees of 10, 31 and 100 under the adversaries, crashes and partitions of seeded schedules, with all monitors on.
import { describe, expect, it } from 'vitest'
import { largePlanOf, runPlan } from '../src/index.ts'

describe('every property holds in a large committee', () => {
  it.each([
    [10, 1],
    [10, 2],
    [10, 3],
    [31, 1],
    [31, 2],
    [100, 1],
  ])('%i validators, seed %i', (validators, seed) => {
    const plan = largePlanOf(seed, validators)
    expect(plan.stakes.length).toBe(validators)
    expect(plan.faults.length).toBeGreaterThanOrEqual(3)
    // Twelve heights at least are executed by all once links are good; a broken property throws.
    expect(runPlan(plan).heights).toBeGreaterThanOrEqual(12)
  })
})
