import { expect, it } from 'vitest'
import * as api from './index.ts'

it('exports what the README describes', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "Cluster",
      "CommitMonitor",
      "DEFAULT_PARAMS",
      "GENESIS_TIME_MS",
      "Prng",
      "PropertyViolation",
      "Scheduler",
      "SignatureOracle",
      "SimulatedNode",
      "VirtualNetwork",
      "createChain",
      "equivocatingLeader",
      "refuteCommitProof",
      "silent",
      "steadyLinks",
      "wrongRootLeader",
    ]
  `)
})
