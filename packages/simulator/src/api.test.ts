import { expect, it } from 'vitest'
import * as api from './index.ts'

it('exports what the README describes', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "ADVERSARIES",
      "Arsenal",
      "CertificateMonitor",
      "Cluster",
      "CommitMonitor",
      "DEFAULT_PARAMS",
      "EvidenceMonitor",
      "GENESIS_TIME_MS",
      "Prng",
      "PropertyViolation",
      "Scheduler",
      "SignatureOracle",
      "SimulatedNode",
      "TailForkMonitor",
      "Trace",
      "VirtualNetwork",
      "byzantineLeader",
      "byzantineVoter",
      "certificateHider",
      "createChain",
      "equivocatingLeader",
      "garbler",
      "isFinding",
      "liarInTimeouts",
      "minimize",
      "peerIdOf",
      "planOf",
      "quorumDelayer",
      "refuteCommitProof",
      "runPlan",
      "selectiveServer",
      "silent",
      "simulate",
      "steadyLinks",
      "tipDropper",
      "tipHoarder",
      "virtualTransports",
      "wrongRootLeader",
    ]
  `)
})
