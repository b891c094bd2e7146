// Every order and loss of proposals, certificates and timers in a small scope, over the real core, and that the search
// sees what rules taken out of the core would allow.
import { afterAll, describe, expect, it } from 'vitest'
import { Explorer } from '../src/index.ts'
import { leaderAssignments } from './leaderAssignments.ts'
import { loadMutant, removeMutants } from './mutants.ts'
import { MUTATIONS } from './mutationTable.ts'

afterAll(removeMutants)

describe('three honest validators and a faulty one', () => {
  it.each(leaderAssignments(2).map((leaders) => [leaders]))(
    'two views, leaders %j: nothing breaks',
    (leaders) => {
      expect(new Explorer({ leaders }).explore().states).toBeGreaterThan(10)
    },
  )

  it('three views that the faulty one leads: all states are visited and nothing breaks', () => {
    const { states, transitions } = new Explorer({ leaders: [0, 0, 0] }).explore()
    expect({ states, transitions }).toEqual({ states: 1_613, transitions: 100_390 })
  })
})

describe('a fault is found, with what led there', () => {
  it.each([
    'vote after timeout',
    'second vote in a view',
    'proposal below the QC of the TC',
    'commit over a gap of views',
    'proposal without entry proof',
  ])('%s', async (name) => {
    const mutation = MUTATIONS.find((one) => one.name === name)
    expect(mutation).toBeDefined()
    const coreModule = await loadMutant(mutation!)
    expect(() => new Explorer({ leaders: [0, 0, 0, 0], coreModule }).explore()).toThrow(
      /^[MO]\d.*; after /s,
    )
  })
})
