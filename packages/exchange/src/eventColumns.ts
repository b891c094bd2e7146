import { grown, grownLength, KeptRoom } from './growth.ts'

/** Cells that a machine begins with. */
const CELLS_FIRST = 1_024

/**
 * Numbers of events, one after another: what a block tells costs no object until somebody reads it, and no memory that
 * no block before it needed.
 */
export class EventColumns {
  /** Replaced when it grows: read it after `reserve`. */
  cells: Float64Array = new Float64Array(CELLS_FIRST)
  readonly #room = new KeptRoom()
  #length = 0

  /** Cells in use. */
  get length(): number {
    return this.#length
  }

  /** Makes room for so many cells and says where they start. */
  reserve(count: number): number {
    const at = this.#length
    this.#length = at + count
    if (this.#length > this.cells.length) this.cells = grown(this.cells, grownLength(this.#length))
    return at
  }

  /** Forgets what came after a length that there was before. */
  truncate(length: number): void {
    this.#length = length
  }

  /** Hands over what is there, to be read before the next `reserve`, and begins anew. */
  take(): Float64Array {
    const { cells } = this
    const taken = cells.subarray(0, this.#length)
    const kept = this.#room.lengthAfter(cells.length, this.#length, CELLS_FIRST)
    if (kept !== cells.length) this.cells = new Float64Array(kept)
    this.#length = 0
    return taken
  }
}
