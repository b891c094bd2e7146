/**
 * Beats at the multiples of its interval on the wall clock, so that the beats of neighbours fall together.
 *
 * An idle node then wakes once for its own beat and those of its peers; each wake-up costs more than what is done in it. A clock
 * that is set shifts the next beat by less than an interval.
 */
export class HeartbeatClock {
  readonly #intervalMs: number
  readonly #onBeat: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(intervalMs: number, onBeat: () => void) {
    this.#intervalMs = intervalMs
    this.#onBeat = onBeat
  }

  start(): void {
    this.#timer = setTimeout(
      () => {
        this.start()
        this.#onBeat()
      },
      msUntilBeat(Date.now(), this.#intervalMs),
    )
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}

/** At least half an interval, at most one and a half: a timer that fires a little early does not beat twice. */
export function msUntilBeat(nowMs: number, intervalMs: number): number {
  const delayMs = intervalMs - (nowMs % intervalMs)
  return delayMs < intervalMs / 2 ? delayMs + intervalMs : delayMs
}
