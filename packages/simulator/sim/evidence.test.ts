import { describe, expect, it } from 'vitest'
import * as evidence from './evidenceScenarios.ts'

const { demandConviction: _demand, twoVotes: _twoVotes, ...scenarios } = evidence

describe('evidence, from the breach to the application', () => {
  it.each(Object.entries(scenarios))('%s', (_, scenario) => {
    expect(() => scenario(undefined)).not.toThrow()
  })
})
