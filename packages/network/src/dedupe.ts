import { DEDUPE_GENERATION_MS, DEDUPE_IDS_MAX } from './limits.ts'

const GENERATIONS = 3

/**
 * Remembers ids for 60 to 90 s in three generations of 30 s each.
 *
 * Bounded: when all generations together are full the oldest goes early, and `overflows` counts it.
 */
export class Dedupe {
  readonly #idsMax: number
  #generations: Set<string>[] = [new Set()]
  #rotatedAtMs: number | undefined
  #overflows = 0

  constructor(idsMax: number = DEDUPE_IDS_MAX) {
    this.#idsMax = idsMax
  }

  /** True the first time an id is shown within the window. */
  add(id: string, nowMs: number): boolean {
    this.#rotate(nowMs)
    for (const generation of this.#generations) if (generation.has(id)) return false
    if (this.size >= this.#idsMax) {
      this.#generations.pop()
      this.#overflows++
      if (this.#generations.length === 0) this.#generations = [new Set()]
    }
    this.#generations[0]?.add(id)
    return true
  }

  get size(): number {
    let size = 0
    for (const generation of this.#generations) size += generation.size
    return size
  }

  get overflows(): number {
    return this.#overflows
  }

  #rotate(nowMs: number): void {
    this.#rotatedAtMs ??= nowMs
    while (nowMs - this.#rotatedAtMs >= DEDUPE_GENERATION_MS) {
      this.#rotatedAtMs += DEDUPE_GENERATION_MS
      this.#generations.unshift(new Set())
      if (this.#generations.length > GENERATIONS) this.#generations.pop()
      // After a long sleep everything is old: no need to turn the wheel once per generation.
      if (this.size === 0) this.#rotatedAtMs = nowMs
    }
  }
}
