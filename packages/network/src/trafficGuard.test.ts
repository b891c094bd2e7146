import { expect, test } from 'vitest'
import type { Quotas } from './networkConfig.ts'
import { DEFAULT_QUOTAS, type Load, type Traffic, TrafficGuard } from './trafficGuard.ts'

const MIB = 2 ** 20
const load = (traffic: Traffic, bytes = 1, isFollower = false): Load => ({
  traffic,
  count: 1,
  bytes,
  isFollower,
})

/** How many of equal loads pass at once. */
function passed(guard: TrafficGuard, peer: string, one: Load): number {
  let count = 0
  while (guard.excess(peer, one, 0) === undefined) {
    count++
    if (count > 1e6) throw new Error('no limit')
  }
  return count
}

test.each([
  ['consensus', 'consensusMessages'],
  ['blocks', 'blockMessages'],
  ['transactions', 'transactionMessages'],
  ['gossip', 'gossipMessages'],
  ['rpcs', 'rpcs'],
  ['hellos', 'hellos'],
  ['heartbeats', 'heartbeats'],
  ['requests', 'requests'],
] as const)('%s are counted by number, for each peer apart', (traffic, quota) => {
  const guard = new TrafficGuard({})
  expect(passed(guard, 'a', load(traffic))).toBe(DEFAULT_QUOTAS[quota].burst)
  expect(guard.excess('a', load(traffic), 0)).toEqual({
    quota,
    points: 1 / DEFAULT_QUOTAS[quota].perSecond,
    isFlood: false,
  })
  expect(passed(guard, 'b', load(traffic))).toBe(DEFAULT_QUOTAS[quota].burst)
})

test.each([
  ['consensus', 'consensusBytes', MIB],
  ['blocks', 'blockBytes', 4 * MIB],
  ['transactions', 'transactionBytes', MIB / 4],
  ['gossip', 'gossipBytes', MIB / 4],
  ['rpcs', 'rpcBytes', 4 * MIB],
  ['requests', 'requestBytes', MIB / 16],
  ['answers', 'answerBytes', 4 * MIB],
] as const)('%s are counted by bytes, for each peer apart', (traffic, quota, bytes) => {
  const guard = new TrafficGuard({})
  const { burst, perSecond } = DEFAULT_QUOTAS[quota]
  expect(passed(guard, 'a', load(traffic, bytes))).toBe(burst / bytes)
  // Large traffic costs by what it carries.
  expect(guard.excess('a', load(traffic, bytes), 0)).toEqual({
    quota,
    points: bytes / perSecond,
    isFlood: false,
  })
  expect(passed(guard, 'b', load(traffic, bytes))).toBe(burst / bytes)
})

test('a packet of many messages counts as many', () => {
  const guard = new TrafficGuard({ rpcs: { perSecond: 10, burst: 100 } })
  const packet = { ...load('rpcs'), count: 60 }
  expect(guard.excess('a', packet, 0)).toBeUndefined()
  expect(guard.excess('a', packet, 0)).toEqual({ quota: 'rpcs', points: 6, isFlood: false })
})

test.each([
  ['consensus', 'consensusMessages'],
  ['transactions', 'transactionMessages'],
  ['gossip', 'gossipMessages'],
  ['rpcs', 'rpcs'],
  ['requests', 'requests'],
  ['hellos', 'hellos'],
] as const)(
  'what is dropped of %s is a flood beyond a burst: at once after two, at three quotas never',
  (traffic, name) => {
    const quota = DEFAULT_QUOTAS[name]
    const isFlood = (guard: TrafficGuard, nowMs: number): boolean =>
      guard.excess('a', load(traffic), nowMs)?.isFlood === true
    const atOnce = new TrafficGuard({})
    for (let i = 0; i < 2 * quota.burst; i++) expect(isFlood(atOnce, 0)).toBe(false)
    expect(isFlood(atOnce, 0)).toBe(true)
    const floodAfterMs = (times: number): number | undefined => {
      const guard = new TrafficGuard({})
      const stepMs = 1_000 / (times * quota.perSecond)
      for (let nowMs = 0; nowMs < 60_000; nowMs += stepMs) if (isFlood(guard, nowMs)) return nowMs
      return undefined
    }
    expect(floodAfterMs(3)).toBeUndefined()
    expect(floodAfterMs(20)).toBeLessThan((2_500 * quota.burst) / (20 * quota.perSecond))
    expect(floodAfterMs(20)).toBeLessThan(5_000)
  },
)

test('of a burst of gossip 64 messages are handled at once, the rest at the pace of the quota', () => {
  const guard = new TrafficGuard({ gossipMessages: { perSecond: 100, burst: 1_000 } })
  const handled = (nowMs: number): number => {
    let messages = 0
    while (guard.isInPace('a', 4, nowMs)) messages += 4
    return messages
  }
  expect(handled(0)).toBe(64)
  expect(handled(200)).toBe(20)
  expect(guard.isInPace('b', 4, 200)).toBe(true)
  guard.forget(1e9)
  expect(handled(1e9)).toBe(64)
})

test('no traffic of a peer uses up its other traffic', () => {
  const guard = new TrafficGuard({})
  const kinds = ['consensus', 'blocks', 'transactions', 'gossip', 'hellos', 'requests'] as const
  passed(guard, 'a', load('heartbeats'))
  for (const kind of kinds) {
    expect(guard.excess('a', load(kind), 0)).toBeUndefined()
    passed(guard, 'a', load(kind))
  }
})

test('followers together have the quotas of eight, validators their own whatever followers do', () => {
  const quotas: Partial<Quotas> = { gossipMessages: { perSecond: 10, burst: 10 } }
  const guard = new TrafficGuard(quotas)
  const follower = load('gossip', 1, true)
  for (let i = 0; i < 8; i++) expect(passed(guard, `follower ${i}`, follower)).toBe(10)
  // None of the ninth's doing: no points.
  for (let i = 0; i < 10; i++) {
    expect(guard.excess('follower 8', follower, 0)).toEqual({
      quota: 'gossipMessages',
      points: 0,
      isFlood: false,
    })
  }
  expect(passed(guard, 'validator', load('gossip'))).toBe(10)
})
