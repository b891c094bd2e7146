import { expect, it } from 'vitest'
import { effectsHashesOf, goldenTraces } from './goldenTrace.ts'

// The whole traces, on two versions of Node, are replayed by `npm run sim consensus.golden`.
const VIEWS = 300

it.each(goldenTraces())('a recorded trace has the same effects as ever (%o)', (golden) => {
  const note = 'a change of behaviour that is meant: consensus.golden.sim.ts --write'
  const { [VIEWS]: hash } = effectsHashesOf(golden, [VIEWS])
  expect(hash, note).toBe(golden.effectsHashes[VIEWS])
})
