import { expect, it } from 'vitest'
import * as api from './index.ts'

it('exports what the README describes', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "CertificateVerifier",
      "Committee",
      "ConsensusCore",
      "ConsensusError",
      "DEFAULT_PARAMS",
      "LeaderElection",
      "LightClient",
      "Reputation",
      "StateSync",
      "answerEpochChange",
      "answerGetBlocks",
      "closingBeneath",
      "createChain",
      "decodeSafetyData",
      "encodeSafetyData",
      "epochAbove",
      "recoverState",
      "verifyCommitProof",
      "verifyEpochChange",
      "verifyEvidence",
    ]
  `)
})
