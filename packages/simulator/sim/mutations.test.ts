import { afterAll, describe, expect, it } from 'vitest'
import * as injections from './injections.ts'
import { loadMutant, removeMutants } from './mutants.ts'
import { MUTATIONS } from './mutationTable.ts'
import * as scenarios from './scenarios.ts'

const {
  allCrash,
  allCrashAfterVote,
  chaos,
  deadLeader,
  doubleProposal,
  equivocation,
  lateQC,
  lightMajority,
  otherExecution,
  silentSpell,
  staleQC,
  wrongRoot,
} = scenarios

afterAll(removeMutants)

describe('the scenarios raise no false alarm', () => {
  it.each(
    Object.entries({
      allCrash,
      allCrashAfterVote,
      deadLeader,
      doubleProposal,
      equivocation,
      lateQC,
      lightMajority,
      otherExecution,
      silentSpell,
      staleQC,
      wrongRoot,
      ...injections,
    }),
  )('%s', (_, scenario) => {
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
  })

  it.each(MUTATIONS)('$name', async (mutation) => {
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
  })
})
