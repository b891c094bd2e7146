import type { PeerId } from '@openliquid/primitives'
import { BANS_MAX } from './limits.ts'
import type { Ban } from './networkConfig.ts'

/** Bans with expiry. Bounded: the oldest makes room. */
export class BanList {
  readonly #bans = new Map<PeerId, Ban>()

  constructor(bans: readonly Ban[]) {
    for (const ban of bans.slice(0, BANS_MAX)) this.#bans.set(ban.peer, ban)
  }

  add(ban: Ban): void {
    this.#bans.delete(ban.peer)
    const [oldest] = this.#bans.keys()
    if (this.#bans.size >= BANS_MAX && oldest !== undefined) this.#bans.delete(oldest)
    this.#bans.set(ban.peer, ban)
  }

  has(peer: PeerId, nowMs: number): boolean {
    const ban = this.#bans.get(peer)
    if (ban === undefined) return false
    if (ban.untilMs > nowMs) return true
    this.#bans.delete(peer)
    return false
  }

  list(nowMs: number): readonly Ban[] {
    return [...this.#bans.values()].filter(({ untilMs }) => untilMs > nowMs)
  }
}
