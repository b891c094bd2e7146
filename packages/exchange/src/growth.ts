type Columns = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array

/** What the lib of ES2023 does not know yet of shared memory that grows. */
interface GrowableMemory {
  readonly maxByteLength: number
  grow(byteLength: number): void
}
type GrowableMemoryConstructor = new (
  byteLength: number,
  options: { readonly maxByteLength: number },
) => SharedArrayBuffer & GrowableMemory

/** Grows by a quarter, and by a sixty-fourth where that costs no copy: what memory a row takes stays near its own bytes. */
const GROWTH = 1.25
const GROWTH_IN_PLACE = 1 + 1 / 64
/** Doubles in a column that grows in place. */
const IN_PLACE_ROWS_MIN = 131_072
const GROWTH_ROWS_MIN = 64
/** A column of so many bytes grows in place from then on. Not earlier: a process has some 30,000 such columns at most. */
const IN_PLACE_BYTES_MIN = 8 * IN_PLACE_ROWS_MIN
/** And has addresses for so many, which are no memory. Beyond them growth copies. */
const RESERVED_BYTES = 2 ** 31

/**
 * The same column with more rows, zeros in the new ones. The old one is not to be used any more.
 *
 * A large one grows in place: a copy by every quarter copies each byte four times, to pages that the kernel has to find
 * and clear, which takes longer than what an order does with its row. The only memory that grows in place and whose
 * views of a fixed length are as fast as others is shared memory; nobody shares it. Where there is none, growth copies.
 */
export function grown<T extends Columns>(
  column: T,
  length: number = grownLength(column.length),
): T {
  const Column = column.constructor as new (
    from: number | ArrayBufferLike,
    byteOffset?: number,
    length?: number,
  ) => T
  const bytes = length * column.BYTES_PER_ELEMENT
  if (isGrowable(column.buffer) && bytes <= column.buffer.maxByteLength) {
    column.buffer.grow(bytes)
    return new Column(column.buffer, 0, length)
  }
  const memory = bytes < IN_PLACE_BYTES_MIN ? undefined : growableMemory(bytes)
  const longer = memory === undefined ? new Column(length) : new Column(memory, 0, length)
  longer.set(column)
  return longer
}

/** So often in a row little of a room was used before half of it is given back: one small block says nothing of the next. */
const IDLE_MAX = 16

/** Room that is used again and again: what one large block needed is given back in the blocks after it. */
export class KeptRoom {
  #idle = 0

  /** How much room to begin anew with: half of it, when most was not used for a while. */
  lengthAfter(length: number, used: number, least: number): number {
    this.#idle = 4 * used < length ? this.#idle + 1 : 0
    if (this.#idle < IDLE_MAX) return length
    this.#idle = 0
    return Math.max(least, length >>> 1)
  }
}

/** How many rows a full column should have next. */
export function grownLength(length: number): number {
  const growth = length < IN_PLACE_ROWS_MIN ? GROWTH : GROWTH_IN_PLACE
  return Math.ceil(length * growth) + GROWTH_ROWS_MIN
}

/** Memory with room to grow, unless there is none: browsers have it only where pages are isolated, and addresses can be few. */
function growableMemory(bytes: number): SharedArrayBuffer | undefined {
  if (!canGrow() || bytes > RESERVED_BYTES) return undefined
  const Memory = SharedArrayBuffer as unknown as GrowableMemoryConstructor
  try {
    return new Memory(bytes, { maxByteLength: RESERVED_BYTES })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function canGrow(): boolean {
  return typeof SharedArrayBuffer === 'function' && 'grow' in SharedArrayBuffer.prototype
}

function isGrowable(buffer: ArrayBufferLike): buffer is SharedArrayBuffer & GrowableMemory {
  return canGrow() && buffer instanceof SharedArrayBuffer
}
