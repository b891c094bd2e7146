import { type PeerFault, peerFault } from './errors.ts'
import { encodeFrame, FRAME_TYPE, type Frame, FrameReader } from './frame.ts'
import { type Hello, type HelloIdentity, PROTOCOL_VERSION } from './hello.ts'
import type { ChainHead, NetworkTiming } from './networkConfig.ts'
import type { ByteStream } from './p2pHost.ts'

/** One stream a direction, for as long as the connection stands; docs/wire.md. */
export const CHANNEL_PROTOCOL = '/openliquid/channel/1'

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

/** What a pipe tells its channel. */
export interface PipeEvents {
  bytesMaxOf(type: number): number | undefined
  onFrame(frame: Frame): void
  onBytes(): void
  onDrain(): void
  onClosed(fault: PeerFault | undefined): void
}

/** A stream with frames, a deadline for the handshake and for started frames, and exactly one end. */
export class ChannelPipe {
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

  check(sleptMs: number): void {
    const { partialSinceMs } = this.#reader
    if (partialSinceMs !== undefined) this.checkFrame(partialSinceMs, sleptMs)
  }

  /**
   * @param sinceMs - when a frame that is still incomplete began
   * @param sleptMs - how long just now nothing was read: what completes it may have come then
   */
  checkFrame(sinceMs: number | undefined, sleptMs: number): void {
    const { frameTimeoutMs } = this.#context.timing
    if (sinceMs !== undefined && this.#context.nowMs() - sinceMs > frameTimeoutMs + sleptMs) {
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
export function goodbyeText(body: Uint8Array): string {
  return String.fromCharCode(...body).replace(/[^A-Z0-9_]/g, '')
}

/** Our first frame in either direction. */
export function ownHello({ identity, head }: ChannelContext, nonce: Uint8Array): Hello {
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
