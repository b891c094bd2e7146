import type { GossipVerdict, PeerId, TransportHandlers } from '@openliquid/primitives'

/** Answers nothing until the runtime is there: the network is up before it. */
export class LateHandlers implements TransportHandlers {
  #handlers: TransportHandlers | undefined

  become(handlers: TransportHandlers, peers: readonly PeerId[]): void {
    this.#handlers = handlers
    for (const peer of peers) handlers.onPeer(peer, 'connected')
  }

  onGossip(
    ...message: Parameters<TransportHandlers['onGossip']>
  ): GossipVerdict | Promise<GossipVerdict> {
    return this.#handlers?.onGossip(...message) ?? 'ignore'
  }

  onMessage(...message: Parameters<TransportHandlers['onMessage']>): void {
    this.#handlers?.onMessage(...message)
  }

  async onRequest(
    ...request: Parameters<TransportHandlers['onRequest']>
  ): Promise<Uint8Array | undefined> {
    return this.#handlers?.onRequest(...request)
  }

  onPeer(...change: Parameters<TransportHandlers['onPeer']>): void {
    this.#handlers?.onPeer(...change)
  }
}
