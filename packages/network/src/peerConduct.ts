import type { PeerId } from '@openliquid/primitives'
import { BanList } from './banList.ts'
import type { Counters } from './counters.ts'
import { type AddressFault, type PeerFault, peerFault } from './errors.ts'
import type { NetworkMeters } from './metrics.ts'
import type { Ban, NetworkConfig, NetworkLog } from './networkConfig.ts'
import type { NetworkEvent } from './networkEvent.ts'
import { PeerScore } from './peerScore.ts'
import { type Traffic, TrafficGuard } from './trafficGuard.ts'

/** Above all that gossip can subtract. */
const VALIDATOR_SCORE = 1_000_000

export interface PeerConductOptions {
  readonly config: Pick<NetworkConfig, 'bans' | 'onBans' | 'quotas'>
  readonly counters: Counters
  readonly metrics: NetworkMeters
  isValidator(peer: PeerId): boolean
  /** The configuration names its address: a sentry, for one, by which all gossip comes. */
  isConfigured(peer: PeerId): boolean
  nowMs(): number
  emit(event: NetworkEvent): void
  readonly log: NetworkLog
  disconnect(peer: PeerId): void
}

/** How peers behave and what it costs them: quotas, penalties, sentences, bans. */
export class PeerConduct {
  readonly #options: PeerConductOptions
  readonly #bans: BanList
  readonly #guard: TrafficGuard
  readonly #score = new PeerScore()

  constructor(options: PeerConductOptions) {
    this.#options = options
    this.#bans = new BanList(options.config.bans ?? [])
    this.#guard = new TrafficGuard(options.config.quotas ?? {})
  }

  /** False: banned, or over a quota. Its own counts against the peer, that of all followers together against nobody. */
  allow(traffic: Traffic, peer: PeerId, bytes = 0, count = 1): boolean {
    // What it had sent before its connections closed.
    if (this.isBanned(peer)) return false
    const { counters, metrics, nowMs, isValidator } = this.#options
    const load = { traffic, count, bytes, isFollower: !isValidator(peer) }
    const excess = this.#guard.excess(peer, load, nowMs())
    if (excess === undefined) return true
    const { quota, points, isFlood } = excess
    counters.rateLimited++
    metrics.dropped.inc({ reason: `${quota} over quota` })
    const isAtLimit = points > 0 && this.#score.add(peer, points, nowMs())
    // Of a validator that floods it is told once, when its points reach the limit.
    if (isAtLimit || (isFlood && load.isFollower)) {
      this.onFault(peer, peerFault('OL_RATE_LIMIT', `${quota} far over quota`))
    }
    return false
  }

  /** False: gossip that was allowed waits, for the burst of a stranger must not hold up everybody. */
  mayHandle(peer: PeerId, messages: number): boolean {
    const { isValidator, isConfigured, nowMs } = this.#options
    if (isValidator(peer) || isConfigured(peer)) return true
    return this.#guard.isInPace(peer, messages, nowMs())
  }

  isBanned(peer: PeerId): boolean {
    return this.#bans.has(peer, Date.now())
  }

  bans(): readonly Ban[] {
    return this.#bans.list(Date.now())
  }

  ban(
    peer: PeerId,
    { durationMs, reason }: { readonly durationMs: number; readonly reason: string },
  ): void {
    const { config, counters, log, emit, disconnect } = this.#options
    const untilMs = Date.now() + durationMs
    this.#bans.add({ peer, untilMs, reason })
    config.onBans?.(this.bans())
    counters.bans++
    log('warn', 'peer banned', { peer, durationMs, reason })
    emit({ kind: 'peerBanned', peer, untilMs, reason })
    disconnect(peer)
  }

  onFault(peer: PeerId, fault: PeerFault): void {
    // What a banned peer had sent before its connections closed.
    if (this.isBanned(peer)) return
    const { counters, metrics, log, emit, isValidator, nowMs, disconnect } = this.#options
    counters.faults++
    metrics.faults.inc({ code: fault.code })
    log('warn', 'peer fault', { peer, ...fault })
    emit({ kind: 'peerFault', peer, ...fault })
    const facts = { isValidator: isValidator(peer), nowMs: nowMs() }
    const sentence = this.#score.sentence(peer, fault, facts)
    if (sentence.kind === 'disconnect') disconnect(peer)
    if (sentence.kind === 'ban') {
      this.ban(peer, { durationMs: sentence.durationMs, reason: fault.code })
    }
  }

  /** Of a connection whose peer nobody knows; the address answers for it. */
  onAddressFault(address: string, fault: AddressFault): void {
    const { counters, metrics, log, emit } = this.#options
    counters.faults++
    counters.halfOpenDials++
    metrics.faults.inc({ code: fault.code })
    log('debug', 'fault of an address', { address, ...fault })
    emit({ kind: 'addressFault', address, ...fault })
  }

  /** For gossip's own score: a validator is never graylisted, a follower carries its penalties there too. */
  scoreOf(peer: PeerId): number {
    const { isValidator, nowMs } = this.#options
    return isValidator(peer) ? VALIDATOR_SCORE : -this.#score.penaltyOf(peer, nowMs())
  }

  /** Forgets what has no more effect. O(peers). */
  sweep(): void {
    const at = this.#options.nowMs()
    this.#guard.forget(at)
    this.#score.forget(at)
  }
}
