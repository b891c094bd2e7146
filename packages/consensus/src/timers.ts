import type { TimerId } from './input.ts'
import type { Outbox } from './outbox.ts'

/** Where the deadline of each timer lies. */
const PLACES: Readonly<Record<TimerId, number>> = {
  view: 0,
  backup: 1,
  hold: 2,
  fetch: 3,
  quarantine: 4,
}
const TIMERS = Object.keys(PLACES) as readonly TimerId[]
const NEVER = Number.POSITIVE_INFINITY

/** Deadlines of the running timers. A timer that fires early is set again, one that was replaced or stopped is ignored. */
export class Timers {
  readonly #outbox: Outbox
  /** Infinite where the timer does not run. */
  readonly #deadlines: number[] = TIMERS.map(() => NEVER)

  constructor(outbox: Outbox) {
    this.#outbox = outbox
  }

  /** Of the running timers. */
  get deadlines(): ReadonlyMap<TimerId, number> {
    const deadlines = new Map<TimerId, number>()
    for (const timerId of TIMERS) {
      const atMs = this.#deadlineOf(timerId)
      if (atMs !== NEVER) deadlines.set(timerId, atMs)
    }
    return deadlines
  }

  isSet(timerId: TimerId): boolean {
    return this.#deadlineOf(timerId) !== NEVER
  }

  /** Replaces a running timer of the same id. */
  set(timerId: TimerId, atMs: number): void {
    if (this.#deadlineOf(timerId) === atMs) return
    this.#deadlines[PLACES[timerId]] = atMs
    this.#outbox.push({ kind: 'setTimer', timerId, atMs })
  }

  cancel(timerId: TimerId): void {
    if (!this.isSet(timerId)) return
    this.#deadlines[PLACES[timerId]] = NEVER
    this.#outbox.push({ kind: 'cancelTimer', timerId })
  }

  /** Takes the news that a timer fired; true if it was due. */
  fired(timerId: TimerId, nowMs: number): boolean {
    const atMs = this.#deadlineOf(timerId)
    if (atMs === NEVER) return false
    if (nowMs < atMs) {
      // The clock of the timers and the one of the inputs may differ by a little.
      this.#outbox.push({ kind: 'setTimer', timerId, atMs })
      return false
    }
    this.#deadlines[PLACES[timerId]] = NEVER
    return true
  }

  #deadlineOf(timerId: TimerId): number {
    return this.#deadlines[PLACES[timerId]] ?? NEVER
  }
}
