/** Cells that a first block begins with. */
const CELLS_FIRST = 4_096

/** Numbers of events, one after another: what a block tells costs no object until somebody reads it. */
export class EventColumns {
  /** Replaced when it grows: read it after `reserve`. */
  cells: Float64Array = new Float64Array(0)
  #length = 0
  /** What the last block took: the next one will take about as much. */
  #expected = CELLS_FIRST

  /** Cells in use. */
  get length(): number {
    return this.#length
  }

  /** Makes room for so many cells and says where they start. */
  reserve(count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.cells.length) {
      const longer = new Float64Array(Math.max(this.#expected, Math.ceil(1.5 * this.#length)))
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
    const taken = this.cells.subarray(0, this.#length)
    this.#expected = this.#length
    this.#length = 0
    this.cells = new Float64Array(0)
    return taken
  }
}
