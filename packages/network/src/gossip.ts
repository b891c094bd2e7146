import {
  type Envelope,
  type GossipVerdict,
  type PeerId,
  sha256,
  type Topic,
} from '@openliquid/primitives'
import { Batcher, joinFrames } from './batcher.ts'
import { Dedupe } from './dedupe.ts'
import { NetworkError, type PeerFault, peerFault } from './errors.ts'
import {
  envelopeToFrame,
  type Frame,
  FrameReader,
  frameBytes,
  frameToEnvelope,
  MESSAGE_KIND_MAX,
} from './frame.ts'
import {
  GOSSIP_FRAMES_MAX,
  GOSSIP_MESSAGE_BYTES_MAX,
  gossipBytesMax,
  VERDICTS_PENDING_MAX,
} from './limits.ts'
import type { RawGossip } from './p2pHost.ts'
import { rethrow } from './rethrow.ts'
import type { TopicNames } from './topics.ts'

export interface TopicCounters {
  published: number
  delivered: number
  duplicates: number
  rejected: number
  ignored: number
}

export interface GossipOptions {
  readonly topics: TopicNames
  readonly batchDelayMs: number
  readonly counters: Readonly<Record<Topic, TopicCounters>>
  nowMs(): number
  publish(topic: string, data: Uint8Array): void
  report(message: RawGossip, verdict: GossipVerdict): void
  /** False: the sender is over its quota. */
  allow(from: PeerId, bytes: number): boolean
  handle(from: PeerId, topic: Topic, envelope: Envelope): GossipVerdict | Promise<GossipVerdict>
  onFault(from: PeerId, fault: PeerFault): void
}

/**
 * Envelopes in, gossip messages out, and back: frames, batches, dedupe, verdicts.
 *
 * One gossip message is one or more frames of wire.md. An envelope reaches the handler once within 60 to 90 s, whichever
 * batch and peer brings it. Nothing is forwarded before its verdict.
 */
export class Gossip {
  readonly #options: GossipOptions
  readonly #dedupe = new Dedupe()
  readonly #batcher: Batcher
  #verdictsPending = 0

  constructor(options: GossipOptions) {
    this.#options = options
    const name = options.topics.nameOf('transactions')
    this.#batcher = new Batcher(options.batchDelayMs, (batch) => options.publish(name, batch))
  }

  /** @throws {NetworkError} OL_NETWORK_BODY_SIZE above the cap of the kind */
  publish(topic: Topic, envelope: Envelope): void {
    const { kind, body } = envelope
    const max = gossipBytesMax(kind)
    if (body.length > max) {
      throw new NetworkError(
        `a message of kind ${kind} with ${body.length} bytes cannot be gossiped, at most ${max} are allowed`,
        { code: 'OL_NETWORK_BODY_SIZE', kind, size: body.length, max },
      )
    }
    this.#options.counters[topic].published++
    this.#dedupe.add(envelopeId(topic, envelope), this.#options.nowMs())
    const frame = envelopeToFrame(envelope)
    if (topic === 'transactions') {
      this.#batcher.add(frame)
      return
    }
    const data = joinFrames([frame], frameBytes(body.length))
    this.#options.publish(this.#options.topics.nameOf(topic), data)
  }

  flush(): void {
    this.#batcher.flush()
  }

  onMessage(message: RawGossip): void {
    const topic = this.#options.topics.topicOf(message.topic)
    if (topic === undefined) return
    const { counters, allow, onFault, report } = this.#options
    if (
      !allow(message.from, message.data.length) ||
      this.#verdictsPending >= VERDICTS_PENDING_MAX
    ) {
      counters[topic].ignored++
      report(message, 'ignore')
      return
    }
    const envelopes = this.#decode(message.data)
    if (!Array.isArray(envelopes)) {
      counters[topic].rejected++
      report(message, 'reject')
      onFault(message.from, envelopes)
      return
    }
    this.#verdictsPending++
    this.#judge(message, topic, envelopes).then(
      (verdict) => {
        this.#verdictsPending--
        report(message, verdict)
        if (verdict === 'reject') {
          onFault(message.from, peerFault('OL_GOSSIP_REJECTED', `rejected on ${topic}`))
        }
      },
      (cause) => {
        this.#verdictsPending--
        report(message, 'ignore')
        rethrow(cause)
      },
    )
  }

  /** The worst verdict wins, then the best: a batch is forwarded as a whole or not at all. */
  async #judge(
    { from }: RawGossip,
    topic: Topic,
    envelopes: readonly Envelope[],
  ): Promise<GossipVerdict> {
    const { handle, nowMs } = this.#options
    const counters = this.#options.counters[topic]
    const verdicts: (GossipVerdict | Promise<GossipVerdict>)[] = []
    for (const envelope of envelopes) {
      if (!this.#dedupe.add(envelopeId(topic, envelope), nowMs())) {
        counters.duplicates++
        continue
      }
      counters.delivered++
      verdicts.push(handle(from, topic, envelope))
    }
    const answers = await Promise.all(verdicts)
    for (const answer of answers) {
      if (answer === 'reject') counters.rejected++
      if (answer === 'ignore') counters.ignored++
    }
    if (answers.includes('reject')) return 'reject'
    return answers.includes('accept') ? 'accept' : 'ignore'
  }

  #decode(data: Uint8Array): Envelope[] | PeerFault {
    if (data.length > GOSSIP_MESSAGE_BYTES_MAX) {
      return peerFault('OL_GOSSIP_MALFORMED', `message of ${data.length} bytes`)
    }
    const reader = new FrameReader((type) =>
      type >= 1 && type <= MESSAGE_KIND_MAX ? gossipBytesMax(type) : undefined,
    )
    const frames: Frame[] = []
    const fault = reader.read(data, this.#options.nowMs(), (frame) => {
      frames.push(frame)
      if (frames.length > GOSSIP_FRAMES_MAX) reader.end()
    })
    if (fault !== undefined) return peerFault('OL_GOSSIP_MALFORMED', fault.detail)
    if (reader.partialSinceMs !== undefined || frames.length === 0) {
      return peerFault('OL_GOSSIP_MALFORMED', 'no frame, or an incomplete one')
    }
    if (frames.length > GOSSIP_FRAMES_MAX) {
      return peerFault('OL_GOSSIP_MALFORMED', `more than ${GOSSIP_FRAMES_MAX} frames`)
    }
    const envelopes: Envelope[] = []
    for (const frame of frames) {
      const envelope = frameToEnvelope(frame)
      if (envelope === undefined) return peerFault('OL_GOSSIP_MALFORMED', 'no such lane')
      envelopes.push(envelope)
    }
    return envelopes
  }
}

const ID_BYTES = 20

function envelopeId(topic: Topic, { kind, body }: Envelope): string {
  const head = Uint8Array.of(topic.length, kind)
  const id = sha256(head, body)
  return Buffer.from(id.buffer, id.byteOffset, ID_BYTES).toString('latin1')
}
