import type { PeerId } from '@openliquid/primitives'
import type { Counters } from './counters.ts'
import type { ChainHead, NetworkLog } from './networkConfig.ts'
import type { NetworkEvent } from './networkEvent.ts'
import type { PeerLink } from './peerLink.ts'
import type { QuorumWatch } from './quorumWatch.ts'
import type { Redialer } from './redialer.ts'
import { guarded } from './rethrow.ts'
import type { SentryRelay } from './sentryRelay.ts'
import type { ValidatorDirectory } from './validatorDirectory.ts'

/** What the user of a peer can be told. */
export type PeerState = 'connected' | 'suspect' | 'down'

const EVENT_OF = {
  connected: 'peerConnected',
  suspect: 'peerSuspect',
  down: 'peerDown',
} as const

export interface PeerNewsOptions {
  readonly directory: ValidatorDirectory
  readonly redialer: Redialer
  readonly relay: SentryRelay
  readonly quorum: QuorumWatch
  readonly counters: Counters
  readonly log: NetworkLog
  emit(event: NetworkEvent): void
  onPeer(peer: PeerId, state: PeerState): void
  isStopped(): boolean
}

/** Tells everybody who has to know when a peer comes, falls silent or goes. */
export class PeerNews {
  readonly #options: PeerNewsOptions

  constructor(options: PeerNewsOptions) {
    this.#options = options
  }

  /** The state of the peer's own channel changed. */
  onState({ peer, health, head }: PeerLink, state: PeerState): void {
    const { counters, redialer, relay, directory } = this.#options
    if (state === 'connected') {
      if (health.failures > 0) counters.reconnects++
      redialer.onLive(peer)
      if (directory.indexOf(peer) !== undefined) redialer.addOfSet(peer)
    }
    // Who is within reach by way of a sentry does not come or go with its own channel.
    const isRelayed = state !== 'suspect' && relay.isReachable(peer)
    if (!isRelayed) this.tell(peer, state, state === 'connected' ? head : undefined)
    if (state === 'connected') relay.onLive(peer)
    if (state === 'down') relay.onDown(peer)
  }

  tell(peer: PeerId, state: PeerState, head?: ChainHead): void {
    const { directory, log, emit, onPeer, isStopped, quorum } = this.#options
    const index = directory.indexOf(peer)
    const validator = index === undefined ? {} : { validator: index }
    log(state === 'connected' ? 'info' : 'warn', `peer ${state}`, { peer, ...validator })
    emit({ kind: EVENT_OF[state], peer, ...validator, ...(head === undefined ? {} : { head }) })
    if (isStopped()) return
    guarded(() => onPeer(peer, state))
    quorum.judge()
  }
}
