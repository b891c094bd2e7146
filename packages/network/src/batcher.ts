import { type Frame, frameBytes, writeFrame } from './frame.ts'
import { BATCH_BYTES_MAX, BATCH_MESSAGE_BYTES_MAX, GOSSIP_FRAMES_MAX } from './limits.ts'

/** Joins small frames into one gossip message: it leaves at 64 KiB or after the delay, whichever comes first. */
export class Batcher {
  readonly #delayMs: number
  readonly #onBatch: (batch: Uint8Array) => void
  #frames: Frame[] = []
  #bytes = 0
  #timer: NodeJS.Timeout | undefined

  constructor(delayMs: number, onBatch: (batch: Uint8Array) => void) {
    this.#delayMs = delayMs
    this.#onBatch = onBatch
  }

  /** A large frame takes the waiting ones with it and goes at once. */
  add(frame: Frame): void {
    const size = frameBytes(frame.body.length)
    if (this.#bytes + size > BATCH_BYTES_MAX) this.flush()
    this.#frames.push(frame)
    this.#bytes += size
    if (frame.body.length > BATCH_MESSAGE_BYTES_MAX || this.#frames.length === GOSSIP_FRAMES_MAX) {
      this.flush()
      return
    }
    this.#timer ??= setTimeout(() => this.flush(), this.#delayMs)
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#frames.length === 0) return
    const batch = joinFrames(this.#frames, this.#bytes)
    this.#frames = []
    this.#bytes = 0
    this.#onBatch(batch)
  }
}

export function joinFrames(frames: readonly Frame[], bytes: number): Uint8Array {
  const joined = new Uint8Array(bytes)
  let at = 0
  for (const frame of frames) at = writeFrame(joined, at, frame)
  return joined
}
