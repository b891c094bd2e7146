// Validators that come and go, and states that are fetched from peers of which some lie (§8), with all monitors on. The
// scenarios themselves run in `mutations.test.ts`, with every rule that they are there for taken out once.
import { randomInt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { planOf, runPlan, selectiveServer } from '../src/index.ts'
import { joinByState } from './membershipScenarios.ts'

const FRESH_FROM = randomInt(2 ** 31)
const SEEDS = 400

describe('members that come and go', () => {
  it('are in many schedules, with and without late ones, who follow or fetch a state', () => {
    const plans = Array.from({ length: SEEDS }, (_, seed) => planOf(seed))
    const changing = plans.filter(({ membership }) => membership !== undefined)
    expect(changing.length).toBeGreaterThan(SEEDS / 5)
    const joins = changing.flatMap((plan) => plan.joins)
    expect(joins.some(({ atMs, fetchesState }) => atMs > 0 && fetchesState)).toBe(true)
    expect(joins.some(({ atMs, fetchesState }) => atMs > 0 && !fetchesState)).toBe(true)
    const lines = changing.flatMap(({ membership }) => membership?.lines ?? [])
    expect(lines.some((line) => line.length === 0)).toBe(true)
  })

  it('never leave a third of a set to the faulty', () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const { faults, membership, twins } = planOf(seed)
      const faulty = [...twins, ...faults.map(({ node }) => node)]
      for (const line of membership?.lines ?? []) {
        const total = line.reduce((sum, stake) => sum + stake, 0n)
        const theirs = faulty.reduce((sum, node) => sum + (line[node] ?? 0n), 0n)
        expect(line.length === 0 || theirs * 3n < total, `seed ${seed}`).toBe(true)
      }
    }
  })

  it(`keep every property (first fresh seed ${FRESH_FROM})`, () => {
    let ran = 0
    for (let seed = FRESH_FROM; ran < 12; seed++) {
      const plan = planOf(seed)
      if (plan.membership === undefined) continue
      ran += 1
      expect(() => runPlan(plan), `openliquid-node simulate --seed ${seed}`).not.toThrow()
    }
  })
})

describe('a node that fetches a state (A8)', () => {
  it(`gets the right one though a server lies (fresh seeds from ${FRESH_FROM})`, () => {
    for (let seed = FRESH_FROM; seed < FRESH_FROM + 8; seed++) {
      expect(
        () => joinByState(undefined, { liar: selectiveServer, seed }),
        `seed ${seed}`,
      ).not.toThrow()
    }
  })
})
