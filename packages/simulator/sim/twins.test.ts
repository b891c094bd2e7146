// Twins: one of four validators runs twice. A bounded part of the search, and that it sees what a faulty core allows.
import { randomInt } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import {
  formsOfTwins,
  Prng,
  playTwins,
  Twins,
  type TwinsForm,
  type TwinsScenario,
} from '../src/index.ts'
import type { Renaming } from '../src/scope/stateText.ts'
import { renamedChoice } from '../src/scope/twinsSymmetry.ts'
import { loadMutant, removeMutants } from './mutants.ts'
import { MUTATIONS } from './mutationTable.ts'
import { TIP_MUTATIONS } from './tipMutations.ts'
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
    expect(layers.map(({ branches }) => branches.length)).toEqual([37, 0])
  })

  // A state is played on once, from the first scenario that led to it, with the nodes called otherwise: what follows must
  // be what follows on cores of the scenario's own, in which nothing was looked up, merged or renamed.
  it.each([
    [1, 3, false],
    [FRESH_FROM, 5, false],
    [FRESH_FROM, 4, true],
  ])(
    'what is merged goes on as it would alone (seed %i, %i views, tips: %s)',
    (seed, viewCount, highTip) => {
      const prng = new Prng(seed)
      const twins = new Twins(undefined, { highTip })
      const firstWith = new Map<string, TwinsScenario>()
      let merged = 0
      for (let i = 0; i < 60; i++) {
        const scenario = { ...twinsScenarioOf(prng, viewCount), highTip }
        const alone = formsOfTwins(scenario)
        let at: TwinsScenario = { firstLeader: Math.min(scenario.firstLeader, 1), views: [] }
        for (const [view, choice] of scenario.views.entries()) {
          const renaming = renamingBetween(alone[view]!, twins.formOf(at))
          at = { ...at, views: [...at.views, renamedChoice(choice, renaming)] }
          const { key } = twins.formOf(at)
          expect(key, `${JSON.stringify(scenario)}, after view ${view + 1}`).toBe(
            alone[view + 1]!.key,
          )
          const first = firstWith.get(`${view} ${key}`)
          if (first === undefined) firstWith.set(`${view} ${key}`, at)
          else if (JSON.stringify(first) !== JSON.stringify(at)) merged += 1
          at = first ?? at
        }
      }
      expect(merged).toBeGreaterThan(5)
    },
  )

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

/** Calls each node as the one that has its place in the other state of the same form. */
function renamingBetween(a: TwinsForm, b: TwinsForm): Renaming {
  const [from = [], to = []] = [a.renamings[0]?.order, b.renamings[0]?.order]
  const node = (index: number): number => to[from.indexOf(index)]!
  return { node, validator: (index) => (index === 0 ? 0 : node(index)) }
}

describe('a fault is found', () => {
  it('by the search, on a chain with tips: timeouts that do not name theirs', async () => {
    const mutation = TIP_MUTATIONS.find(({ name }) => name === 'timeouts without the tip')
    const twins = new Twins(await loadMutant(mutation!), { highTip: true })
    expect(() => twins.exhaust(2)).toThrow(/^O8: .*; scenario .*"highTip":true/s)
  })

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
