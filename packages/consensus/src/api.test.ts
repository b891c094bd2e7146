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
      "compareWatermarks",
      "createChain",
      "decodeSafetyData",
      "encodeSafetyData",
      "epochAbove",
      "isWatermark",
      "recoverState",
      "safetyAt",
      "verifyCommitProof",
      "verifyEpochChange",
      "verifyEvidence",
      "watermarkOf",
    ]
  `)
})
