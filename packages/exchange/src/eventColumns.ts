/** Cells that a block begins with: there before its first order asks, and little beside the state. */
const CELLS_FIRST = 8_192
const GROWTH = 1.5
/** Blocks are about as full as the ones before: one that is a little fuller should not need to copy. */
const EXPECTED_MORE = 1.125

/** Numbers of events, one after another: what a block tells costs no object until somebody reads it. */
export class EventColumns {
  /** Replaced when it grows: read it after `reserve`. */
  cells: Float64Array = new Float64Array(CELLS_FIRST)
  #length = 0
  /** What the last block took, and a little more. */
  #expected = 0

  /** Cells in use. */
  get length(): number {
    return this.#length
  }

  /** Makes room for so many cells and says where they start. */
  reserve(count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.cells.length) {
      const longer = new Float64Array(Math.max(this.#expected, Math.ceil(GROWTH * this.#length)))
      longer.set(this.cells)
      this.cells = longer
    }
    return at
  }

  /** Forgets what came after a length that there was before. */
  truncate(length: number): void {
    this.#length = length
  }

  /** Hands over what is there, and begins anew. */
  take(): Float64Array {
    const length = this.#length
    this.#expected = Math.ceil(EXPECTED_MORE * length)
    this.#length = 0
    // What few orders leave is copied out of room that stays.
    if (this.cells.length === CELLS_FIRST) return this.cells.slice(0, length)
    const taken = this.cells.subarray(0, length)
    this.cells = new Float64Array(CELLS_FIRST)
    return taken
  }
}
