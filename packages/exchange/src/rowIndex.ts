import { assert } from '@openliquid/primitives'

const NONE = -1
/** 2^32 divided by the golden ratio: spreads groups of keys that follow one another. */
const GOLDEN = 0x9e3779b1
/** Keys that differ in so many low bits alone have neighbouring slots: what comes together is found in one cache line. */
const GROUP_BITS = 3
const GROUP_MASK = (1 << GROUP_BITS) - 1

/**
 * Finds the row of a key: open addressing with linear probing over keys that the caller keeps, each at the same place of
 * its row's record.
 *
 * Keys are safe integers above or equal to 0.
 */
export class RowIndex {
  /** Doubles of a record, as a power of two, and the key's place among them. */
  readonly #rowBits: number
  readonly #place: number
  #slots = new Int32Array(64).fill(NONE)
  #shift = 29
  #count = 0

  constructor(rowBits = 0, place = 0) {
    this.#rowBits = rowBits
    this.#place = place
  }

  /** The row whose key this is, or -1. */
  find(keys: Float64Array, key: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    const rowBits = this.#rowBits
    const place = this.#place
    for (let at = this.#home(key); ; at = (at + 1) & mask) {
      const row = slots[at] as number
      if (row === NONE || keys[(row << rowBits) + place] === key) return row
    }
  }

  /** Makes room for so many rows. */
  reserve(keys: Float64Array, rows: number): void {
    while (2 * rows > this.#slots.length) this.#grow(keys)
  }

  /** Makes a row found by its key, which no other row has. */
  add(keys: Float64Array, row: number): void {
    this.reserve(keys, this.#count + 1)
    this.#count += 1
    this.#put(keys, row)
  }

  /** Undoes `add`, while the column still has the key. */
  remove(keys: Float64Array, row: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let hole = this.#home(this.#keyOf(keys, row))
    while (slots[hole] !== row) {
      assert(slots[hole] !== NONE, 'a row that is not in its index')
      hole = (hole + 1) & mask
    }
    // What was pushed past the hole moves back into it, so that no search ends too early.
    for (let at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      const other = slots[at] as number
      if (other === NONE) break
      const home = this.#home(this.#keyOf(keys, other))
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      slots[hole] = other
      hole = at
    }
    slots[hole] = NONE
    this.#count -= 1
  }

  #keyOf(keys: Float64Array, row: number): number {
    return keys[(row << this.#rowBits) + this.#place] as number
  }

  #home(key: number): number {
    // Whole groups: what is behind the point is cut off.
    return (
      ((Math.imul(key / (GROUP_MASK + 1), GOLDEN) >>> this.#shift) << GROUP_BITS) |
      (key & GROUP_MASK)
    )
  }

  #put(keys: Float64Array, row: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let at = this.#home(this.#keyOf(keys, row))
    while (slots[at] !== NONE) at = (at + 1) & mask
    slots[at] = row
  }

  #grow(keys: Float64Array): void {
    const old = this.#slots
    this.#slots = new Int32Array(2 * old.length).fill(NONE)
    this.#shift -= 1
    for (const row of old) if (row !== NONE) this.#put(keys, row)
  }
}
