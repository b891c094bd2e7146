import { type Evidence, sha256, type View } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { Committee } from './committee.ts'
import { EvidencePool } from './evidencePool.ts'
import { EVIDENCE_EPOCHS_MAX, EVIDENCE_POOLED_MAX, OFFENCES_PER_EPOCH_MAX } from './limits.ts'
import { accusationsOf, Offences, orderByHash } from './offences.ts'
import { PastEpochs } from './pastEpochs.ts'
import { Fixture } from './testing/index.ts'

const fixture = new Fixture(Array.from({ length: 60 }, () => 1n))
const one = sha256(Uint8Array.of(1))
const two = sha256(Uint8Array.of(2))

function twoVotes(signer: number, view: View): Evidence {
  const pair = orderByHash(fixture.vote(signer, view, one), fixture.vote(signer, view, two))
  return { kind: 'duplicateVote', ...pair }
}

describe('the pool of evidence', () => {
  it('keeps one piece of each offence, and none of what a block has punished', () => {
    const pool = new EvidencePool()
    const committed = new Offences()
    const evidence = twoVotes(1, 5n)
    expect(pool.isWanted(evidence, committed)).toBe(true)
    pool.add(evidence)
    // The same act seen through the certificates of the view.
    const seenAgain = {
      kind: 'duplicateProposal',
      first: { ...fixture.vote(1, 5n, one) },
      second: { ...fixture.vote(1, 5n, two) },
    } as const
    expect(pool.isWanted(evidence, committed)).toBe(false)
    expect(pool.isWanted(seenAgain, committed)).toBe(false)
    expect(pool.isWanted(twoVotes(2, 5n), committed)).toBe(true)
    expect(pool.isWanted(twoVotes(1, 6n), committed)).toBe(true)

    committed.add(accusationsOf(evidence))
    pool.retain(({ accusations }) => accusations.some((accusation) => committed.isNew(accusation)))
    expect(pool.size).toBe(0)
    expect(pool.isWanted(evidence, committed)).toBe(false)
  })

  it('has a limit, and wants again what it let go', () => {
    const pool = new EvidencePool()
    const committed = new Offences()
    for (let i = 0; i < 2 * EVIDENCE_POOLED_MAX; i++) {
      const evidence = twoVotes(i % 60, BigInt(1 + Math.floor(i / 60)))
      if (pool.isWanted(evidence, committed)) pool.add(evidence)
    }
    expect(pool.size).toBe(EVIDENCE_POOLED_MAX)
    pool.retain(({ accusations }) => accusations[0]?.validator !== 7)
    expect(pool.size).toBeLessThan(EVIDENCE_POOLED_MAX)
    expect(pool.isWanted(twoVotes(7, 1n), committed)).toBe(true)
  })
})

describe('the record of offences', () => {
  const offence = (kind: 'duplicateVote' | 'conflictingQCs' | 'lockRegression', view: View) => ({
    kind,
    validator: 3,
    epoch: 1n,
    view,
  })

  it('counts the same act once, whichever way it was seen, and another act apart', () => {
    const offences = new Offences()
    const [vote, qcs, lock] = [
      offence('duplicateVote', 5n),
      offence('conflictingQCs', 5n),
      offence('lockRegression', 5n),
    ]
    expect(offences.add([vote, qcs, lock])).toEqual([vote, lock])
    const branch = new Offences(offences)
    expect(branch.add([vote, offence('duplicateVote', 6n)])).toHaveLength(1)
    // What a branch adds is not in the chain beneath.
    expect(offences.isNew(offence('duplicateVote', 6n))).toBe(true)
  })

  it('ends the penalties of one validator in one epoch at a limit, of each offence for itself', () => {
    const offences = new Offences()
    const many = Array.from({ length: 20 }, (_, i) => offence('duplicateVote', BigInt(i + 1)))
    expect(offences.add(many)).toHaveLength(OFFENCES_PER_EPOCH_MAX)
    expect(new Offences(offences).isNew(offence('duplicateVote', 99n))).toBe(false)
    expect(offences.isNew(offence('lockRegression', 99n))).toBe(true)
    expect(offences.isNew({ ...offence('duplicateVote', 99n), epoch: 2n })).toBe(true)
    offences.forgetBelow(2n)
    expect(offences.isNew(offence('duplicateVote', 1n))).toBe(true)
  })
})

describe('past epochs', () => {
  const committeeOf = (epoch: bigint) => new Committee({ ...fixture.set, epoch })

  it('can be punished until the stake of their members is unbonded', () => {
    const past = new PastEpochs(1_000)
    past.add(committeeOf(1n), 5_000)
    expect(past.committeeOf(1n, { epoch: 2n, timestampMs: 6_000 })?.epoch).toBe(1n)
    expect(past.committeeOf(1n, { epoch: 2n, timestampMs: 6_001 })).toBeUndefined()
    expect(past.committeeOf(2n, { epoch: 2n, timestampMs: 5_001 })).toBeUndefined()
    past.add(committeeOf(2n), 6_001)
    expect(past.oldest).toBe(2n)
  })

  it('are as many as a limit says, live and after a restart alike', () => {
    const live = new PastEpochs(1_000_000)
    const all = Array.from({ length: EVIDENCE_EPOCHS_MAX + 3 }, (_, i) => BigInt(i + 1))
    for (const epoch of all) live.add(committeeOf(epoch), Number(epoch))
    const restarted = new PastEpochs(1_000_000)
    restarted.restore(
      all.reverse().map((epoch) => ({ epoch, closedAtMs: Number(epoch) })),
      { present: fixture.set, timestampMs: 2_000 },
    )
    const block = { epoch: BigInt(EVIDENCE_EPOCHS_MAX + 4), timestampMs: 2_000 }
    for (const past of [live, restarted]) {
      expect(past.oldest).toBe(4n)
      expect(past.committeeOf(4n, block)?.epoch).toBe(4n)
      expect(past.committeeOf(3n, block)).toBeUndefined()
    }
    expect(restarted.committeeOf(9n, block)?.hash).toEqual(live.committeeOf(9n, block)?.hash)
  })
})
