import { DOPPELGANGER_ROTATIONS } from './limits.ts'

/**
 * The time in which a validator that cannot be sure to be the only one with its keys signs nothing and listens: two
 * rotations of leaders, counted in views, or as long as these take when every view times out.
 *
 * @see docs/design.md §8, "doppelganger wait"
 */
export class Quarantine {
  /** Blocks of a later time were signed while we kept silent. */
  readonly sinceMs: number
  readonly endMs: number
  #viewsLeft: number

  constructor(options: {
    readonly nowMs: number
    readonly clockDriftMs: number
    readonly validators: number
    readonly viewTimeoutMs: number
  }) {
    const { clockDriftMs, nowMs, validators, viewTimeoutMs } = options
    this.#viewsLeft = DOPPELGANGER_ROTATIONS * validators
    this.sinceMs = nowMs + clockDriftMs
    this.endMs = this.sinceMs + this.#viewsLeft * viewTimeoutMs
  }

  /** Views count from when a new signature can be told from one that was made before the start. */
  onView(nowMs: number): void {
    if (nowMs > this.sinceMs) this.#viewsLeft -= 1
  }

  isOver(nowMs: number): boolean {
    return this.#viewsLeft < 0 || nowMs >= this.endMs
  }
}
