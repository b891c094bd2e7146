import { afterAll, describe, expect, it } from 'vitest'
import * as epochs from './epochScenarios.ts'
import * as injections from './injections.ts'
import {
  changingMembers,
  forgedPayloads,
  forgedSets,
  leaversServe,
  shortState,
  spoiltChunks,
  stateFromLiars,
} from './membershipScenarios.ts'
import { type Killed, loadMutant, removeMutants } from './mutants.ts'
import { MUTATIONS } from './mutationTable.ts'
import * as recoveries from './recoveryScenarios.ts'
import * as scenarios from './scenarios.ts'
import { TIP_MUTATIONS } from './tipMutations.ts'
import * as tips from './tips.ts'

const {
  allCrash,
  allCrashAfterVote,
  chaos,
  deadLeader,
  doubleProposal,
  equivocation,
  everythingTwice,
  lateQC,
  lightMajority,
  otherExecution,
  silentSpell,
  staleQC,
  underHighTip,
  wrongRoot,
} = scenarios

afterAll(removeMutants)

/** Of the first table, every so many is run with tail-fork resistance too; `npm run sim` runs all. */
const HIGH_TIP_SLICE = 4

const SCENARIOS = Object.entries({
  allCrash,
  allCrashAfterVote,
  deadLeader,
  doubleProposal,
  equivocation,
  everythingTwice,
  lateQC,
  lightMajority,
  otherExecution,
  silentSpell,
  staleQC,
  wrongRoot,
  changingMembers,
  forgedPayloads,
  forgedSets,
  leaversServe,
  shortState,
  spoiltChunks,
  stateFromLiars,
  ...epochs,
  ...injections,
  ...recoveries,
})

describe('the scenarios raise no false alarm', () => {
  it.each(SCENARIOS)('%s', (_, scenario) => {
    expect(() => scenario(undefined)).not.toThrow()
  })

  it.each(SCENARIOS)('%s, on a chain with tips', (_, scenario) => {
    expect(() => underHighTip(scenario)(undefined)).not.toThrow()
  })

  it.each(Object.entries(tips))('%s', (_, scenario) => {
    expect(() => scenario(undefined)).not.toThrow()
  })

  it.each([51, 52, 53, 54, 55, 60, 61, 62, 63])('chaos (seed %i)', (seed) => {
    expect(() => chaos(seed)(undefined)).not.toThrow()
  })
})

describe('planted faults are found', () => {
  it('there are forty and more', () => {
    expect(new Set(MUTATIONS.map(({ name }) => name)).size).toBe(MUTATIONS.length)
    expect(MUTATIONS.length).toBeGreaterThanOrEqual(40)
    expect(TIP_MUTATIONS.length).toBeGreaterThanOrEqual(8)
  })

  it.each(MUTATIONS)('$name', async (mutation) => {
    await expectFound(mutation)
  })

  it.each(MUTATIONS.filter((_, i) => i % HIGH_TIP_SLICE === 0))(
    '$name, on a chain with tips',
    async (mutation) => {
      await expectFound({ ...mutation, killers: mutation.killers.map(underHighTip) })
    },
  )

  it.each(TIP_MUTATIONS)('$name (§12)', async (mutation) => {
    await expectFound(mutation)
  })
})

async function expectFound(mutation: Killed): Promise<void> {
  const mutant = await loadMutant(mutation)
  let found: unknown
  for (const scenario of mutation.killers) {
    try {
      scenario(mutant)
    } catch (error) {
      found = error
      break
    }
  }
  expect(found, 'no scenario saw the fault').toBeInstanceOf(Error)
}
