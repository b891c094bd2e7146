import { type Envelope, LANES, type Lane, type SendResult } from '@openliquid/primitives'
import { envelopeToFrame, type Frame, frameBytes, partFrame, writeFrame } from './frame.ts'
import { LANE_LIMITS, PART_BYTES_MAX } from './limits.ts'

interface Entry {
  frame: Frame
  readonly replaceKey: string | undefined
}

/** What waits for one peer, in three lanes, most urgent first; bounded in frames and bytes by lane. */
export class LaneQueue {
  readonly #lanes: Readonly<Record<Lane, LaneEntries>> = {
    consensus: new LaneEntries(LANE_LIMITS.consensus),
    blocks: new LaneEntries(LANE_LIMITS.blocks),
    transactions: new LaneEntries(LANE_LIMITS.transactions),
  }
  #frames = 0
  #bytes = 0

  get frames(): number {
    return this.#frames
  }

  get bytes(): number {
    return this.#bytes
  }

  /** A queued frame with the same key is replaced where it stands; a full lane refuses the new frame. */
  push(envelope: Envelope): Exclude<SendResult, 'unreachable'> {
    const lane = this.#lanes[envelope.lane]
    const frame = envelopeToFrame(envelope)
    const bytesBefore = lane.bytes
    const result = lane.push(frame, envelope.replaceKey)
    if (result === 'queued') this.#frames++
    this.#bytes += lane.bytes - bytesBefore
    return result
  }

  /**
   * Takes frames in order of urgency until the chunk has the size, at least one; `undefined` when none waits.
   *
   * A large frame leaves in pieces, each a frame, so that what is more urgent waits for a piece and not for a block.
   */
  takeChunk(bytesMin: number): { readonly chunk: Uint8Array; readonly frames: number } | undefined {
    const taken: Frame[] = []
    let size = 0
    let frames = 0
    for (const name of LANES) {
      const lane = this.#lanes[name]
      while (size < bytesMin) {
        const bytesBefore = lane.bytes
        const next = lane.take(name)
        if (next === undefined) break
        this.#bytes += lane.bytes - bytesBefore
        if (next.isLast) frames++
        taken.push(next.frame)
        size += frameBytes(next.frame.body.length)
      }
    }
    if (taken.length === 0) return undefined
    this.#frames -= frames
    const chunk = new Uint8Array(size)
    let at = 0
    for (const frame of taken) at = writeFrame(chunk, at, frame)
    return { chunk, frames }
  }
}

class LaneEntries {
  readonly #limits: { readonly frames: number; readonly bytes: number }
  readonly #byKey = new Map<string, Entry>()
  #entries: Entry[] = []
  #head = 0
  #bytes = 0
  /** What is left of a large frame that is leaving in pieces. */
  #rest: Uint8Array | undefined

  constructor(limits: { readonly frames: number; readonly bytes: number }) {
    this.#limits = limits
  }

  get bytes(): number {
    return this.#bytes
  }

  push(frame: Frame, replaceKey: string | undefined): 'queued' | 'replaced' | 'full' {
    const size = frameBytes(frame.body.length)
    const older = replaceKey === undefined ? undefined : this.#byKey.get(replaceKey)
    if (older !== undefined) {
      const grownBytes = this.#bytes + size - frameBytes(older.frame.body.length)
      if (grownBytes > this.#limits.bytes) return 'full'
      older.frame = frame
      this.#bytes = grownBytes
      return 'replaced'
    }
    if (this.#entries.length - this.#head >= this.#limits.frames) return 'full'
    if (this.#bytes + size > this.#limits.bytes) return 'full'
    const entry = { frame, replaceKey }
    this.#entries.push(entry)
    if (replaceKey !== undefined) this.#byKey.set(replaceKey, entry)
    this.#bytes += size
    return 'queued'
  }

  /** The next frame or the next piece of one. */
  take(lane: Lane): { readonly frame: Frame; readonly isLast: boolean } | undefined {
    if (this.#rest === undefined) {
      const frame = this.#shift()
      if (frame === undefined) return undefined
      const size = frameBytes(frame.body.length)
      if (size <= 2 * PART_BYTES_MAX) {
        this.#bytes -= size
        return { frame, isLast: true }
      }
      this.#rest = new Uint8Array(size)
      writeFrame(this.#rest, 0, frame)
    }
    const piece = this.#rest.subarray(0, PART_BYTES_MAX)
    const rest = this.#rest.subarray(piece.length)
    this.#rest = rest.length > 0 ? rest : undefined
    this.#bytes -= piece.length
    return { frame: partFrame(lane, piece), isLast: rest.length === 0 }
  }

  #shift(): Frame | undefined {
    const entry = this.#entries[this.#head]
    if (entry === undefined) return undefined
    this.#head++
    if (this.#head === this.#entries.length) {
      this.#entries = []
      this.#head = 0
    } else if (this.#head >= 1_024) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
    if (entry.replaceKey !== undefined) this.#byKey.delete(entry.replaceKey)
    return entry.frame
  }
}
