// A finding is printed with what replays it, and as small as it gets: each kind of search with a planted fault.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type CoreModule,
  Explorer,
  Prng,
  parseExplorerPath,
  parseTwinsScenario,
  playTwins,
  replayExplorer,
  replayTwins,
  runPlan,
  simulate,
  Twins,
} from '../src/index.ts'
import { loadMutant, removeMutants } from './mutants.ts'
import { MUTATIONS } from './mutationTable.ts'
import { twinsScenarioOf } from './twinsScenarioOf.ts'

let faulty: CoreModule
beforeAll(async () => {
  const mutation = MUTATIONS.find(({ name }) => name === 'second vote in a view')
  faulty = await loadMutant(mutation!)
})
afterAll(removeMutants)

function messageOf(play: () => unknown): string {
  try {
    play()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('nothing broke')
}

describe.each([false, true])(
  'a seeded schedule with a fault in the core, highTip %s',
  (highTip) => {
    it('leaves a plan with less in it that still fails, and its trace', () => {
      let seed = 0
      let simulation = simulate(seed, { coreModule: faulty, highTip })
      while (simulation.finding === undefined) {
        seed += 1
        simulation = simulate(seed, { coreModule: faulty, highTip })
      }
      const { message, plan, trace } = simulation.finding
      expect(message).toMatch(/^[EMORT]\d?/)
      expect(trace.length).toBeGreaterThan(0)
      expect(messageOf(() => runPlan(plan, { coreModule: faulty }))).toBe(message)
      expect(() => runPlan(plan)).not.toThrow()
      const adversaries = plan.faults.flatMap((fault) => fault.adversaries)
      expect(plan.disturbances.length + adversaries.length + plan.joins.length).toBeLessThan(6)
      expect(plan.highTip).toBe(highTip)
    })
  },
)

describe('a finding of the Twins', () => {
  it.each([false, true])('is played again alone, and made small; highTip %s', (highTip) => {
    const prng = new Prng(3)
    let scenario = { ...twinsScenarioOf(prng, 6), highTip }
    let found = replayTwins(scenario, faulty)
    for (let i = 0; found === undefined && i < 500; i++) {
      scenario = { ...twinsScenarioOf(prng, 6), highTip }
      found = replayTwins(scenario, faulty)
    }
    const { message, smallest } = found!
    expect(smallest.views.length).toBeLessThan(4)
    expect(messageOf(() => playTwins(smallest, faulty))).toBe(message)
    expect(parseTwinsScenario(JSON.stringify(smallest))).toEqual(smallest)
    expect(replayTwins(smallest)).toBeUndefined()
  })

  it('of the search names the scenario that does it', () => {
    const message = messageOf(() => new Twins(faulty).exhaust(3))
    const scenario = parseTwinsScenario(message.split('; scenario ')[1]!)
    expect(replayTwins(scenario!, faulty)?.message).toMatch(/^[EMORT]\d?/)
  })
})

describe('a finding of the explorer', () => {
  it('is gone again alone, and made small', () => {
    const message = messageOf(() =>
      new Explorer({ leaders: [0, 0, 0, 0], coreModule: faulty }).explore(),
    )
    const path = parseExplorerPath(message.split('; after ')[1]!)
    const found = replayExplorer(path!, faulty)
    expect(found?.message).toMatch(/^[MO]\d/)
    expect(found?.smallest.acts.flat().filter((label) => label !== '').length).toBeLessThan(3)
    expect(replayExplorer(found!.smallest, faulty)?.message).toBe(found?.message)
    expect(replayExplorer(found!.smallest)).toBeUndefined()
  })

  it('is read only if it is one', () => {
    for (const text of [
      '',
      '{}',
      '[]',
      'null',
      '{"leaders":[4],"acts":[]}',
      '{"leaders":[0],"acts":[["",""]]}',
    ]) {
      expect(parseExplorerPath(text), text).toBeUndefined()
      expect(parseTwinsScenario(text), text).toBeUndefined()
    }
  })
})
