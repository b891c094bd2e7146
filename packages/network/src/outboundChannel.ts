import type { Envelope, PeerId, SendResult } from '@openliquid/primitives'
import { type ChannelContext, ChannelPipe, goodbyeText, ownHello } from './channelPipe.ts'
import { type PeerFault, peerFault } from './errors.ts'
import { FRAME_TYPE, type Frame } from './frame.ts'
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
import { LaneQueue } from './laneQueue.ts'
import { COALESCE_BYTES_MAX, CONTROL_BYTES_MAX, HELLO_BYTES_MAX } from './limits.ts'
import type { ByteStream } from './p2pHost.ts'

export interface OutboundEvents {
  onLive(hello: Hello): void
  /** The peer answered a heartbeat, with its own head. */
  onAnswer(heartbeat: Heartbeat): void
  /** Any byte from the peer after the hello, or room for more: the direction works. */
  onProgress(): void
  /** Once. Without a fault the other side or the network closed it. */
  onClosed(fault: PeerFault | undefined): void
}

/**
 * The direction in which we send: a long-lived stream that we opened.
 *
 * Opener → hello; acceptor → hello, proof; opener → proof, then messages and heartbeats. The acceptor only answers heartbeats.
 * Both sides authenticate on each direction, so either can be lost and made again without the other.
 * @see docs/spec/network.md, hello handshake
 */
export class OutboundChannel {
  readonly #context: ChannelContext
  readonly #peer: PeerId
  readonly #events: OutboundEvents
  readonly #pipe: ChannelPipe
  #queue = new LaneQueue()
  readonly #nonce: Uint8Array
  #hello: Hello | undefined
  #live = false
  #flushing = false

  constructor(context: ChannelContext, peer: PeerId, stream: ByteStream, events: OutboundEvents) {
    this.#context = context
    this.#peer = peer
    this.#events = events
    this.#nonce = context.randomBytes(NONCE_BYTES)
    this.#pipe = new ChannelPipe(context, stream, {
      bytesMaxOf: (type) => this.#bytesMaxOf(type),
      onFrame: (frame) => this.#onFrame(frame),
      onBytes: () => {
        if (this.#live) events.onProgress()
      },
      onDrain: () => {
        events.onProgress()
        this.#flush()
      },
      onClosed: (fault) => {
        this.#live = false
        events.onClosed(fault)
      },
    })
    this.#pipe.send(FRAME_TYPE.hello, encodeHello(ownHello(context, this.#nonce)))
  }

  get isLive(): boolean {
    return this.#live
  }

  get queuedFrames(): number {
    return this.#queue.frames
  }

  get queuedBytes(): number {
    return this.#queue.bytes
  }

  /** Queues the message; all of one turn leave together, most urgent lane first, with no further delay. */
  send(envelope: Envelope): SendResult {
    if (!this.#live) return 'unreachable'
    const result = this.#queue.push(envelope)
    if (result === 'queued' && !this.#flushing && !this.#pipe.isBlocked) {
      this.#flushing = true
      queueMicrotask(() => {
        this.#flushing = false
        this.#flush()
      })
    }
    return result
  }

  /** Goes on with what waits in another channel to the same peer, before anything else. */
  takeOver(other: OutboundChannel): void {
    this.#queue = other.#queue
    this.#flush()
  }

  /** False while the stream takes nothing: a full pipe needs no proof that it is one. */
  get canBeat(): boolean {
    return this.#live && !this.#pipe.isBlocked
  }

  /** Before the queue. */
  beat(heartbeat: Heartbeat): void {
    this.#pipe.send(FRAME_TYPE.ping, encodeHeartbeat(heartbeat))
  }

  /** A frame of sentries, before the queue; few and small. */
  control(type: number, body: Uint8Array): void {
    if (this.#live) this.#pipe.send(type, body)
  }

  /**
   * Closes a frame that takes too long, and writes on where a drain was missed.
   *
   * @param sleptMs - how long just now nothing was read
   */
  check(sleptMs: number): void {
    this.#pipe.check(sleptMs)
    if (this.#live && this.#queue.frames > 0) this.#flush()
  }

  close(): void {
    this.#pipe.close(undefined)
  }

  #bytesMaxOf(type: number): number | undefined {
    switch (type) {
      case FRAME_TYPE.hello:
        return this.#hello === undefined ? HELLO_BYTES_MAX : undefined
      case FRAME_TYPE.proof:
        return this.#hello === undefined || this.#live ? undefined : CONTROL_BYTES_MAX
      case FRAME_TYPE.pong:
        return this.#live ? CONTROL_BYTES_MAX : undefined
      case FRAME_TYPE.goodbye:
        return CONTROL_BYTES_MAX
      default:
        return undefined
    }
  }

  #onFrame({ type, body }: Frame): void {
    switch (type) {
      case FRAME_TYPE.hello:
        this.#onHello(body)
        return
      case FRAME_TYPE.proof:
        this.#onProof(body)
        return
      case FRAME_TYPE.pong: {
        const heartbeat = decodeHeartbeat(body)
        if (heartbeat !== undefined) this.#events.onAnswer(heartbeat)
        return
      }
      default:
        this.#pipe.close(peerFault('OL_CHANNEL_GOODBYE', goodbyeText(body)))
    }
  }

  #onHello(body: Uint8Array): void {
    const hello = decodeHello(body)
    const fault = isPeerFault(hello) ? hello : checkHello(this.#context.identity, this.#peer, hello)
    if (fault !== undefined || isPeerFault(hello)) {
      this.#pipe.fail(fault)
      return
    }
    this.#hello = hello
  }

  #onProof(proof: Uint8Array): void {
    const { identity } = this.#context
    const hello = this.#hello
    if (hello === undefined) return
    const nonces: Nonces = { own: this.#nonce, remote: hello.nonce }
    if (!verifyProof(identity, hello, { peer: this.#peer, nonces, proof })) {
      this.#pipe.fail(peerFault('OL_HELLO_SIGNATURE', 'the proof does not verify'))
      return
    }
    this.#pipe.send(FRAME_TYPE.proof, signProof(identity, this.#peer, nonces))
    this.#live = true
    this.#pipe.endHandshake()
    this.#events.onLive(hello)
  }

  #flush(): void {
    const { counters } = this.#context
    while (this.#live && !this.#pipe.isBlocked) {
      const taken = this.#queue.takeChunk(COALESCE_BYTES_MAX)
      if (taken === undefined) return
      counters.framesSent += taken.frames
      this.#pipe.sendBytes(taken.chunk)
    }
  }
}
