import { RATE_LIMIT_CLIENTS_MAX } from '../limits.ts'

interface Bucket {
  weight: number
  readMs: number
}

/**
 * A token bucket per client address: a minute's weight at most at once, refilled evenly.
 *
 * IPv6 clients share the bucket of their /64, which is what one customer gets.
 */
export class RateLimiter {
  readonly #weightPerMinute: number
  readonly #buckets = new Map<string, Bucket>()

  /** @param weightPerMinute - 0 lets everything pass */
  constructor(weightPerMinute: number) {
    this.#weightPerMinute = weightPerMinute
  }

  get weightPerMinute(): number {
    return this.#weightPerMinute
  }

  /** Takes the weight if it is there. A request heavier than the whole bucket never passes. */
  take(address: string, weight: number, nowMs: number): boolean {
    if (this.#weightPerMinute === 0) return true
    const bucket = this.#bucketOf(address, nowMs)
    if (bucket.weight < weight) return false
    bucket.weight -= weight
    return true
  }

  /** Takes what an answer turned out to weigh, even if the client has to wait longer for it. */
  charge(address: string, weight: number, nowMs: number): void {
    if (this.#weightPerMinute === 0) return
    this.#bucketOf(address, nowMs).weight -= weight
  }

  #bucketOf(address: string, nowMs: number): Bucket {
    const client = clientOf(address)
    const bucket = this.#buckets.get(client) ?? { weight: this.#weightPerMinute, readMs: nowMs }
    const refill = (Math.max(0, nowMs - bucket.readMs) * this.#weightPerMinute) / 60_000
    bucket.weight = Math.min(this.#weightPerMinute, bucket.weight + refill)
    bucket.readMs = nowMs

    // Re-inserting keeps the map in order of last use, so its first key is the one to forget.
    this.#buckets.delete(client)
    this.#buckets.set(client, bucket)
    if (this.#buckets.size > RATE_LIMIT_CLIENTS_MAX) {
      const [oldest] = this.#buckets.keys()
      if (oldest !== undefined) this.#buckets.delete(oldest)
    }
    return bucket
  }
}

/** Who counts as one client: an IPv4 address, or the /64 of an IPv6 one. */
export function clientOf(address: string): string {
  const mapped = address.replace(/^::ffff:(?=\d+\.)/, '')
  if (!mapped.includes(':')) return mapped
  const [head = '', tail] = mapped.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  return [...left, ...Array<string>(Math.max(0, zeros)).fill('0'), ...right].slice(0, 4).join(':')
}
