import type { Lane, PeerId } from '@openliquid/primitives'
import { EXCESS_QUOTAS, FOLLOWERS_TOGETHER, GOSSIP_AT_ONCE_MAX } from './limits.ts'
import type { Quota, Quotas } from './networkConfig.ts'
import { RateLimiter } from './rateLimiter.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** What one peer may send, and be sent on request; docs/spec/network.md, rate limiting. */
export const DEFAULT_QUOTAS: Quotas = {
  consensusMessages: { perSecond: 200, burst: 400 },
  consensusBytes: { perSecond: 4 * MIB, burst: 16 * MIB },
  blockMessages: { perSecond: 64, burst: 128 },
  blockBytes: { perSecond: 16 * MIB, burst: 64 * MIB },
  transactionMessages: { perSecond: 1_000, burst: 4_000 },
  transactionBytes: { perSecond: 4 * MIB, burst: 16 * MIB },
  gossipMessages: { perSecond: 1_000, burst: 1_000 },
  gossipBytes: { perSecond: 16 * MIB, burst: 64 * MIB },
  rpcs: { perSecond: 2_000, burst: 2_000 },
  rpcBytes: { perSecond: 32 * MIB, burst: 128 * MIB },
  hellos: { perSecond: 0.5, burst: 20 },
  heartbeats: { perSecond: 10, burst: 40 },
  requests: { perSecond: 10, burst: 40 },
  requestBytes: { perSecond: 256 * KIB, burst: 2 * MIB },
  answerBytes: { perSecond: 32 * MIB, burst: 128 * MIB },
}

/** What is counted apart: the lanes of a channel, and each other protocol. */
export type Traffic = Lane | 'gossip' | 'rpcs' | 'hellos' | 'heartbeats' | 'requests' | 'answers'

/** Hellos and heartbeats have small caps, so their number bounds their bytes; an answer is one to a request that was counted. */
const QUOTAS_OF: Readonly<
  Record<Traffic, { readonly count?: keyof Quotas; readonly bytes?: keyof Quotas }>
> = {
  consensus: { count: 'consensusMessages', bytes: 'consensusBytes' },
  blocks: { count: 'blockMessages', bytes: 'blockBytes' },
  transactions: { count: 'transactionMessages', bytes: 'transactionBytes' },
  gossip: { count: 'gossipMessages', bytes: 'gossipBytes' },
  rpcs: { count: 'rpcs', bytes: 'rpcBytes' },
  hellos: { count: 'hellos' },
  heartbeats: { count: 'heartbeats' },
  requests: { count: 'requests', bytes: 'requestBytes' },
  answers: { bytes: 'answerBytes' },
}

/** Why something is dropped. */
export interface Excess {
  readonly quota: keyof Quotas
  /** Points against the peer: traffic of n quotas collects n − 1 a second. None when followers together are too many. */
  readonly points: number
  /** Beyond another burst and, since, twice the quota: no honest peer sends so much. */
  readonly isFlood: boolean
}

/** Traffic that passes as a whole or not at all. */
export interface Load {
  readonly traffic: Traffic
  /** Messages. */
  readonly count: number
  readonly bytes: number
  /** Not a validator: counted with all the others too. */
  readonly isFollower: boolean
}

const EVERYBODY = ''

/** The quotas of every peer, and those of all followers together. What is denied is dropped by the caller. */
export class TrafficGuard {
  readonly #quotas: Quotas
  readonly #limiters = new Map<keyof Quotas, RateLimiter>()
  /** Of what is over the quota. */
  readonly #excess = new Map<keyof Quotas, RateLimiter>()
  readonly #together = new Map<keyof Quotas, RateLimiter>()
  readonly #pace: RateLimiter

  constructor(overrides: Partial<Quotas>) {
    this.#quotas = { ...DEFAULT_QUOTAS, ...overrides }
    for (const [name, quota] of Object.entries(this.#quotas) as [keyof Quotas, Quota][]) {
      const { perSecond, burst } = quota
      this.#limiters.set(name, new RateLimiter(quota))
      this.#excess.set(name, new RateLimiter({ perSecond: EXCESS_QUOTAS * perSecond, burst }))
      const together = {
        perSecond: FOLLOWERS_TOGETHER * perSecond,
        burst: FOLLOWERS_TOGETHER * burst,
      }
      this.#together.set(name, new RateLimiter(together))
    }
    const { perSecond } = this.#quotas.gossipMessages
    this.#pace = new RateLimiter({ perSecond, burst: GOSSIP_AT_ONCE_MAX })
  }

  /** Counts the load; `undefined` when it may pass. */
  excess(
    peer: PeerId,
    { traffic, count, bytes, isFollower }: Load,
    nowMs: number,
  ): Excess | undefined {
    const quotas = QUOTAS_OF[traffic]
    const steps = [
      [quotas.count, count],
      [quotas.bytes, bytes],
    ] as const
    for (const [quota, units] of steps) {
      if (quota === undefined || units === 0) continue
      if (this.#limiters.get(quota)?.allow(peer, nowMs, units) === false) {
        const isFlood = this.#excess.get(quota)?.allow(peer, nowMs, units) === false
        return { quota, points: units / this.#quotas[quota].perSecond, isFlood }
      }
      if (!isFollower) continue
      if (this.#together.get(quota)?.allow(EVERYBODY, nowMs, units) === false) {
        return { quota, points: 0, isFlood: false }
      }
    }
    return undefined
  }

  /** Whether so many gossip messages of a follower, all within its quota, are handled now; else they wait a little. */
  isInPace(peer: PeerId, messages: number, nowMs: number): boolean {
    return this.#pace.allow(peer, nowMs, messages)
  }

  forget(nowMs: number): void {
    for (const limiter of [...this.#limiters.values(), ...this.#excess.values(), this.#pace]) {
      limiter.forget(nowMs)
    }
  }
}
