import { nullScheme } from '@openliquid/crypto/testing'
import { blockHash, type Evidence, sha256, type Vote } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { EVIDENCE_CHECKS_PER_VIEW_MAX } from './limits.ts'
import { MisbehaviorDetector } from './misbehaviorDetector.ts'
import { Fixture } from './testing/index.ts'

const fixture = new Fixture([1n, 1n, 1n, 1n])
const one = sha256(Uint8Array.of(1))
const two = sha256(Uint8Array.of(2))
const parent = fixture.child(fixture.genesis, 3n)
const voted = fixture.child(parent, 4n)
const headers = new Map([[String(blockHash(voted.header)), voted.header]])
const qcOf = (view: bigint) => ({ ...fixture.genesisQC, view })

function detector(): MisbehaviorDetector {
  return new MisbehaviorDetector(
    { ...fixture, scheme: nullScheme, nodeScheme: nullScheme },
    { highTip: false, headerOf: (hash) => headers.get(String(hash)) },
  )
}

function kinds(found: readonly Evidence[]): string[] {
  return found.map(({ kind }) => kind)
}

function forged(vote: Vote): Vote {
  return { ...vote, signature: new Uint8Array(32) }
}

describe('the detector finds', () => {
  it('two votes of one signer in one view, in either order', () => {
    for (const [first, second] of [
      [one, two],
      [two, one],
    ] as const) {
      const watch = detector()
      watch.onVote(fixture.vote(1, 5n, first))
      watch.onVote(fixture.vote(1, 6n, first))
      watch.onVote(fixture.vote(2, 5n, second))
      expect(watch.hasFound).toBe(false)
      watch.onVote(fixture.vote(1, 5n, second))
      expect(kinds(watch.take())).toEqual(['duplicateVote'])
      expect(watch.hasFound).toBe(false)
    }
  })

  it('a second vote that only a timeout carries', () => {
    const watch = detector()
    watch.onVote(fixture.vote(1, 5n, one))
    watch.onTimeout(fixture.timeout(1, 5n, qcOf(4n), { vote: fixture.vote(1, 5n, two) }))
    expect(kinds(watch.take())).toEqual(['duplicateVote'])
  })

  it('two timeouts of one signer in one view with other QCs', () => {
    const watch = detector()
    watch.onTimeout(fixture.timeout(1, 5n, qcOf(4n)))
    watch.onTimeout(fixture.timeout(1, 5n, qcOf(4n)))
    expect(watch.hasFound).toBe(false)
    watch.onTimeout(fixture.timeout(1, 5n, qcOf(2n)))
    expect(kinds(watch.take())).toEqual(['conflictingTimeouts'])
  })

  it('a timeout below the lock, whether the vote or the timeout came first', () => {
    const vote = fixture.vote(1, 4n, blockHash(voted.header))
    const timeout = fixture.timeout(1, 6n, qcOf(2n))
    const before = detector()
    before.onVote(vote)
    before.onTimeout(timeout)
    const after = detector()
    after.onTimeout(timeout)
    after.onVote(vote)
    const within = detector()
    within.onTimeout(fixture.timeout(1, 4n, qcOf(2n), { vote }))
    for (const watch of [before, after, within]) {
      expect(kinds(watch.take())).toContain('lockRegression')
    }
    const honest = detector()
    honest.onVote(vote)
    honest.onTimeout(fixture.timeout(1, 6n, qcOf(3n)))
    expect(honest.hasFound).toBe(false)
  })

  it('two proposals of one leader and two QCs of one view', () => {
    const watch = detector()
    const statement = { epoch: 1n, view: 5n, signer: 2 }
    watch.onQC(fixture.qc(5n, one, [0, 1, 2]))
    watch.onQC(fixture.qc(5n, one, [1, 2, 3]))
    watch.onProposal({ ...statement, blockHash: one, signature: new Uint8Array(64) })
    watch.onProposal({ ...statement, blockHash: one, signature: new Uint8Array(64) })
    // A proposal comes with a good signature, and what is said of it is verified all the same.
    watch.onProposal({ ...statement, blockHash: two, signature: new Uint8Array(64) })
    expect(watch.hasFound).toBe(false)
    watch.onQC(fixture.qc(5n, two, [1, 2, 3]))
    expect(kinds(watch.take())).toEqual(['conflictingQCs'])
  })
})

describe('forgeries', () => {
  it('convict nobody, and hide nobody either', () => {
    const watch = detector()
    watch.onVote(forged(fixture.vote(1, 5n, sha256(one))))
    watch.onVote(fixture.vote(1, 5n, one))
    watch.onVote(forged(fixture.vote(1, 5n, sha256(two))))
    expect(watch.hasFound).toBe(false)
    watch.onVote(fixture.vote(1, 5n, two))
    expect(kinds(watch.take())).toEqual(['duplicateVote'])

    const timeout = fixture.timeout(1, 6n, qcOf(4n))
    watch.onTimeout({ ...timeout, highQC: qcOf(1n), signature: new Uint8Array(32) })
    watch.onTimeout(timeout)
    expect(watch.hasFound).toBe(false)
    watch.onTimeout(fixture.timeout(1, 6n, qcOf(5n)))
    expect(kinds(watch.take())).toEqual(['conflictingTimeouts'])
  })

  it('cost a bounded number of verifications in a view', () => {
    let verifications = 0
    const counting = {
      ...nullScheme,
      verify: (...args: Parameters<typeof nullScheme.verify>) => {
        verifications += 1
        return nullScheme.verify(...args)
      },
    }
    const watch = new MisbehaviorDetector(
      { ...fixture, scheme: counting, nodeScheme: counting },
      { highTip: false, headerOf: () => undefined },
    )
    watch.onVote(fixture.vote(1, 5n, one))
    const flood = () => {
      for (let i = 0; i < 500; i++)
        watch.onVote(forged(fixture.vote(1, 5n, sha256(Uint8Array.of(i & 255, i >> 8)))))
    }
    flood()
    const inOneView = verifications
    expect(inOneView).toBeGreaterThan(0)
    expect(inOneView).toBeLessThanOrEqual(2 * EVIDENCE_CHECKS_PER_VIEW_MAX)
    watch.onView()
    flood()
    expect(verifications).toBe(2 * inOneView)
  })
})
