/** Numbers of events, one after another: what a block tells costs no object until somebody reads it. */
export class EventColumns {
  /** Replaced when it grows: read it after `reserve`. */
  cells: Float64Array = new Float64Array(4_096)
  #length = 0

  /** Cells in use. */
  get length(): number {
    return this.#length
  }

  /** Makes room for so many cells and says where they start. */
  reserve(count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.cells.length) {
      const longer = new Float64Array(2 * this.#length)
      longer.set(this.cells)
      this.cells = longer
    }
    return at
  }

  /** Forgets what came after a length that there was before. */
  truncate(length: number): void {
    this.#length = length
  }

  clear(): void {
    this.#length = 0
  }
}
