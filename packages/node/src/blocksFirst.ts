import { BLOCK_STEP_MS, CALLS_REST_FACTOR, CALLS_UNRESTED_MS } from './limits.ts'

export interface BlocksFirstOptions {
  /** Milliseconds, with fractions. */
  readonly now: () => number
  readonly setTimer: (run: () => void, delayMs: number) => void
}

/**
 * When calls of clients may go on: at any time while no block is worked on, and for a part of the time otherwise.
 *
 * A block takes many short steps, one after the other, each in a turn of the event loop of its own: with a piece of a call
 * in each of these turns, every block would come late by all of the pieces. So after a piece calls rest for some times as
 * long as it took, and the steps follow one another meanwhile. Calls always get their part: nobody can starve them.
 */
export class BlocksFirst {
  readonly #options: BlocksFirstOptions
  /** What calls have taken and have not rested for. */
  #takenMs = 0
  #blockUntilMs = 0

  constructor(options: Partial<BlocksFirstOptions> = {}) {
    this.#options = { now: () => performance.now(), setTimer: setTimeout, ...options }
  }

  /** A block is worked on: a step has come, and the next one follows in a while. */
  step(): void {
    this.#blockUntilMs = this.#options.now() + BLOCK_STEP_MS
  }

  /** The pace of calls; see `CallPace`. */
  readonly pace = (goOn: () => void): void => {
    // In the next turn it is known how long the piece took that asks to go on.
    setImmediate(() => {
      const { now, setTimer } = this.#options
      const isBlock = now() < this.#blockUntilMs
      const taken = this.#takenMs
      if (isBlock && taken < CALLS_UNRESTED_MS) return this.#measure(goOn)
      this.#takenMs = 0
      if (isBlock) setTimer(() => this.#measure(goOn), taken * CALLS_REST_FACTOR)
      else this.#measure(goOn)
    })
  }

  /** A piece of a call runs as a microtask right after it was told to. */
  #measure(goOn: () => void): void {
    const { now } = this.#options
    const startMs = now()
    goOn()
    queueMicrotask(() => {
      this.#takenMs += now() - startMs
    })
  }
}
