import { noMetrics } from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { newCounters } from './counters.ts'
import { peerFault } from './errors.ts'
import { GOSSIP_AT_ONCE_MAX } from './limits.ts'
import { newMeters } from './metrics.ts'
import type { Ban, Quotas } from './networkConfig.ts'
import type { NetworkEvent } from './networkEvent.ts'
import { PeerConduct } from './peerConduct.ts'

const QUOTA = { perSecond: 10, burst: 10 }

function setUp(config: { bans?: readonly Ban[]; quotas?: Partial<Quotas> } = {}) {
  const events: NetworkEvent[] = []
  const disconnected: string[] = []
  const kept: (readonly Ban[])[] = []
  const clock = { nowMs: 0 }
  const counters = newCounters()
  const conduct = new PeerConduct({
    config: {
      quotas: { consensusMessages: QUOTA },
      onBans: (bans) => void kept.push(bans),
      ...config,
    },
    counters,
    metrics: newMeters(noMetrics),
    isValidator: (peer) => peer.startsWith('validator'),
    isConfigured: (peer) => peer === 'sentry',
    nowMs: () => clock.nowMs,
    emit: (event) => void events.push(event),
    log: () => undefined,
    disconnect: (peer) => void disconnected.push(peer),
  })
  return { conduct, events, disconnected, kept, clock, counters }
}

/** So many times its quota for five seconds. @returns what passed */
function flood({ conduct, clock }: ReturnType<typeof setUp>, peer: string, times = 20): number {
  let passed = 0
  for (let sent = 0; sent < 5 * times * QUOTA.perSecond; sent++) {
    clock.nowMs += 1_000 / (times * QUOTA.perSecond)
    if (conduct.allow('consensus', peer, 100)) passed++
  }
  return passed
}

test('a follower that floods is limited, told of, banned and disconnected', () => {
  const all = setUp()
  const passed = flood(all, 'follower')
  // Its burst, and what the quota allowed while another burst was dropped.
  expect(passed).toBeLessThan(14)
  expect(all.conduct.isBanned('follower')).toBe(true)
  expect(all.events.map(({ kind }) => kind)).toEqual(['peerFault', 'peerBanned'])
  expect(all.events[0]).toMatchObject({ code: 'OL_RATE_LIMIT' })
  expect(all.disconnected).toEqual(['follower'])
  expect(all.kept.at(-1)?.map(({ peer }) => peer)).toEqual(['follower'])
  expect(all.counters.bans).toBe(1)
  expect(all.conduct.scoreOf('follower')).toBeLessThan(0)
})

test('a follower at three times its quota, or with two bursts at once, is limited and never banned', () => {
  const all = setUp()
  expect(flood(all, 'busy', 3)).toBeLessThan(70)
  for (let i = 0; i < 2 * QUOTA.burst; i++) all.conduct.allow('consensus', 'late', 100)
  expect(all.counters.rateLimited).toBeGreaterThan(90)
  expect(all.events).toEqual([])
  expect(all.conduct.scoreOf('late')).toBeLessThan(0)
})

test('gossip of a follower waits for its pace, that of a validator or a configured peer never', () => {
  const { conduct } = setUp()
  const handled = (peer: string): number => {
    let messages = 0
    while (messages < 1_000 && conduct.mayHandle(peer, 4)) messages += 4
    return messages
  }
  expect(handled('follower')).toBe(GOSSIP_AT_ONCE_MAX)
  expect(handled('validator')).toBe(1_000)
  expect(handled('sentry')).toBe(1_000)
})

test('a validator that floods is limited all the same, and neither banned nor graylisted', () => {
  const all = setUp()
  const passed = flood(all, 'validator')
  // Its burst and five seconds of its quota.
  expect(passed).toBeGreaterThan(50)
  expect(passed).toBeLessThanOrEqual(61)
  expect(all.counters.rateLimited).toBe(1_000 - passed)
  // Told once, however long it goes on.
  expect(all.events.map(({ kind }) => kind)).toEqual(['peerFault'])
  expect(all.conduct.isBanned('validator')).toBe(false)
  expect(all.disconnected).toEqual([])
  for (let i = 0; i < 100; i++) {
    all.conduct.onFault('validator', peerFault('OL_GOSSIP_REJECTED', 'rejected'))
  }
  expect(all.conduct.isBanned('validator')).toBe(false)
  expect(all.conduct.scoreOf('validator')).toBeGreaterThan(0)
})

test('of a banned peer nothing more is taken or told', () => {
  const all = setUp()
  all.conduct.ban('follower', { durationMs: 60_000, reason: 'test' })
  const before = all.events.length
  expect(all.conduct.allow('gossip', 'follower', 1)).toBe(false)
  all.conduct.onFault('follower', peerFault('OL_FRAME_SIZE', 'late'))
  expect(all.events).toHaveLength(before)
  expect(all.counters.faults).toBe(0)
})

test('a ban that was kept holds until its time and no longer', () => {
  const { conduct } = setUp({
    bans: [
      { peer: 'held', untilMs: Date.now() + 60_000, reason: 'before' },
      { peer: 'over', untilMs: Date.now() - 1, reason: 'before' },
    ],
  })
  expect(conduct.isBanned('held')).toBe(true)
  expect(conduct.isBanned('over')).toBe(false)
  expect(conduct.bans().map(({ peer }) => peer)).toEqual(['held'])
})
