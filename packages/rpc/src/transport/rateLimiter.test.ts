import { describe, expect, it } from 'vitest'
import { RATE_LIMIT_CLIENTS_MAX } from '../limits.ts'
import { RateLimiter } from './rateLimiter.ts'

describe('RateLimiter', () => {
  it('lets everything pass when it is off', () => {
    const limiter = new RateLimiter(0)
    expect(limiter.take('10.0.0.1', 1e9, 0)).toBe(true)
  })

  it('gives a minute of weight at once and refills evenly', () => {
    const limiter = new RateLimiter(60)
    expect(limiter.take('10.0.0.1', 60, 0)).toBe(true)
    expect(limiter.take('10.0.0.1', 1, 0)).toBe(false)
    expect(limiter.take('10.0.0.1', 1, 999)).toBe(false)
    expect(limiter.take('10.0.0.1', 1, 1_000)).toBe(true)
    expect(limiter.take('10.0.0.1', 61, 1e9)).toBe(false)
  })

  it('keeps clients apart, and one customer’s IPv6 addresses together', () => {
    const limiter = new RateLimiter(1)
    expect(limiter.take('10.0.0.1', 1, 0)).toBe(true)
    expect(limiter.take('10.0.0.2', 1, 0)).toBe(true)
    expect(limiter.take('::ffff:10.0.0.1', 1, 0)).toBe(false)
    expect(limiter.take('2001:db8::1', 1, 0)).toBe(true)
    expect(limiter.take('2001:db8:0:0:ffff::2', 1, 0)).toBe(false)
    expect(limiter.take('2001:db8:0:1::1', 1, 0)).toBe(true)
  })

  it('ignores a clock that goes back', () => {
    const limiter = new RateLimiter(60)
    expect(limiter.take('10.0.0.1', 60, 10_000)).toBe(true)
    expect(limiter.take('10.0.0.1', 1, 0)).toBe(false)
  })

  it('forgets the client seen longest ago when there are too many', () => {
    const limiter = new RateLimiter(1)
    limiter.take('first', 1, 0)
    for (let i = 0; i < RATE_LIMIT_CLIENTS_MAX - 1; i++) limiter.take(`client ${i}`, 1, 0)
    expect(limiter.take('first', 1, 0)).toBe(false)
    limiter.take('one more', 1, 0)
    limiter.take('and another', 1, 0)
    expect(limiter.take('client 0', 1, 0)).toBe(true)
    expect(limiter.take('first', 1, 0)).toBe(false)
  })
})
