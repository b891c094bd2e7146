import type { Quota } from './networkConfig.ts'

/** A key that was idle for so long has its full burst again and can be forgotten. */
const FORGET_AFTER_MS = 300_000

/**
 * Generic cell rate algorithm: one number per key, no timers.
 *
 * Allows `burst` at once and `perSecond` sustained. What is denied costs nothing.
 * @see docs/spec/network.md, rate limiting
 */
export class RateLimiter {
  readonly #intervalMs: number
  readonly #windowMs: number
  /** Theoretical arrival time of the next unit, by key. */
  readonly #arrivals = new Map<string, number>()

  constructor({ perSecond, burst }: Quota) {
    this.#intervalMs = 1_000 / perSecond
    this.#windowMs = burst * this.#intervalMs
  }

  allow(key: string, nowMs: number, units = 1): boolean {
    const arrival = Math.max(nowMs, this.#arrivals.get(key) ?? 0) + units * this.#intervalMs
    if (arrival - nowMs > this.#windowMs) return false
    this.#arrivals.set(key, arrival)
    return true
  }

  /** Drops keys idle for five minutes. O(keys). */
  forget(nowMs: number): void {
    for (const [key, arrival] of this.#arrivals) {
      if (nowMs - arrival > FORGET_AFTER_MS) this.#arrivals.delete(key)
    }
  }

  get size(): number {
    return this.#arrivals.size
  }
}
