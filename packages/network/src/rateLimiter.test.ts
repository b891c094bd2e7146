import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RateLimiter } from './rateLimiter.ts'

const countAllowed = (limiter: RateLimiter, tries: number, nowMs: number): number => {
  let allowed = 0
  for (let i = 0; i < tries; i++) if (limiter.allow('peer', nowMs)) allowed++
  return allowed
}

test('allows the burst at once and no more', () => {
  const limiter = new RateLimiter({ perSecond: 10, burst: 20 })
  expect(countAllowed(limiter, 100, 1_000)).toBe(20)
  expect(countAllowed(limiter, 100, 1_000)).toBe(0)
})

test('allows the sustained rate afterwards', () => {
  const limiter = new RateLimiter({ perSecond: 10, burst: 20 })
  countAllowed(limiter, 100, 0)
  expect(countAllowed(limiter, 100, 1_000)).toBe(10)
  expect(countAllowed(limiter, 100, 1_050)).toBe(0)
  expect(countAllowed(limiter, 100, 1_100)).toBe(1)
})

test('counts units, and what is denied costs nothing', () => {
  const limiter = new RateLimiter({ perSecond: 1_000, burst: 5_000 })
  expect(limiter.allow('peer', 0, 4_000)).toBe(true)
  expect(limiter.allow('peer', 0, 4_000)).toBe(false)
  expect(limiter.allow('peer', 0, 1_000)).toBe(true)
})

test('one peer does not use up another', () => {
  const limiter = new RateLimiter({ perSecond: 1, burst: 1 })
  expect(limiter.allow('a', 0)).toBe(true)
  expect(limiter.allow('a', 0)).toBe(false)
  expect(limiter.allow('b', 0)).toBe(true)
})

test('forgets a peer five minutes after its last, and not before', () => {
  const limiter = new RateLimiter({ perSecond: 1, burst: 1 })
  limiter.allow('a', 0)
  limiter.forget(300_000)
  expect(limiter.size).toBe(1)
  limiter.forget(301_001)
  expect(limiter.size).toBe(0)
})

test('over any stretch of time no more than burst and rate come through', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 200 }), { maxLength: 200 }), (gapsMs) => {
      const limiter = new RateLimiter({ perSecond: 50, burst: 10 })
      let nowMs = 0
      let allowed = 0
      for (const gapMs of gapsMs) {
        nowMs += gapMs
        if (limiter.allow('peer', nowMs)) allowed++
        expect(allowed).toBeLessThanOrEqual(10 + Math.ceil(nowMs / 20))
      }
    }),
  )
})
