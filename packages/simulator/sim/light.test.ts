import { answerEpochChange, LightClient } from '@openliquid/consensus'
import { blsScheme, ed25519Scheme } from '@openliquid/crypto'
import { bytesToHex, equalBytes } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { Cluster, GENESIS_TIME_MS, steadyLinks } from '../src/index.ts'

describe('a light client', () => {
  it.each([
    ['bls', blsScheme],
    ['ed25519', ed25519Scheme],
  ] as const)(
    'follows a living chain over its epochs by proofs alone: %s (seed 5)',
    (_, scheme) => {
      const cluster = new Cluster({
        seed: 5,
        stakes: [1n, 1n, 1n, 1n],
        links: steadyLinks(10),
        params: { epochDurationMs: 90 },
        schemes: { scheme, nodeScheme: ed25519Scheme },
      })
      cluster.start()
      cluster.runUntil(() => cluster.node(0).core.status.epoch === 4n, 10_000)
      const { application, core } = cluster.node(0)
      const proofs = answerEpochChange(1n, {
        height: application.height,
        blockAt: (height) => application.blockAt(height),
        commitProofAt: (height) => application.commitProofAt(height),
        validatorSetOf: (epoch) => ({ ...cluster.chain.set, epoch }),
        epochChange: (epoch) => core.epochChange(epoch),
      })
      const { context, set } = cluster.chain
      const client = new LightClient({
        context,
        scheme,
        trustedSet: set,
        trustedAtMs: GENESIS_TIME_MS,
        trustPeriodMs: 60_000,
      })
      expect(proofs.proofs).toHaveLength(3)
      expect(client.follow(proofs)).toBeUndefined()
      expect(client.epoch).toBe(4n)

      let proven = 0
      for (let height = 1n; height <= application.height; height += 1n) {
        const proof = application.commitProofAt(height)
        if (proof === undefined) continue
        const answer = client.verify(proof)
        if (!answer.ok) throw new Error(String(answer.fault.data?.['reason']))
        const { block } = answer
        expect(block.height).toBe(height)
        const root = application.stateRootAt(block.executedHeight)
        expect(root !== undefined && equalBytes(root, block.stateRoot)).toBe(true)
        proven += 1
      }
      expect(proven).toBeGreaterThan(4)
      expect(bytesToHex(client.validatorSet.validators[0]?.address ?? new Uint8Array(0))).toMatch(
        /^0x/,
      )
    },
  )
})
