type Columns = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array

/** Grows by a quarter: what memory a row takes stays near its own bytes, and copying costs a row four copies in all. */
const GROWTH = 1.25
const GROWTH_ROWS_MIN = 64

/** A longer copy of a column, with zeros in the new rows. */
export function grown<T extends Columns>(
  column: T,
  length: number = grownLength(column.length),
): T {
  const Column = column.constructor as new (length: number) => T
  const longer = new Column(length)
  longer.set(column)
  return longer
}

/** How much room to begin anew with: half of it, when most was not used. So what one large block needed is given back in the blocks after it. */
export function keptLength(length: number, used: number, least: number): number {
  return 4 * used < length ? Math.max(least, length >>> 1) : length
}

/** How many rows a full column should have next. */
export function grownLength(length: number): number {
  return Math.ceil(length * GROWTH) + GROWTH_ROWS_MIN
}
