// The rules as a Quint model, docs/spec/hotstuff.qnt: its invariants hold in random runs, and the real core does in each
// what the model does.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PropertyViolation } from '../src/index.ts'
import { MODEL, type ModelTrace, quint, runModel } from './model.ts'
import { replayTrace } from './modelReplay.ts'
import { loadMutant, removeMutants } from './mutants.ts'
import { MUTATIONS } from './mutationTable.ts'

const RUNS = { traces: 40, steps: 40 }

describe('the model', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'openliquid-model-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is well typed, and its directed runs pass', () => {
    expect(quint('test', MODEL, ['--backend', 'typescript'])).toContain('3 passing')
  })

  it.each([
    ['the QC of a proposal may be below its entry', ' and p.block.on >= p.tc', ''],
    ['a gap of views commits', 'on + 1 == qc', 'on < qc'],
    ['a view has two votes', ' and p.block.view > after.lastVoted', ''],
    ['a timeout forbids no vote', '{ ...my, lastVoted: my.view }', 'my'],
  ])('with a rule broken its directed runs fail: %s', (_, rule, broken) => {
    const text = readFileSync(MODEL, 'utf8')
    expect(text.split(rule)).toHaveLength(2)
    const file = join(folder, 'broken.qnt')
    writeFileSync(file, text.replace(rule, broken))
    const options = ['--main', 'hotstuff', '--backend', 'typescript']
    expect(() => quint('test', file, options)).toThrow('1 failed')
  })
})

it('three cores are after each step of random runs where the model is', () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  console.log(`seed of the runs of the model: ${seed}`)
  const traces = runModel({ ...RUNS, seed })
  expect(traces).toHaveLength(RUNS.traces)
  for (const trace of traces) replayTrace(trace)
})

describe('a core with a rule broken is found', () => {
  let traces: ModelTrace[]
  beforeAll(() => {
    traces = runModel({ ...RUNS, seed: 7 })
  }, 60_000)
  afterAll(removeMutants)

  it.each([
    'vote after timeout',
    'second vote in a view',
    'proposal below the QC of the TC',
    'commit over a gap of views',
  ])('%s', async (name) => {
    const mutation = MUTATIONS.find((one) => one.name === name)
    expect(mutation).toBeDefined()
    const coreModule = await loadMutant(mutation!)
    expect(() => {
      for (const trace of traces) replayTrace(trace, coreModule)
    }).toThrow(PropertyViolation)
  })
})
