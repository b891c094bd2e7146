import { expect, test } from 'vitest'
import type { PeerFaultCode } from './errors.ts'
import { PENALTIES_MAX, PENALTY_BAN, PENALTY_HALF_LIFE_MS } from './limits.ts'
import { PeerScore } from './peerScore.ts'

const fault = { code: 'OL_GOSSIP_REJECTED', detail: '' } as const

test('a penalty halves in every half-life', () => {
  const score = new PeerScore()
  score.add('a', 8, 0)
  expect(score.penaltyOf('a', 0)).toBe(8)
  expect(score.penaltyOf('a', PENALTY_HALF_LIFE_MS)).toBe(4)
  expect(score.penaltyOf('a', 3 * PENALTY_HALF_LIFE_MS)).toBe(1)
  expect(score.penaltyOf('b', 0)).toBe(0)
})

test('tells the moment at which the limit is reached, once', () => {
  const score = new PeerScore()
  expect(score.add('a', PENALTY_BAN - 1, 0)).toBe(false)
  expect(score.add('a', 1, 0)).toBe(true)
  expect(score.add('a', 1, 0)).toBe(false)
})

test('a peer at twice its quota is never banned, one at twenty times within five seconds', () => {
  // One point a second stands for traffic of one quota above the quota.
  const bannedAfterS = (times: number): number | undefined => {
    const score = new PeerScore()
    for (let tick = 0; tick < 6_000; tick++) {
      if (score.add('a', (times - 1) / 100, tick * 10)) return tick / 100
    }
    return undefined
  }
  expect(bannedAfterS(2)).toBeUndefined()
  expect(bannedAfterS(3)).toBeUndefined()
  expect(bannedAfterS(20)).toBeLessThan(5)
})

test('rejected gossip bans a follower after some twenty messages, a validator never', () => {
  const score = new PeerScore()
  const kinds = (peer: string, isValidator: boolean): string[] =>
    Array.from({ length: 50 }, () => score.sentence(peer, fault, { isValidator, nowMs: 0 }).kind)
  expect(kinds('follower', false).indexOf('ban')).toBe(19)
  expect(new Set(kinds('validator', true))).toEqual(new Set(['none']))
})

test('who lets many frames wait at once is banned, one that is slow is only cut off', () => {
  const late = { code: 'OL_FRAME_TIMEOUT', detail: '' } as const
  const kinds = (spacingMs: number, isValidator = false): string[] => {
    const score = new PeerScore()
    return Array.from({ length: 20 }, (_, i) => {
      return score.sentence('a', late, { isValidator, nowMs: i * spacingMs }).kind
    })
  }
  expect(kinds(0).indexOf('ban')).toBe(5)
  expect(kinds(5_000)).not.toContain('ban')
  expect(kinds(0, true)).not.toContain('ban')
})

test('another chain is banned for longer, whoever it is', () => {
  const score = new PeerScore()
  const at = { isValidator: true, nowMs: 0 }
  const sentence = score.sentence('a', { code: 'OL_HELLO_CHAIN', detail: '' }, at)
  expect(sentence).toEqual({ kind: 'ban', durationMs: 3_600_000 })
})

test('a validator that breaks the protocol is cut off, a follower banned', () => {
  const score = new PeerScore()
  const bad = { code: 'OL_FRAME_SIZE', detail: '' } as const
  expect(score.sentence('a', bad, { isValidator: true, nowMs: 0 }).kind).toBe('disconnect')
  expect(score.sentence('a', bad, { isValidator: false, nowMs: 0 }).kind).toBe('ban')
})

test.each<[PeerFaultCode, string, string]>([
  ['OL_FRAME_SIZE', 'ban', 'disconnect'],
  ['OL_FRAME_FLAGS', 'ban', 'disconnect'],
  ['OL_FRAME_TYPE', 'ban', 'disconnect'],
  ['OL_FRAME_TIMEOUT', 'disconnect', 'disconnect'],
  ['OL_HELLO_TIMEOUT', 'disconnect', 'disconnect'],
  ['OL_HELLO_MALFORMED', 'ban', 'disconnect'],
  ['OL_HELLO_VERSION', 'disconnect', 'disconnect'],
  ['OL_HELLO_CHAIN', 'ban', 'ban'],
  ['OL_HELLO_GENESIS', 'ban', 'ban'],
  ['OL_HELLO_KEY', 'ban', 'disconnect'],
  ['OL_HELLO_SIGNATURE', 'ban', 'disconnect'],
  ['OL_HELLO_RATE', 'disconnect', 'disconnect'],
  ['OL_CHANNEL_GOODBYE', 'disconnect', 'disconnect'],
  ['OL_CHANNEL_SILENT', 'disconnect', 'disconnect'],
  ['OL_CHANNEL_MISSING', 'disconnect', 'disconnect'],
  ['OL_CHANNEL_TWIN', 'none', 'none'],
  ['OL_GOSSIP_MISSING', 'disconnect', 'disconnect'],
  ['OL_GOSSIP_MALFORMED', 'none', 'none'],
  ['OL_GOSSIP_REJECTED', 'none', 'none'],
  ['OL_RATE_LIMIT', 'ban', 'none'],
  ['OL_RELAY_DELEGATION', 'ban', 'disconnect'],
  ['OL_RELAY_ORIGIN', 'ban', 'disconnect'],
])('one %s is for a follower: %s, for a validator: %s', (code, follower, validator) => {
  const kindFor = (isValidator: boolean): string =>
    new PeerScore().sentence('a', { code, detail: '' }, { isValidator, nowMs: 0 }).kind
  expect([kindFor(false), kindFor(true)]).toEqual([follower, validator])
})

test('of too many peers with penalties the one blamed longest ago is forgotten', () => {
  const score = new PeerScore()
  for (let i = 0; i < PENALTIES_MAX; i++) score.add(`p${i}`, 1, 0)
  score.add('p0', 1, 0)
  score.add('one more', 1, 0)
  expect(['p0', 'p1', 'p2', 'one more'].map((peer) => score.penaltyOf(peer, 0))).toEqual([
    2, 0, 1, 1,
  ])
})

test('forgets who has nothing left against it', () => {
  const score = new PeerScore()
  score.add('a', 1, 0)
  score.forget(20 * PENALTY_HALF_LIFE_MS)
  expect(score.penaltyOf('a', 0)).toBe(0)
})
