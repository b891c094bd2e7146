import type { Envelope, PeerId } from '@openliquid/primitives'
import type { Quotas } from './networkConfig.ts'
import { RateLimiter } from './rateLimiter.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** What one peer may send; docs/spec/network.md, rate limiting. */
export const DEFAULT_QUOTAS: Quotas = {
  consensusMessages: { perSecond: 200, burst: 400 },
  blockMessages: { perSecond: 64, burst: 128 },
  blockBytes: { perSecond: 16 * MIB, burst: 64 * MIB },
  transactionMessages: { perSecond: 1_000, burst: 4_000 },
  transactionBytes: { perSecond: 4 * MIB, burst: 16 * MIB },
  gossipMessages: { perSecond: 1_000, burst: 4_000 },
  gossipBytes: { perSecond: 16 * MIB, burst: 64 * MIB },
  hellos: { perSecond: 0.5, burst: 20 },
  heartbeats: { perSecond: 10, burst: 40 },
  requests: { perSecond: 10, burst: 40 },
}

/** Every quota of every peer. Denied traffic is dropped by the caller. */
export class TrafficGuard {
  readonly #quotas: Quotas
  readonly #limiters: Readonly<Record<keyof Quotas, RateLimiter>>

  constructor(overrides: Partial<Quotas>) {
    const quotas = { ...DEFAULT_QUOTAS, ...overrides }
    this.#quotas = quotas
    this.#limiters = {
      consensusMessages: new RateLimiter(quotas.consensusMessages),
      blockMessages: new RateLimiter(quotas.blockMessages),
      blockBytes: new RateLimiter(quotas.blockBytes),
      transactionMessages: new RateLimiter(quotas.transactionMessages),
      transactionBytes: new RateLimiter(quotas.transactionBytes),
      gossipMessages: new RateLimiter(quotas.gossipMessages),
      gossipBytes: new RateLimiter(quotas.gossipBytes),
      hellos: new RateLimiter(quotas.hellos),
      heartbeats: new RateLimiter(quotas.heartbeats),
      requests: new RateLimiter(quotas.requests),
    }
  }

  /** What one unit above the quota costs: traffic of n quotas collects n − 1 points a second. */
  penaltyOf(quota: keyof Quotas): number {
    return 1 / this.#quotas[quota].perSecond
  }

  allow(quota: 'hellos' | 'heartbeats' | 'requests', peer: PeerId, nowMs: number): boolean {
    return this.#limiters[quota].allow(peer, nowMs)
  }

  allowMessage(peer: PeerId, { lane, body }: Envelope, nowMs: number): boolean {
    const limiters = this.#limiters
    switch (lane) {
      case 'consensus':
        return limiters.consensusMessages.allow(peer, nowMs)
      case 'blocks':
        return (
          limiters.blockMessages.allow(peer, nowMs) &&
          limiters.blockBytes.allow(peer, nowMs, body.length)
        )
      default:
        return (
          limiters.transactionMessages.allow(peer, nowMs) &&
          limiters.transactionBytes.allow(peer, nowMs, body.length)
        )
    }
  }

  allowGossip(peer: PeerId, bytes: number, nowMs: number): boolean {
    return (
      this.#limiters.gossipMessages.allow(peer, nowMs) &&
      this.#limiters.gossipBytes.allow(peer, nowMs, bytes)
    )
  }

  forget(nowMs: number): void {
    for (const limiter of Object.values(this.#limiters)) limiter.forget(nowMs)
  }
}
