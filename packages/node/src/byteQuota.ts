import type { PeerId } from '@openliquid/primitives'
import type { Clock } from './clock.ts'
import { QUOTA_PEERS_MAX } from './limits.ts'

interface Account {
  /** Bytes that may go out now; below 0 after an answer that was larger. */
  bytes: number
  atMs: number
}

/** How many bytes each peer is served per second; a peer may save up one second. */
export class ByteQuota {
  readonly #clock: Clock
  readonly #bytesPerSecond: number
  /** Least recently served first. */
  readonly #accounts = new Map<PeerId, Account>()

  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock
    this.#bytesPerSecond = bytesPerSecond
  }

  /** Whether the peer may be served now. */
  allows(peer: PeerId): boolean {
    const account = this.#accounts.get(peer)
    return account === undefined || this.#refilled(account) > 0
  }

  /** An answer of so many bytes goes to the peer. */
  charge(peer: PeerId, bytes: number): void {
    const account = this.#accounts.get(peer)
    const before = account === undefined ? this.#bytesPerSecond : this.#refilled(account)
    this.#accounts.delete(peer)
    this.#accounts.set(peer, { bytes: before - bytes, atMs: this.#clock() })
    const [oldest] = this.#accounts.keys()
    if (this.#accounts.size > QUOTA_PEERS_MAX && oldest !== undefined) this.#accounts.delete(oldest)
  }

  #refilled({ bytes, atMs }: Account): number {
    const earned = ((this.#clock() - atMs) * this.#bytesPerSecond) / 1_000
    return Math.min(this.#bytesPerSecond, bytes + earned)
  }
}
