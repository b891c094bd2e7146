import { type Envelope, LANES, type Lane } from '@openliquid/primitives'
import { NetworkError, type PeerFault, peerFault } from './errors.ts'
import { ANSWER_BYTES_MAX } from './limits.ts'

/** Length, type, flags: what stands before every body; docs/wire.md. */
export const FRAME_HEADER_BYTES = 6
/** Type and flags are counted by the length. */
const COUNTED_HEADER_BYTES = 2
const TYPE_AT = 4
const FLAGS_AT = 5

/** Types of frames that are no messages; message kinds stay below. */
export const FRAME_TYPE = {
  hello: 0xf0,
  proof: 0xf1,
  ping: 0xf2,
  pong: 0xf3,
  goodbye: 0xf4,
  answer: 0xf5,
  refusal: 0xf6,
  /** A piece of a larger frame of the lane in its flags. */
  part: 0xf7,
  /** A validator's word for a sentry. */
  delegation: 0xf8,
  /** A message with its origin and destination, by way of sentries. */
  relayed: 0xf9,
  /** A sentry tells who is within its reach, and who no more. */
  reach: 0xfa,
} as const
/** Message kinds are 1 to this. */
export const MESSAGE_KIND_MAX = 0x7f

/** @throws {NetworkError} OL_NETWORK_KIND it would be taken for a frame that is no message */
export function checkKind(kind: number): void {
  if (Number.isInteger(kind) && kind >= 1 && kind <= MESSAGE_KIND_MAX) return
  throw new NetworkError(
    `a message cannot be of kind ${kind}: kinds are 1 to ${MESSAGE_KIND_MAX}`,
    {
      code: 'OL_NETWORK_KIND',
      kind,
    },
  )
}

const LANE_SHIFT = 1
const LANE_MASK = 0b110
const KNOWN_FLAGS = LANE_MASK

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly body: Uint8Array
}

export function frameBytes(bodyBytes: number): number {
  return FRAME_HEADER_BYTES + bodyBytes
}

/** Writes a frame and returns the offset after it. */
export function writeFrame(into: Uint8Array, at: number, { type, flags, body }: Frame): number {
  const length = COUNTED_HEADER_BYTES + body.length
  into[at] = length >>> 24
  into[at + 1] = (length >>> 16) & 0xff
  into[at + 2] = (length >>> 8) & 0xff
  into[at + 3] = length & 0xff
  into[at + 4] = type
  into[at + 5] = flags
  into.set(body, at + FRAME_HEADER_BYTES)
  return at + FRAME_HEADER_BYTES + body.length
}

/** One frame in an array of its own. */
export function encodeFrame(type: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(frameBytes(body.length))
  writeFrame(bytes, 0, { type, flags: 0, body })
  return bytes
}

export function envelopeToFrame({ kind, lane, body }: Envelope): Frame {
  return { type: kind, flags: LANES.indexOf(lane) << LANE_SHIFT, body }
}

/** A piece of an encoded frame, as a frame of its own that names the lane. */
export function partFrame(lane: Lane, body: Uint8Array): Frame {
  return { type: FRAME_TYPE.part, flags: LANES.indexOf(lane) << LANE_SHIFT, body }
}

/** `undefined` when the flags name no lane. */
export function laneOf({ flags }: Frame): Lane | undefined {
  return LANES[(flags & LANE_MASK) >> LANE_SHIFT]
}

/** `undefined` when the flags name no lane. */
export function frameToEnvelope(frame: Frame): Envelope | undefined {
  const lane = laneOf(frame)
  return lane === undefined ? undefined : { kind: frame.type, lane, body: frame.body }
}

/**
 * Takes frames out of a stream of bytes that splits and joins them anywhere.
 *
 * A frame whose length exceeds the cap of its type is refused on its header: nothing is allocated for it. Memory follows the
 * bytes that really came. After a fault the reader takes nothing more.
 */
export class FrameReader {
  readonly #bytesMaxOf: (type: number) => number | undefined
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES)
  #headerBytes = 0
  #parts: Uint8Array[] = []
  #partsBytes = 0
  #bodyBytes = 0
  #startedAtMs: number | undefined
  #ended = false

  /** @param bytesMaxOf - cap of a frame type's body, `undefined` for a type that must not come */
  constructor(bytesMaxOf: (type: number) => number | undefined) {
    this.#bytesMaxOf = bytesMaxOf
  }

  /** When the frame that is still incomplete began. */
  get partialSinceMs(): number | undefined {
    return this.#startedAtMs
  }

  /** From now on every byte is ignored, also those of the chunk in work. */
  end(): void {
    this.#ended = true
    this.#parts = []
  }

  /** Hands out every frame that the chunk completes, each with a body of its own. */
  read(chunk: Uint8Array, nowMs: number, onFrame: (frame: Frame) => void): PeerFault | undefined {
    let at = 0
    while (at < chunk.length && !this.#ended) {
      if (this.#headerBytes < FRAME_HEADER_BYTES) {
        this.#startedAtMs ??= nowMs
        const wanted = FRAME_HEADER_BYTES - this.#headerBytes
        const piece = chunk.subarray(at, at + wanted)
        this.#header.set(piece, this.#headerBytes)
        this.#headerBytes += piece.length
        at += piece.length
        const fault = this.#checkHeader()
        if (fault !== undefined) {
          this.end()
          return fault
        }
        if (this.#headerBytes < FRAME_HEADER_BYTES) return undefined
      }
      const piece = chunk.subarray(at, at + this.#bodyBytes - this.#partsBytes)
      at += piece.length
      this.#partsBytes += piece.length
      if (this.#partsBytes < this.#bodyBytes) {
        // A copy: a view would keep the whole chunk alive for a few bytes of it.
        if (piece.length > 0) this.#parts.push(new Uint8Array(piece))
        return undefined
      }
      const frame = this.#complete(piece)
      onFrame(frame)
    }
    return undefined
  }

  /** Judges as early as the bytes allow: the length at four bytes, the type at five. */
  #checkHeader(): PeerFault | undefined {
    if (this.#headerBytes < 4) return undefined
    const length = readUint32(this.#header, 0)
    const bodyBytes = length - COUNTED_HEADER_BYTES
    if (bodyBytes < 0 || bodyBytes > ANSWER_BYTES_MAX) {
      return peerFault('OL_FRAME_SIZE', `frame of ${length} bytes`)
    }
    if (this.#headerBytes < FRAME_HEADER_BYTES) return undefined
    const type = this.#header[TYPE_AT] as number
    const flags = this.#header[FLAGS_AT] as number
    const bytesMax = this.#bytesMaxOf(type)
    if (bytesMax === undefined) return peerFault('OL_FRAME_TYPE', `frame type ${type}`)
    if (bodyBytes > bytesMax) {
      return peerFault(
        'OL_FRAME_SIZE',
        `frame type ${type} of ${bodyBytes} bytes, at most ${bytesMax}`,
      )
    }
    if ((flags & ~KNOWN_FLAGS) !== 0) return peerFault('OL_FRAME_FLAGS', `frame flags ${flags}`)
    this.#bodyBytes = bodyBytes
    return undefined
  }

  #complete(last: Uint8Array): Frame {
    const body = new Uint8Array(this.#bodyBytes)
    let at = 0
    for (const part of this.#parts) {
      body.set(part, at)
      at += part.length
    }
    body.set(last, at)
    const type = this.#header[TYPE_AT] as number
    const flags = this.#header[FLAGS_AT] as number
    this.#headerBytes = 0
    this.#parts = []
    this.#partsBytes = 0
    this.#bodyBytes = 0
    this.#startedAtMs = undefined
    return { type, flags, body }
  }
}

/** Big-endian; the four bytes must be there. Without a view, which costs more than the reading. */
export function readUint32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
  const low = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
  return high * 2 ** 16 + low
}
