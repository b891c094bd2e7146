import { CALLS_RUNNING_MAX, CALLS_WAITING_MAX } from './limits.ts'

/** Why work was not done. */
export type CallRefusal = 'full' | 'stopped'

/** Calls back once, in a later turn of the event loop: when work that clients ask for may go on. */
export type CallPace = (goOn: () => void) => void

/**
 * Shares the thread between work that clients ask for and all else, above all voting.
 *
 * A few pieces of work are under way at a time, because each holds memory; the others wait in the order they came, and
 * what is too many is refused. Of those under way one goes on at a time, when the pace allows: in between, whatever has
 * come in is handled.
 */
export class CallQueue {
  readonly #pace: CallPace
  readonly #waiting: (() => void)[] = []
  readonly #turns: (() => void)[] = []
  #running = 0
  #isTurning = false
  #hasBegun = false

  /** @param pace - every turn of the event loop if absent */
  constructor(pace: CallPace = setImmediate) {
    this.#pace = pace
  }

  /** @param signal - when it has fired before the work could begin, it is not done */
  async run<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T | CallRefusal> {
    if (this.#running < CALLS_RUNNING_MAX) this.#running++
    else if (this.#waiting.length >= CALLS_WAITING_MAX) return 'full'
    // Whoever ends hands its place on.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      if (!this.#begins()) await this.turn()
      return signal?.aborted === true ? 'stopped' : await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }

  /** Resolves in a later turn of the event loop, alone in it. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#turns.push(resolve)
      if (this.#isTurning) return
      this.#isTurning = true
      this.#pace(() => this.#nextTurn())
    })
  }

  #nextTurn(): void {
    this.#turns.shift()?.()
    if (this.#turns.length > 0) this.#pace(() => this.#nextTurn())
    else this.#isTurning = false
  }

  /** Whether nothing else has begun or gone on in this turn: a single client does not wait. */
  #begins(): boolean {
    if (this.#hasBegun || this.#isTurning) return false
    this.#hasBegun = true
    setImmediate(() => {
      this.#hasBegun = false
    })
    return true
  }
}
