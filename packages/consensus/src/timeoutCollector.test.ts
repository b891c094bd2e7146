import type { SignatureScheme } from '@openliquid/crypto'
import { nullScheme } from '@openliquid/crypto/testing'
import type { TimeoutVote } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { Fixture } from './testing/index.ts'
import { TimeoutCollector } from './timeoutCollector.ts'

const HASH = new Uint8Array(32).fill(1)
const fixture = new Fixture([1n, 1n, 1n, 1n])
const low = fixture.qc(2n, HASH, [0, 1, 2])
const high = fixture.qc(4n, HASH, [0, 1, 2])
const forged = (timeout: TimeoutVote): TimeoutVote => ({
  ...timeout,
  signature: new Uint8Array(32),
})

function collectorWith(...timeouts: TimeoutVote[]): TimeoutCollector {
  return collectorOf(nullScheme, timeouts)
}

function collectorOf(scheme: SignatureScheme, timeouts: readonly TimeoutVote[]): TimeoutCollector {
  const { committee, context, verifier } = fixture
  const parts = { committee, context, verifier, scheme }
  const collector = new TimeoutCollector({ ...parts, highTip: false })
  for (const timeout of timeouts) collector.add(timeout)
  return collector
}

describe('TimeoutCollector', () => {
  it('finds the blocking set, then the quorum, and groups by highQC', () => {
    const collector = collectorWith(fixture.timeout(3, 5n, high))
    expect(collector.isBlocking(5n)).toBe(false)
    collector.add(fixture.timeout(0, 5n, low))
    expect([collector.isBlocking(5n), collector.isQuorum(5n)]).toEqual([true, false])
    expect(collector.certificate(5n)).toBeUndefined()
    collector.add(fixture.timeout(1, 5n, high))
    const tc = collector.certificate(5n)
    expect(tc).toEqual(
      fixture.tc(5n, high, [
        [2n, [0]],
        [4n, [1, 3]],
      ]),
    )
    expect(fixture.verifier.verifyTC(tc!)).toBeDefined()
  })

  it('forged timeouts neither amplify nor count', () => {
    const collector = collectorWith(
      forged(fixture.timeout(0, 5n, high)),
      forged(fixture.timeout(1, 5n, high)),
      forged(fixture.timeout(2, 5n, low)),
    )
    expect(collector.isBlocking(5n)).toBe(false)
    expect(collector.isQuorum(5n)).toBe(false)
    expect([...collector.timeoutsOf(5n)]).toEqual([])
  })

  it('a forgery that comes first does not shut the true timeout out', () => {
    const collector = collectorWith(
      forged(fixture.timeout(0, 5n, high)),
      fixture.timeout(0, 5n, low),
      fixture.timeout(1, 5n, low),
    )
    expect(collector.isBlocking(5n)).toBe(true)
    collector.add(fixture.timeout(2, 5n, low))
    expect(collector.certificate(5n)?.highQC).toEqual(low)
  })

  it('verifies a quorum once, whoever asks for it, and again when another timeout comes', () => {
    let aggregated = 0
    const aggregate: SignatureScheme['aggregate'] = (...args) => {
      aggregated += 1
      return nullScheme.aggregate(...args)
    }
    const collector = collectorOf(
      { ...nullScheme, aggregate },
      [0, 1, 2].map((signer) => fixture.timeout(signer, 5n, low)),
    )
    expect([collector.isQuorum(5n), collector.isQuorum(5n)]).toEqual([true, true])
    expect(collector.certificate(5n)?.groups).toHaveLength(1)
    expect(aggregated).toBe(1)
    collector.add(fixture.timeout(3, 5n, high))
    expect(collector.certificate(5n)?.highQC).toEqual(high)
    expect(aggregated).toBe(3)
  })

  it('keeps the first timeout of a signer that verified', () => {
    const collector = collectorWith(fixture.timeout(0, 5n, low), fixture.timeout(1, 5n, low))
    expect(collector.isBlocking(5n)).toBe(true)
    collector.add(fixture.timeout(0, 5n, high))
    expect([...collector.timeoutsOf(5n)].map(({ highQC }) => highQC.view)).toEqual([2n, 2n])
  })
})
