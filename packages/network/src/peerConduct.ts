import type { Envelope, Lane, PeerId } from '@openliquid/primitives'
import { BanList } from './banList.ts'
import type { Counters } from './counters.ts'
import { type PeerFault, peerFault } from './errors.ts'
import type { NetworkMeters } from './metrics.ts'
import type { Ban, NetworkConfig, NetworkLog, Quotas } from './networkConfig.ts'
import type { NetworkEvent } from './networkEvent.ts'
import { PeerScore } from './peerScore.ts'
import { TrafficGuard } from './trafficGuard.ts'

/** Above all that gossip can subtract. */
const VALIDATOR_SCORE = 1_000_000
/** Which quota counts the messages of a lane. */
const QUOTA_OF: Readonly<Record<Lane | 'gossip', keyof Quotas>> = {
  consensus: 'consensusMessages',
  blocks: 'blockMessages',
  transactions: 'transactionMessages',
  gossip: 'gossipMessages',
}

export interface PeerConductOptions {
  readonly config: Pick<NetworkConfig, 'bans' | 'onBans' | 'quotas'>
  readonly counters: Counters
  readonly metrics: NetworkMeters
  isValidator(peer: PeerId): boolean
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

  /** False: the peer is over its quota, which is counted against it. */
  allow(quota: 'hellos' | 'heartbeats' | 'requests', peer: PeerId): boolean {
    return this.#guard.allow(quota, peer, this.#options.nowMs()) || this.#limited(peer, quota)
  }

  allowMessage(peer: PeerId, envelope: Envelope): boolean {
    const isAllowed = this.#guard.allowMessage(peer, envelope, this.#options.nowMs())
    return isAllowed || this.#limited(peer, envelope.lane)
  }

  allowGossip(peer: PeerId, bytes: number): boolean {
    const isAllowed = this.#guard.allowGossip(peer, bytes, this.#options.nowMs())
    return isAllowed || this.#limited(peer, 'gossip')
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

  #limited(peer: PeerId, what: Lane | keyof Quotas | 'gossip'): false {
    const { counters, metrics, nowMs } = this.#options
    counters.rateLimited++
    metrics.dropped.inc({ reason: `${what} over quota` })
    if (this.isBanned(peer)) return false
    const quota = QUOTA_OF[what as Lane | 'gossip'] ?? (what as keyof Quotas)
    if (this.#score.add(peer, this.#guard.penaltyOf(quota), nowMs())) {
      this.onFault(peer, peerFault('OL_RATE_LIMIT', `${what} over quota all the time`))
    }
    return false
  }
}
