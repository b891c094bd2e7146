import type { Envelope, Lane, PeerId } from '@openliquid/primitives'
import { type ChannelContext, ChannelPipe, goodbyeText, ownHello } from './channelPipe.ts'
import { type PeerFault, peerFault } from './errors.ts'
import {
  FRAME_TYPE,
  type Frame,
  FrameReader,
  frameToEnvelope,
  laneOf,
  MESSAGE_KIND_MAX,
} from './frame.ts'
import {
  checkHello,
  decodeHeartbeat,
  decodeHello,
  encodeHeartbeat,
  encodeHello,
  type Heartbeat,
  type Hello,
  isPeerFault,
  NONCE_BYTES,
  type Nonces,
  signProof,
  verifyProof,
} from './hello.ts'
import {
  CONTROL_BYTES_MAX,
  channelBytesMax,
  FRAME_BODY_BYTES_MAX,
  HELLO_BYTES_MAX,
  PART_BYTES_MAX,
} from './limits.ts'
import type { ByteStream } from './p2pHost.ts'
import { RELAYED_HEAD_BYTES } from './relayedFrame.ts'

export interface InboundEvents {
  onLive(hello: Hello): void
  /** Also of the kind `FRAME_TYPE.relayed`. */
  onEnvelope(envelope: Envelope): void
  /** A frame of sentries: `delegation` or `reach`. */
  onControl(type: number, body: Uint8Array): void
  /** @returns tokens for the answer */
  onHeartbeat(heartbeat: Heartbeat): readonly number[]
  onSeen(): void
  onClosed(fault: PeerFault | undefined): void
}

/** The direction in which the peer sends: a stream that it opened. */
export class InboundChannel {
  readonly #context: ChannelContext
  readonly #peer: PeerId
  readonly #events: InboundEvents
  readonly #pipe: ChannelPipe
  readonly #nonce: Uint8Array
  /** Large frames that come in pieces, one a lane. */
  readonly #parts = new Map<Lane, FrameReader>()
  #hello: Hello | undefined
  #live = false

  constructor(context: ChannelContext, peer: PeerId, stream: ByteStream, events: InboundEvents) {
    this.#context = context
    this.#peer = peer
    this.#events = events
    this.#nonce = context.randomBytes(NONCE_BYTES)
    this.#pipe = new ChannelPipe(context, stream, {
      bytesMaxOf: (type) => this.#bytesMaxOf(type),
      onFrame: (frame) => this.#onFrame(frame),
      onBytes: () => {
        if (this.#live) events.onSeen()
      },
      onDrain: () => undefined,
      onClosed: (fault) => {
        this.#live = false
        for (const reader of this.#parts.values()) reader.end()
        events.onClosed(fault)
      },
    })
  }

  get isLive(): boolean {
    return this.#live
  }

  /** Closes a frame that takes too long. @param sleptMs - how long just now nothing was read */
  check(sleptMs: number): void {
    this.#pipe.check(sleptMs)
    for (const { partialSinceMs } of this.#parts.values()) {
      this.#pipe.checkFrame(partialSinceMs, sleptMs)
    }
  }

  /** Tells the peer why, then closes. */
  fail(fault: PeerFault): void {
    this.#pipe.fail(fault)
  }

  close(): void {
    this.#pipe.close(undefined)
  }

  #bytesMaxOf(type: number): number | undefined {
    if (type === FRAME_TYPE.goodbye) return CONTROL_BYTES_MAX
    if (this.#hello === undefined) return type === FRAME_TYPE.hello ? HELLO_BYTES_MAX : undefined
    if (!this.#live) return type === FRAME_TYPE.proof ? CONTROL_BYTES_MAX : undefined
    if (CONTROL_TYPES.has(type)) return CONTROL_BYTES_MAX
    return type === FRAME_TYPE.part ? PART_BYTES_MAX : messageBytesMax(type)
  }

  #onFrame(frame: Frame): void {
    switch (frame.type) {
      case FRAME_TYPE.hello:
        this.#onHello(frame.body)
        return
      case FRAME_TYPE.proof:
        this.#onProof(frame.body)
        return
      case FRAME_TYPE.ping: {
        const heartbeat = decodeHeartbeat(frame.body)
        if (heartbeat === undefined) return
        const tokens = this.#events.onHeartbeat(heartbeat)
        // A peer that does not read its answers gets none.
        if (this.#pipe.isBlocked) return
        const { sequence } = heartbeat
        const head = this.#context.head()
        this.#pipe.send(FRAME_TYPE.pong, encodeHeartbeat({ sequence, head, tokens }))
        return
      }
      case FRAME_TYPE.goodbye:
        this.#pipe.close(peerFault('OL_CHANNEL_GOODBYE', goodbyeText(frame.body)))
        return
      case FRAME_TYPE.part:
        this.#onPart(frame)
        return
      case FRAME_TYPE.delegation:
      case FRAME_TYPE.reach:
        this.#events.onControl(frame.type, frame.body)
        return
      default: {
        const envelope = frameToEnvelope(frame)
        if (envelope === undefined) {
          this.#pipe.fail(peerFault('OL_FRAME_FLAGS', `frame flags ${frame.flags}`))
          return
        }
        this.#context.counters.framesReceived++
        this.#events.onEnvelope(envelope)
      }
    }
  }

  #onPart(part: Frame): void {
    const lane = laneOf(part)
    if (lane === undefined) {
      this.#pipe.fail(peerFault('OL_FRAME_FLAGS', `frame flags ${part.flags}`))
      return
    }
    let reader = this.#parts.get(lane)
    if (reader === undefined) {
      reader = new FrameReader(messageBytesMax)
      this.#parts.set(lane, reader)
    }
    const fault = reader.read(part.body, this.#context.nowMs(), (frame) => this.#onFrame(frame))
    if (fault !== undefined) this.#pipe.fail(fault)
  }

  #onHello(body: Uint8Array): void {
    const { identity } = this.#context
    const hello = decodeHello(body)
    if (isPeerFault(hello)) {
      this.#pipe.fail(hello)
      return
    }
    const fault = checkHello(identity, this.#peer, hello)
    if (fault !== undefined) {
      this.#pipe.fail(fault)
      return
    }
    this.#hello = hello
    this.#pipe.send(FRAME_TYPE.hello, encodeHello(ownHello(this.#context, this.#nonce)))
    const nonces: Nonces = { own: this.#nonce, remote: hello.nonce }
    this.#pipe.send(FRAME_TYPE.proof, signProof(identity, this.#peer, nonces))
  }

  #onProof(proof: Uint8Array): void {
    const hello = this.#hello
    if (hello === undefined) return
    const nonces: Nonces = { own: this.#nonce, remote: hello.nonce }
    if (!verifyProof(this.#context.identity, hello, { peer: this.#peer, nonces, proof })) {
      this.#pipe.fail(peerFault('OL_HELLO_SIGNATURE', 'the proof does not verify'))
      return
    }
    this.#live = true
    this.#pipe.endHandshake()
    this.#events.onLive(hello)
  }
}

const CONTROL_TYPES: ReadonlySet<number> = new Set([
  FRAME_TYPE.ping,
  FRAME_TYPE.delegation,
  FRAME_TYPE.reach,
])

function messageBytesMax(type: number): number | undefined {
  if (type === FRAME_TYPE.relayed) return RELAYED_HEAD_BYTES + FRAME_BODY_BYTES_MAX
  return type >= 1 && type <= MESSAGE_KIND_MAX ? channelBytesMax(type) : undefined
}
