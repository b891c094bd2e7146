import type { SignatureScheme } from '@openliquid/crypto'
import { nullScheme } from '@openliquid/crypto/testing'
import type { Vote } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { Fixture } from './testing/index.ts'
import { VoteCollector } from './voteCollector.ts'

const HASH = new Uint8Array(32).fill(1)
const OTHER = new Uint8Array(32).fill(2)
const fixture = new Fixture([1n, 1n, 1n, 1n])
const forged = (vote: Vote): Vote => ({ ...vote, signature: new Uint8Array(32) })

function collectorWith(...votes: Vote[]): VoteCollector {
  const { committee, context, verifier } = fixture
  const collector = new VoteCollector({ committee, context, verifier, scheme: nullScheme })
  for (const vote of votes) collector.add(vote)
  return collector
}

describe('VoteCollector', () => {
  it('makes a QC of a quorum, and nothing of less', () => {
    const collector = collectorWith(fixture.vote(0, 1n, HASH), fixture.vote(1, 1n, HASH))
    expect(collector.hasQuorum(1n)).toBe(false)
    expect(collector.certificate(1n)).toBeUndefined()
    collector.add(fixture.vote(3, 1n, HASH))
    expect(collector.certificate(1n)).toEqual(fixture.qc(1n, HASH, [0, 1, 3]))
  })

  it('does not add up votes for different blocks, or a vote that comes twice', () => {
    const vote = fixture.vote(0, 1n, HASH)
    const collector = collectorWith(
      vote,
      vote,
      fixture.vote(1, 1n, OTHER),
      fixture.vote(2, 1n, HASH),
    )
    expect(collector.hasQuorum(1n)).toBe(false)
  })

  it('drops bad votes at the quorum and waits for good ones', () => {
    const bad = forged(fixture.vote(2, 1n, HASH))
    const collector = collectorWith(fixture.vote(0, 1n, HASH), fixture.vote(1, 1n, HASH), bad)
    expect(collector.hasQuorum(1n)).toBe(true)
    expect(collector.certificate(1n)).toBeUndefined()
    expect(collector.hasQuorum(1n)).toBe(false)
    collector.add(fixture.vote(3, 1n, HASH))
    expect(collector.certificate(1n)).toEqual(fixture.qc(1n, HASH, [0, 1, 3]))
  })

  it('a forgery that comes first does not shut the true vote out', () => {
    const collector = collectorWith(forged(fixture.vote(0, 1n, HASH)), fixture.vote(0, 1n, HASH))
    collector.add(forged(fixture.vote(1, 1n, OTHER)))
    collector.add(fixture.vote(1, 1n, HASH))
    collector.add(forged(fixture.vote(1, 1n, HASH)))
    collector.add(fixture.vote(2, 1n, HASH))
    expect(collector.certificate(1n)).toEqual(fixture.qc(1n, HASH, [0, 1, 2]))
  })

  it('verifies what comes from a peer that brought a bad vote, and from no other (§9)', () => {
    let verified = 0
    const scheme: SignatureScheme = {
      ...nullScheme,
      verify: (...args) => {
        verified += 1
        return nullScheme.verify(...args)
      },
    }
    const { committee, context, verifier } = fixture
    const collector = new VoteCollector({ committee, context, verifier, scheme })
    collector.add(fixture.vote(0, 1n, HASH))
    collector.add(fixture.vote(1, 1n, HASH), 'p1')
    // In the name of another: not that one is to be watched, but who brought it.
    collector.add(forged(fixture.vote(2, 1n, HASH)), 'liar')
    expect(collector.certificate(1n)).toBeUndefined()
    expect(verified).toBe(0)

    collector.add(fixture.vote(0, 2n, HASH))
    collector.add(fixture.vote(2, 2n, HASH), 'p2')
    expect(verified).toBe(0)
    collector.add(forged(fixture.vote(1, 2n, HASH)), 'liar')
    expect(verified).toBe(1)
    expect(collector.hasQuorum(2n)).toBe(false)
    collector.add(fixture.vote(3, 2n, HASH), 'liar')
    expect(verified).toBe(2)
    expect(collector.certificate(2n)).toEqual(fixture.qc(2n, HASH, [0, 2, 3]))
  })

  it('forgets decided views', () => {
    const collector = collectorWith(...[0, 1, 2].map((signer) => fixture.vote(signer, 4n, HASH)))
    collector.forgetBelow(4n)
    expect(collector.hasQuorum(4n)).toBe(true)
    collector.forgetBelow(5n)
    expect(collector.hasQuorum(4n)).toBe(false)
  })
})
