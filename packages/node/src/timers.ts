import type { Clock } from './clock.ts'

/** Wake-ups by name; setting a name again replaces it. */
export class Timers<Id extends string> {
  readonly #clock: Clock
  readonly #onFire: (id: Id) => void
  readonly #pending = new Map<Id, NodeJS.Timeout>()

  constructor(clock: Clock, onFire: (id: Id) => void) {
    this.#clock = clock
    this.#onFire = onFire
  }

  set(id: Id, atMs: number): void {
    this.cancel(id)
    const delayMs = Math.max(0, atMs - this.#clock())
    const timer = setTimeout(() => {
      this.#pending.delete(id)
      this.#onFire(id)
    }, delayMs)
    this.#pending.set(id, timer)
  }

  cancel(id: Id): void {
    clearTimeout(this.#pending.get(id))
    this.#pending.delete(id)
  }

  cancelAll(): void {
    for (const timer of this.#pending.values()) clearTimeout(timer)
    this.#pending.clear()
  }
}
