import type { Envelope, PeerId, SendResult, Topic } from '@openliquid/primitives'
import type { Counters } from './counters.ts'
import { NetworkError } from './errors.ts'
import { checkKind } from './frame.ts'
import type { Gossip } from './gossip.ts'
import { channelBytesMax, gossipBytesMax } from './limits.ts'
import type { NetworkMeters } from './metrics.ts'
import type { PeerLinks } from './peerLinks.ts'
import type { SentryRelay } from './sentryRelay.ts'

export interface OutboxOptions {
  readonly links: PeerLinks
  readonly gossip: Gossip
  readonly counters: Counters
  readonly metrics: NetworkMeters
  /** Knows ways to validators that hide; made later, because it sends by this. */
  relay(): SentryRelay
  /** Everybody within reach. */
  peers(): readonly PeerId[]
}

/** Which way a message leaves: gossip, the peer's own channel, or a sentry's. */
export class Outbox {
  readonly #options: OutboxOptions

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** @throws {NetworkError} OL_NETWORK_KIND, or OL_NETWORK_BODY_SIZE above the cap of the kind */
  publish(topic: Topic, envelope: Envelope): void {
    const { metrics, gossip, peers } = this.#options
    const { body, kind } = envelope
    checkKind(kind)
    metrics.bytes.inc({ direction: 'sent', topic }, body.length)
    if (topic !== 'blocks' || body.length <= gossipBytesMax(kind)) {
      gossip.publish(topic, envelope)
      return
    }
    // A block too large for gossip goes to every peer directly.
    checkSize(envelope)
    for (const peer of peers()) this.send(peer, { ...envelope, lane: 'blocks' })
  }

  /** @throws {NetworkError} OL_NETWORK_KIND, or OL_NETWORK_BODY_SIZE above the cap of the kind */
  send(to: PeerId, envelope: Envelope): SendResult {
    checkKind(envelope.kind)
    checkSize(envelope)
    const { links, relay } = this.#options
    return links.isLive(to) ? this.sendDirect(to, envelope) : relay().send(to, envelope)
  }

  /** By the peer's own channel. */
  sendDirect(to: PeerId, envelope: Envelope): SendResult {
    const { links, counters, metrics } = this.#options
    const link = links.get(to)
    if (link === undefined || !link.isLive || link.outbound === undefined) return 'unreachable'
    const result = link.outbound.send(envelope)
    if (result === 'replaced') counters.replaced++
    if (result === 'full') {
      counters.dropped[envelope.lane]++
      metrics.dropped.inc({ reason: `${envelope.lane} lane full` })
    }
    return result
  }
}

function checkSize({ kind, body }: Envelope): void {
  const max = channelBytesMax(kind)
  if (body.length <= max) return
  throw new NetworkError(
    `a message of kind ${kind} with ${body.length} bytes cannot be sent, at most ${max} are allowed`,
    { code: 'OL_NETWORK_BODY_SIZE', kind, size: body.length, max },
  )
}
