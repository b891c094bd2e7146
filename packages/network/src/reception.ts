import type {
  Envelope,
  GossipVerdict,
  PeerId,
  Topic,
  TransportHandlers,
} from '@openliquid/primitives'
import type { EventHub } from './eventQueue.ts'
import type { NetworkMeters } from './metrics.ts'
import type { PeerConduct } from './peerConduct.ts'
import { guarded } from './rethrow.ts'

export interface ReceptionOptions {
  readonly conduct: Pick<PeerConduct, 'allow'>
  readonly metrics: NetworkMeters
  readonly hub: EventHub
}

/** What came in and may pass, on its way to the user: counted, to the handlers first, then as an event to who listens. */
export class Reception {
  readonly #options: ReceptionOptions
  #handlers: TransportHandlers | undefined

  constructor(options: ReceptionOptions) {
    this.#options = options
  }

  /** Whoever started the manager. */
  open(handlers: TransportHandlers): void {
    this.#handlers = handlers
  }

  onPeer(peer: PeerId, state: 'connected' | 'suspect' | 'down'): void {
    this.#handlers?.onPeer(peer, state)
  }

  onMessage(from: PeerId, envelope: Envelope): void {
    const { conduct, metrics, hub } = this.#options
    if (!conduct.allow(envelope.lane, from, envelope.body.length)) return
    metrics.bytes.inc({ direction: 'received', topic: 'channel' }, envelope.body.length)
    guarded(() => this.#handlers?.onMessage(from, envelope))
    if (hub.isWanted('message')) hub.emit({ kind: 'message', from, envelope })
  }

  async onGossip(from: PeerId, topic: Topic, envelope: Envelope): Promise<GossipVerdict> {
    const { metrics, hub } = this.#options
    metrics.bytes.inc({ direction: 'received', topic }, envelope.body.length)
    const verdict = (await this.#handlers?.onGossip(from, topic, envelope)) ?? 'ignore'
    metrics.messages.inc({ topic, result: verdict })
    if (verdict === 'accept' && hub.isWanted('gossip')) {
      hub.emit({ kind: 'gossip', from, topic, envelope })
    }
    return verdict
  }

  /** Undefined: refused. */
  async onRequest(from: PeerId, kind: number, body: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#handlers?.onRequest(from, kind, body)
  }
}
