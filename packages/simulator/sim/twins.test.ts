// Twins: one of four validators runs twice. A bounded part of the search, and that it sees what a faulty core allows.
import { randomInt } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { Prng, playTwins, Twins } from '../src/index.ts'
import { loadMutant, removeMutants } from './mutants.ts'
import { MUTATIONS } from './mutationTable.ts'
import { twinsScenarioOf } from './twinsScenarioOf.ts'

const FRESH_FROM = randomInt(2 ** 31)

afterAll(removeMutants)

describe('four validators and a twin', () => {
  it('two views: every leader and every split, merged by state and symmetry', () => {
    const layers = new Twins().exhaust(2)
    // 64 choices in each view, and who leads the first.
    expect(layers.map(({ scenarios }) => scenarios)).toEqual([4n * 64n, 4n * 64n ** 2n])
    // By symmetry 45 of the 2 · 64 first views are played, and 1,675 of 37 · 64 second ones.
    expect(layers.map(({ played }) => played)).toEqual([45, 1_675])
    expect(layers[0]?.states).toBe(37)
    expect(layers[1]?.states).toBeUndefined()
  })

  it(`seven views of random scenarios (fresh seed ${FRESH_FROM})`, () => {
    const prng = new Prng(FRESH_FROM)
    for (let i = 0; i < 60; i++) expect(() => playTwins(twinsScenarioOf(prng, 7))).not.toThrow()
  })
})

describe('four validators and a twin on a chain with tips (§12)', () => {
  it(`six views of random scenarios (fresh seed ${FRESH_FROM})`, () => {
    const prng = new Prng(FRESH_FROM)
    for (let i = 0; i < 60; i++) {
      const scenario = { ...twinsScenarioOf(prng, 6), highTip: true }
      expect(() => playTwins(scenario), JSON.stringify(scenario)).not.toThrow()
    }
  })
})

describe('a fault is found', () => {
  it.each([
    'quorum of one half',
    'vote after timeout',
    'second vote in a view',
    'commit over a gap of views',
  ])('%s', async (name) => {
    const mutation = MUTATIONS.find((one) => one.name === name)
    expect(mutation).toBeDefined()
    const coreModule = await loadMutant(mutation!)
    const prng = new Prng(1)
    const search = (): void => {
      for (let i = 0; i < 3_000; i++) playTwins(twinsScenarioOf(prng, 7), coreModule)
    }
    expect(search).toThrow()
  })
})
