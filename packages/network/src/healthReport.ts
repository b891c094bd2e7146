import type { PeerId } from '@openliquid/primitives'
import type { NetworkMeters } from './metrics.ts'
import type { ChannelState, NetworkHealth, PeerHealth } from './networkHealth.ts'
import type { PeerLink } from './peerLink.ts'
import type { PeerLinks } from './peerLinks.ts'
import type { QuorumWatch } from './quorumWatch.ts'
import type { SentryRelay } from './sentryRelay.ts'
import type { ValidatorDirectory } from './validatorDirectory.ts'

const SECOND_MS = 1_000

export interface HealthReportOptions {
  readonly self: PeerId
  readonly directory: ValidatorDirectory
  readonly links: PeerLinks
  readonly relay: SentryRelay
  readonly quorum: QuorumWatch
  readonly metrics: NetworkMeters
  nowMs(): number
}

/** Who is within reach and how well, for whoever asks and for the gauges. */
export class HealthReport {
  readonly #options: HealthReportOptions

  constructor(options: HealthReportOptions) {
    this.#options = options
  }

  /** By an own channel or by way of a sentry; a node reaches itself. */
  isReachable(peer: PeerId): boolean {
    const { self, relay, links } = this.#options
    if (peer === self || relay.isReachable(peer)) return true
    const link = links.get(peer)
    return link !== undefined && isWithinReach(link.health.state)
  }

  /** Peers that a message can be sent to, sorted. */
  peers(): readonly PeerId[] {
    const { links, relay } = this.#options
    const relayed = relay.reachable().filter((peer) => !links.isLive(peer))
    const live = links.livePeers()
    return relayed.length === 0 ? live : [...live, ...relayed].sort()
  }

  health(): NetworkHealth {
    const { links, relay, quorum, directory, nowMs } = this.#options
    const at = nowMs()
    const peers = [...links.values()].map((link) => this.#ofLink(link, at))
    for (const peer of relay.reachable()) {
      if (!links.isLive(peer)) peers.push(this.#ofRelayed(peer))
    }
    const { reachableStake } = quorum
    return {
      peers,
      validatorsConnected: peers.filter(
        ({ validator, state }) => validator !== undefined && isWithinReach(state),
      ).length,
      validatorCount: directory.count,
      reachableStake,
      totalStake: directory.totalStake,
      quorumReachable: directory.isQuorum(reachableStake),
    }
  }

  /** O(peers). */
  setGauges(): void {
    const { links, directory, metrics } = this.#options
    let validators = 0
    let followers = 0
    for (const { peer, isLive, health } of links.values()) {
      if (!isLive) continue
      const validator = directory.indexOf(peer)
      if (validator === undefined) {
        followers++
        continue
      }
      validators++
      if (health.rttMs !== undefined) {
        metrics.validatorRtt.set(health.rttMs / SECOND_MS, { validator })
      }
    }
    metrics.peers.set(validators, { role: 'validator' })
    metrics.peers.set(followers, { role: 'follower' })
  }

  #ofLink({ peer, health, outbound, head }: PeerLink, at: number): PeerHealth {
    const silentMs = health.silentMs(at)
    return {
      peer,
      ...this.#validatorOf(peer),
      state: health.state,
      ...(health.rttMs === undefined ? {} : { rttMs: health.rttMs }),
      ...(silentMs === undefined ? {} : { silentMs }),
      failures: health.failures,
      queuedFrames: outbound?.queuedFrames ?? 0,
      queuedBytes: outbound?.queuedBytes ?? 0,
      ...(head === undefined ? {} : { head }),
    }
  }

  #ofRelayed(peer: PeerId): PeerHealth {
    return {
      peer,
      ...this.#validatorOf(peer),
      state: 'connected',
      isRelayed: true,
      failures: 0,
      queuedFrames: 0,
      queuedBytes: 0,
    }
  }

  #validatorOf(peer: PeerId): { readonly validator?: number } {
    const validator = this.#options.directory.indexOf(peer)
    return validator === undefined ? {} : { validator }
  }
}

/** A suspect may only be slow. */
function isWithinReach(state: ChannelState): boolean {
  return state === 'connected' || state === 'suspect'
}
