import {
  GOSSIP_TURN_MESSAGES_MAX,
  INBOX_BYTES_MAX,
  RPC_BEATS_MAX,
  RPC_BYTES_MAX,
} from './limits.ts'
import { outlineOf, type RpcPiece, varintAt } from './rpcOutline.ts'

/** What an RPC of a peer did wrong; 'late' is one that began and did not end. */
export type RpcFault = 'malformed' | 'topics' | 'late'

/** A gossip stream that a peer opened, as far as it is read. */
export interface InboxSource {
  /** The peer is told of no more room. */
  pause(): void
  resume(): void
  abort(reason: string): void
}

export interface GossipInboxOptions {
  /** False: the RPC is dropped as it came; nothing in it was decoded, hashed or kept. */
  allowRpc(peer: string, bytes: number, messages: number): boolean
  /** Asked about each piece of an RPC, as long as there is room for more; false: it waits. */
  mayHandle(peer: string, messages: number): boolean
  /** Once an RPC; nothing of it is taken. */
  onFault(peer: string, fault: RpcFault): void
  /** Decodes and handles an RPC, or a piece of one that is an RPC itself. */
  handle(peer: string, rpc: Uint8Array): void
  /** Runs when all that waits in the sockets was read once. */
  nextTurn(run: () => void): void
  /** Runs when pieces that had to wait may be handled. */
  later(run: () => void): void
}

/**
 * The door of gossip: length, number of entries and quota of an RPC are judged before it is decoded, and what is taken is
 * handled in small pieces, in turns between the peers.
 *
 * Stock gossipsub reads into a queue without end and handles all of an RPC at once, however many messages are in it: honest
 * peers wait meanwhile.
 * @see docs/spec/network.md, must-know pitfall 25
 */
export class GossipInbox {
  readonly #options: GossipInboxOptions
  readonly #streams = new Set<InboxStream>()
  /** Streams of which pieces wait; the first is the next in turn. */
  readonly #waiting = new Set<InboxStream>()
  #left = GOSSIP_TURN_MESSAGES_MAX
  #isTurnAsked = false
  #isLaterAsked = false

  constructor(options: GossipInboxOptions) {
    this.#options = options
  }

  /** A stream began; tell what comes on it, and its end. */
  open(peer: string, source: InboxSource): InboxSink {
    const stream = new InboxStream(peer, source)
    const events: InboxStreamEvents = {
      onRpc: (rpc) => this.#onRpc(stream, rpc),
      onBroken: () => this.#options.onFault(peer, 'malformed'),
    }
    this.#streams.add(stream)
    return {
      read: (bytes) => stream.read(bytes, events),
      close: () => void this.#streams.delete(stream),
    }
  }

  /** Ends streams on which one RPC is under way for too many beats: what is kept of it is kept for nothing. */
  beat(): void {
    for (const stream of this.#streams) {
      if (!stream.isLate()) continue
      this.#streams.delete(stream)
      this.#options.onFault(stream.peer, 'late')
    }
  }

  #onRpc(stream: InboxStream, rpc: Uint8Array): void {
    const { allowRpc, onFault } = this.#options
    const { peer } = stream
    const outline = outlineOf(rpc)
    if (!allowRpc(peer, rpc.length, outline?.messages ?? 0)) return
    if (outline === undefined) {
      onFault(peer, 'malformed')
      return
    }
    for (const piece of outline.pieces) stream.put(piece)
    this.#waiting.add(stream)
    this.#take()
  }

  #take(): void {
    let isSomeHeld = false
    for (const stream of this.#waiting) {
      if (this.#left <= 0) break
      if (this.#isHeld(stream)) {
        isSomeHeld = true
        continue
      }
      const piece = stream.take()
      // To the end of the row; a stream that is added while the row is walked comes once more.
      this.#waiting.delete(stream)
      if (piece === undefined) continue
      this.#waiting.add(stream)
      this.#left -= Math.max(1, piece.messages)
      this.#options.handle(stream.peer, piece.bytes)
      stream.makeRoom()
    }
    if (isSomeHeld && !this.#isLaterAsked) {
      this.#isLaterAsked = true
      this.#options.later(() => {
        this.#isLaterAsked = false
        this.#take()
      })
    }
    if (this.#left === GOSSIP_TURN_MESSAGES_MAX || this.#isTurnAsked) return
    this.#isTurnAsked = true
    this.#options.nextTurn(() => {
      this.#isTurnAsked = false
      this.#left = GOSSIP_TURN_MESSAGES_MAX
      this.#take()
    })
  }

  /** A stream that was told to send no more is not: how much comes would not show, and who floods must be found out. */
  #isHeld({ peer, next, isPaused }: InboxStream): boolean {
    if (next === undefined || isPaused) return false
    return !this.#options.mayHandle(peer, Math.max(1, next.messages))
  }
}

/** Where the bytes of one stream go. */
export interface InboxSink {
  read(bytes: Uint8Array): void
  close(): void
}

interface InboxStreamEvents {
  onRpc(rpc: Uint8Array): void
  /** A length was none or too large; nothing more is read. */
  onBroken(): void
}

/** Cuts a stream into RPCs, each behind its length, and keeps the pieces that wait for their turn. */
class InboxStream {
  readonly peer: string
  readonly #source: InboxSource
  /** Chunks of an RPC, or of its length, that is not complete. */
  #chunks: Uint8Array[] = []
  #partBytes = 0
  /** Bytes of the RPC with its length, once that is known. */
  #wantedBytes: number | undefined
  readonly #pieces: RpcPiece[] = []
  #waitingBytes = 0
  #isPaused = false
  #isBroken = false
  /** Beats since the RPC that is not complete began. Beats and no clock: while we sleep nothing is late. */
  #partBeats = 0

  constructor(peer: string, source: InboxSource) {
    this.peer = peer
    this.#source = source
  }

  read(bytes: Uint8Array, { onRpc, onBroken }: InboxStreamEvents): void {
    if (this.#isBroken) return
    this.#partBytes += bytes.length
    if (this.#partBytes < (this.#wantedBytes ?? 0)) {
      this.#chunks.push(ofItsOwn(bytes))
      return
    }
    let rest: Uint8Array =
      this.#chunks.length === 0 ? bytes : Buffer.concat([...this.#chunks, bytes], this.#partBytes)
    this.#wantedBytes = undefined
    for (;;) {
      const length = varintAt(rest, 0)
      this.#isBroken =
        length === undefined ? rest.length >= LENGTH_BYTES_MAX : length.value > RPC_BYTES_MAX
      if (this.#isBroken) {
        this.#source.abort('gossip RPC too long')
        onBroken()
      }
      if (this.#isBroken || length === undefined) break
      const end = length.end + length.value
      if (end > rest.length) {
        this.#wantedBytes = end
        break
      }
      onRpc(rest.subarray(length.end, end))
      rest = rest.subarray(end)
      this.#partBeats = 0
    }
    this.#chunks = rest.length === 0 || this.#isBroken ? [] : [ofItsOwn(rest)]
    this.#partBytes = rest.length
  }

  /** Called once a beat. True: it was too long, and nothing more is read. */
  isLate(): boolean {
    if (this.#chunks.length === 0 || this.#isPaused) {
      this.#partBeats = 0
      return false
    }
    this.#partBeats++
    if (this.#partBeats <= RPC_BEATS_MAX) return false
    this.#isBroken = true
    this.#chunks = []
    this.#source.abort('gossip RPC too slow')
    return true
  }

  put(piece: RpcPiece): void {
    this.#pieces.push(piece)
    this.#waitingBytes += piece.bytes.length
    if (this.#waitingBytes <= INBOX_BYTES_MAX || this.#isPaused) return
    this.#isPaused = true
    this.#source.pause()
  }

  get next(): RpcPiece | undefined {
    return this.#pieces[0]
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  take(): RpcPiece | undefined {
    const piece = this.#pieces.shift()
    this.#waitingBytes -= piece?.bytes.length ?? 0
    return piece
  }

  /** What the layer below held back comes at once. */
  makeRoom(): void {
    if (!this.#isPaused || this.#waitingBytes > INBOX_BYTES_MAX / 2) return
    this.#isPaused = false
    this.#source.resume()
  }
}

/** A few bytes must not keep alive a packet in which they came with much else. */
function ofItsOwn(bytes: Uint8Array): Uint8Array {
  return bytes.length * 2 < bytes.buffer.byteLength ? new Uint8Array(bytes) : bytes
}

/** Of a length that is at most `RPC_BYTES_MAX`, with room. */
const LENGTH_BYTES_MAX = 5
