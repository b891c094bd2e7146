import type { TimerId } from './input.ts'
import type { Outbox } from './outbox.ts'

/** Deadlines of the running timers. A timer that fires early is set again, one that was replaced or stopped is ignored. */
export class Timers {
  readonly #outbox: Outbox
  readonly #deadlines = new Map<TimerId, number>()

  constructor(outbox: Outbox) {
    this.#outbox = outbox
  }

  /** Of the running timers. */
  get deadlines(): ReadonlyMap<TimerId, number> {
    return this.#deadlines
  }

  isSet(timerId: TimerId): boolean {
    return this.#deadlines.has(timerId)
  }

  /** Replaces a running timer of the same id. */
  set(timerId: TimerId, atMs: number): void {
    if (this.#deadlines.get(timerId) === atMs) return
    this.#deadlines.set(timerId, atMs)
    this.#outbox.push({ kind: 'setTimer', timerId, atMs })
  }

  cancel(timerId: TimerId): void {
    if (this.#deadlines.delete(timerId)) this.#outbox.push({ kind: 'cancelTimer', timerId })
  }

  /** Takes the news that a timer fired; true if it was due. */
  fired(timerId: TimerId, nowMs: number): boolean {
    const atMs = this.#deadlines.get(timerId)
    if (atMs === undefined) return false
    if (nowMs < atMs) {
      // The clock of the timers and the one of the inputs may differ by a little.
      this.#outbox.push({ kind: 'setTimer', timerId, atMs })
      return false
    }
    this.#deadlines.delete(timerId)
    return true
  }
}
