import type { PeerId } from '@openliquid/primitives'
import type { PeerFault } from './errors.ts'
import {
  BAN_FAULT_MS,
  BAN_WRONG_CHAIN_MS,
  PENALTIES_MAX,
  PENALTY_BAN,
  PENALTY_HALF_LIFE_MS,
  PENALTY_LATE,
  PENALTY_MALFORMED,
} from './limits.ts'

/** What a fault costs its peer at once. */
export type Sentence =
  | { readonly kind: 'none' }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'ban'; readonly durationMs: number }

const NONE: Sentence = { kind: 'none' }
const DISCONNECT: Sentence = { kind: 'disconnect' }
const BAN: Sentence = { kind: 'ban', durationMs: BAN_FAULT_MS }

interface Penalty {
  points: number
  atMs: number
}

/**
 * Our own score of each peer's behaviour: penalties that halve every ten seconds; at 30 a follower is banned.
 *
 * Validators collect penalties like everybody and are never sentenced for them.
 * @see docs/spec/network.md, score
 */
export class PeerScore {
  readonly #penalties = new Map<PeerId, Penalty>()

  /** Points that stand against the peer now. */
  penaltyOf(peer: PeerId, nowMs: number): number {
    const penalty = this.#penalties.get(peer)
    if (penalty === undefined) return 0
    return penalty.points * 0.5 ** ((nowMs - penalty.atMs) / PENALTY_HALF_LIFE_MS)
  }

  /** True when these points bring the peer to the limit. */
  add(peer: PeerId, points: number, nowMs: number): boolean {
    const before = this.penaltyOf(peer, nowMs)
    // Anew at the end: the order is that of the last blame.
    this.#penalties.delete(peer)
    this.#penalties.set(peer, { points: before + points, atMs: nowMs })
    for (const oldest of this.#penalties.keys()) {
      if (this.#penalties.size <= PENALTIES_MAX) break
      this.#penalties.delete(oldest)
    }
    return before < PENALTY_BAN && before + points >= PENALTY_BAN
  }

  /** Validators are cut off and may come back; whoever is none is also banned for a while. */
  sentence(
    peer: PeerId,
    { code }: PeerFault,
    { isValidator, nowMs }: { readonly isValidator: boolean; readonly nowMs: number },
  ): Sentence {
    switch (code) {
      case 'OL_HELLO_CHAIN':
      case 'OL_HELLO_GENESIS':
        return { kind: 'ban', durationMs: BAN_WRONG_CHAIN_MS }
      case 'OL_RATE_LIMIT':
        // A validator may be as busy as it likes: what is over the quota is dropped all the same.
        return isValidator ? NONE : BAN
      case 'OL_GOSSIP_MALFORMED':
      case 'OL_GOSSIP_REJECTED':
      case 'OL_CHANNEL_TWIN':
        return this.add(peer, PENALTY_MALFORMED, nowMs) && !isValidator ? BAN : NONE
      case 'OL_HELLO_TIMEOUT':
      case 'OL_FRAME_TIMEOUT':
        return this.add(peer, PENALTY_LATE, nowMs) && !isValidator ? BAN : DISCONNECT
      case 'OL_CHANNEL_GOODBYE':
      case 'OL_HELLO_RATE':
      case 'OL_HELLO_VERSION':
      case 'OL_CHANNEL_SILENT':
      case 'OL_CHANNEL_MISSING':
      case 'OL_GOSSIP_MISSING':
        return DISCONNECT
      default:
        return isValidator ? DISCONNECT : BAN
    }
  }

  /** Drops peers with nothing left against them. O(peers). */
  forget(nowMs: number): void {
    for (const peer of this.#penalties.keys()) {
      if (this.penaltyOf(peer, nowMs) < 0.01) this.#penalties.delete(peer)
    }
  }
}
