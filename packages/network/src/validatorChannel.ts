import type { Envelope, PeerId, SendResult } from '@openliquid/primitives'
import { type PeerFault, peerFault } from './errors.ts'
import {
  encodeFrame,
  FRAME_TYPE,
  type Frame,
  FrameReader,
  frameToEnvelope,
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
  type HelloIdentity,
  isPeerFault,
  NONCE_BYTES,
  type Nonces,
  PROTOCOL_VERSION,
  signProof,
  verifyProof,
} from './hello.ts'
import { LaneQueue } from './laneQueue.ts'
import {
  COALESCE_BYTES_MAX,
  CONTROL_BYTES_MAX,
  channelBytesMax,
  HELLO_BYTES_MAX,
} from './limits.ts'
import type { ChainHead, NetworkTiming } from './networkConfig.ts'
import type { ByteStream } from './p2pHost.ts'

/** Counters that all channels of a node share. */
export interface ChannelCounters {
  framesSent: number
  framesReceived: number
  bytesSent: number
  bytesReceived: number
}

/** What every channel of a node needs. */
export interface ChannelContext {
  readonly identity: HelloIdentity
  readonly timing: NetworkTiming
  readonly counters: ChannelCounters
  head(): ChainHead
  nowMs(): number
  randomBytes(size: number): Uint8Array
}

export interface OutboundEvents {
  onLive(hello: Hello): void
  onAnswer(sequence: bigint): void
  /** Any byte from the peer after the hello, or room for more: the direction works. */
  onProgress(): void
  /** Once. Without a fault the other side or the network closed it. */
  onClosed(fault: PeerFault | undefined): void
}

export interface InboundEvents {
  onLive(hello: Hello): void
  onEnvelope(envelope: Envelope): void
  onHeartbeat(heartbeat: Heartbeat): void
  onSeen(): void
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
  readonly #queue = new LaneQueue()
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

  /** Before the queue. Skipped while the stream takes nothing: a full pipe needs no proof that it is one. */
  beat(heartbeat: Heartbeat): boolean {
    if (!this.#live || this.#pipe.isBlocked) return false
    this.#pipe.send(FRAME_TYPE.ping, encodeHeartbeat(heartbeat))
    return true
  }

  /** Closes a frame that takes too long, and writes on where a drain was missed. */
  check(): void {
    this.#pipe.check()
    if (this.#live) this.#flush()
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
        if (heartbeat !== undefined) this.#events.onAnswer(heartbeat.sequence)
        return
      }
      default:
        this.#pipe.close(peerFault('OL_CHANNEL_GOODBYE', goodbyeText(body)))
        return
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

/** The direction in which the peer sends: a stream that it opened. */
export class InboundChannel {
  readonly #context: ChannelContext
  readonly #peer: PeerId
  readonly #events: InboundEvents
  readonly #pipe: ChannelPipe
  readonly #nonce: Uint8Array
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
        events.onClosed(fault)
      },
    })
  }

  get isLive(): boolean {
    return this.#live
  }

  check(): void {
    this.#pipe.check()
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
    if (type === FRAME_TYPE.ping) return CONTROL_BYTES_MAX
    return type >= 1 && type <= MESSAGE_KIND_MAX ? channelBytesMax(type) : undefined
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
        // A peer that does not read its answers gets none.
        if (!this.#pipe.isBlocked) this.#pipe.send(FRAME_TYPE.pong, frame.body)
        this.#events.onHeartbeat(heartbeat)
        return
      }
      case FRAME_TYPE.goodbye:
        this.#pipe.close(peerFault('OL_CHANNEL_GOODBYE', goodbyeText(frame.body)))
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

function ownHello({ identity, head }: ChannelContext, nonce: Uint8Array): Hello {
  return {
    version: PROTOCOL_VERSION,
    chainId: identity.chainId,
    genesisHash: identity.genesisHash,
    forkId: new Uint8Array(4),
    head: head(),
    nonce,
    nodeKey: identity.nodeKey,
  }
}

interface PipeEvents {
  bytesMaxOf(type: number): number | undefined
  onFrame(frame: Frame): void
  onBytes(): void
  onDrain(): void
  onClosed(fault: PeerFault | undefined): void
}

/** A stream with frames, a deadline for the handshake and for started frames, and exactly one end. */
class ChannelPipe {
  readonly #context: ChannelContext
  readonly #stream: ByteStream
  readonly #events: PipeEvents
  readonly #reader: FrameReader
  readonly #deadline: NodeJS.Timeout
  #closed = false

  constructor(context: ChannelContext, stream: ByteStream, events: PipeEvents) {
    this.#context = context
    this.#stream = stream
    this.#events = events
    this.#reader = new FrameReader(events.bytesMaxOf)
    const { helloTimeoutMs } = context.timing
    this.#deadline = setTimeout(() => {
      this.fail(peerFault('OL_HELLO_TIMEOUT', `no hello within ${helloTimeoutMs} ms`))
    }, helloTimeoutMs)
    stream.listen({
      onBytes: (bytes) => this.#onBytes(bytes),
      onDrain: () => {
        if (!this.#closed) events.onDrain()
      },
      onClose: () => this.close(undefined),
    })
  }

  get isBlocked(): boolean {
    return this.#stream.isBlocked
  }

  endHandshake(): void {
    clearTimeout(this.#deadline)
  }

  send(type: number, body: Uint8Array): void {
    this.sendBytes(encodeFrame(type, body))
  }

  sendBytes(bytes: Uint8Array): void {
    this.#context.counters.bytesSent += bytes.length
    this.#stream.send(bytes)
  }

  check(): void {
    const sinceMs = this.#reader.partialSinceMs
    const { frameTimeoutMs } = this.#context.timing
    if (sinceMs !== undefined && this.#context.nowMs() - sinceMs > frameTimeoutMs) {
      this.fail(peerFault('OL_FRAME_TIMEOUT', `frame not complete after ${frameTimeoutMs} ms`))
    }
  }

  fail(fault: PeerFault | undefined): void {
    if (this.#closed) return
    if (fault !== undefined) this.send(FRAME_TYPE.goodbye, new TextEncoder().encode(fault.code))
    this.close(fault)
  }

  close(fault: PeerFault | undefined): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#deadline)
    this.#reader.end()
    this.#stream.close()
    this.#events.onClosed(fault)
  }

  #onBytes(bytes: Uint8Array): void {
    if (this.#closed) return
    this.#context.counters.bytesReceived += bytes.length
    this.#events.onBytes()
    const fault = this.#reader.read(bytes, this.#context.nowMs(), (frame) => {
      this.#events.onFrame(frame)
    })
    if (fault !== undefined) this.fail(fault)
  }
}

/** Printable part of the code a peer gives for its goodbye. */
function goodbyeText(body: Uint8Array): string {
  return String.fromCharCode(...body).replace(/[^A-Z0-9_]/g, '')
}
