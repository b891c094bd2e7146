import { NO_ROW } from './orderArena.ts'

/** Bands are as wide as a price's leading bits tell apart: between 1/256 and 1/128 of the price. */
const LEADING_BITS = 8
const LEADING_MIN = 2 ** (LEADING_BITS - 1)
/** Above every band: a price has at most 53 bits. */
const BANDS = 8_192
/** 1,024 rows a page, each with the row after and the row before: growing costs no copy and keeps no room. */
const PAGE_BITS = 10
const PAGE_MASK = (1 << PAGE_BITS) - 1

/**
 * Rows of positions by the mark at which they must be looked at again: longs at that mark or below it, shorts at that
 * mark or above it. Rows of one perp and side whose marks are near each other share a band, and a row may be taken out
 * before its mark is reached, never after.
 */
export class MarkBands {
  /** First row by code of a band. */
  readonly #heads = new Map<number, number>()
  /** By code of a perp's side: no row lies in a band that the mark would reach before this one. */
  readonly #nearest = new Map<number, number>()
  readonly #pages: Int32Array[] = []

  /** Puts a row, which is in no band, where the mark that calls for it will find it. */
  add(row: number, perp: number, isLong: boolean, px: number): void {
    while (this.#pages.length <= row >>> PAGE_BITS) {
      this.#pages.push(new Int32Array(2 << PAGE_BITS).fill(NO_ROW))
    }
    const side = sideCode(perp, isLong)
    const band = bandOf(px)
    const nearest = this.#nearest.get(side)
    if (nearest === undefined || (isLong ? band > nearest : band < nearest)) {
      this.#nearest.set(side, band)
    }
    const code = side * BANDS + band
    const head = this.#heads.get(code) ?? NO_ROW
    this.#link(row, head)
    this.#linkBack(row, -2 - code)
    if (head !== NO_ROW) this.#linkBack(head, row)
    this.#heads.set(code, row)
  }

  /** Takes a row out, if it is in a band. */
  remove(row: number): void {
    const before = this.#before(row)
    if (before === NO_ROW) return
    const after = this.#after(row)
    this.#linkBack(row, NO_ROW)
    if (after !== NO_ROW) this.#linkBack(after, before)
    if (before >= 0) this.#link(before, after)
    else if (after === NO_ROW) this.#heads.delete(-2 - before)
    else this.#heads.set(-2 - before, after)
  }

  /** Takes out all rows that the marks call for. */
  take(markOf: (perp: number) => number, taken: (row: number) => void): void {
    for (const [side, nearest] of this.#nearest) {
      const isLong = side % 2 === 1
      const step = isLong ? -1 : 1
      const last = bandOf(markOf(Math.floor(side / 2)))
      let band = nearest
      for (; isLong ? band >= last : band <= last; band += step) {
        this.#takeBand(side * BANDS + band, taken)
      }
      this.#nearest.set(side, band)
    }
  }

  #takeBand(code: number, taken: (row: number) => void): void {
    let row = this.#heads.get(code) ?? NO_ROW
    this.#heads.delete(code)
    while (row !== NO_ROW) {
      const after = this.#after(row)
      this.#linkBack(row, NO_ROW)
      taken(row)
      row = after
    }
  }

  /** The row after one that is in a band, or -1. */
  #after(row: number): number {
    return this.#pages[row >>> PAGE_BITS]?.[2 * (row & PAGE_MASK)] ?? NO_ROW
  }

  /** The row before; of a first row the code of its band, as -2 - code; -1 is in no band. */
  #before(row: number): number {
    return this.#pages[row >>> PAGE_BITS]?.[2 * (row & PAGE_MASK) + 1] ?? NO_ROW
  }

  #link(row: number, after: number): void {
    ;(this.#pages[row >>> PAGE_BITS] as Int32Array)[2 * (row & PAGE_MASK)] = after
  }

  #linkBack(row: number, before: number): void {
    ;(this.#pages[row >>> PAGE_BITS] as Int32Array)[2 * (row & PAGE_MASK) + 1] = before
  }
}

function sideCode(perp: number, isLong: boolean): number {
  return 2 * perp + (isLong ? 1 : 0)
}

/** Rises with the price; a safe integer from 0 on. */
export function bandOf(px: number): number {
  const high = Math.floor(px / 0x1_0000_0000)
  const bits = high === 0 ? 32 - Math.clz32(px) : 64 - Math.clz32(high)
  const shift = Math.max(0, bits - LEADING_BITS)
  return shift * LEADING_MIN + Math.floor(px / 2 ** shift)
}
