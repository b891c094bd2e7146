import { expect, it } from 'vitest'
import * as api from './index.ts'

it('exports what the README describes', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "CertificateVerifier",
      "Committee",
      "ConsensusCore",
      "ConsensusError",
      "LeaderElection",
      "Reputation",
      "answerGetBlocks",
      "decodeSafetyData",
      "encodeSafetyData",
      "recoverState",
      "verifyCommitProof",
    ]
  `)
})
