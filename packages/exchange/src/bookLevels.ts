import { grown } from './growth.ts'
import { NO_ROW } from './orderArena.ts'

// A level is a record of 64 bytes, as an order is in `OrderArena`.
// Places in `doubles`, from `level << LEVEL_DOUBLES` on.
/** Ticks. */
export const LEVEL_PX = 0
/** Lots. */
export const LEVEL_SIZE = 1
// Places in `words`, from `level << LEVEL_WORDS` on, behind the doubles.
/** Orders; none at a level that is free. */
export const LEVEL_COUNT = 4
/** First and last row of its queue. */
export const LEVEL_HEAD = 5
export const LEVEL_TAIL = 6
/** Neighbours by price, or -1. A free level is linked through `LEVEL_HIGHER`. */
export const LEVEL_LOWER = 7
export const LEVEL_HIGHER = 8

/** Doubles and words of a record, as powers of two. */
export const LEVEL_DOUBLES = 3
export const LEVEL_WORDS = 4
const LEVELS_FIRST = 16

/** Price levels of one side of a book as rows: what is at a price, and the links to its orders and its neighbours. */
export class BookLevels {
  /** The same memory twice; another one after `take`. */
  doubles: Float64Array = new Float64Array(LEVELS_FIRST << LEVEL_DOUBLES)
  words: Int32Array = new Int32Array(this.doubles.buffer)
  #count = 0
  #free = NO_ROW

  /** A number of a level, by its place in the record. */
  double(level: number, place: number): number {
    return this.doubles[(level << LEVEL_DOUBLES) + place] as number
  }

  word(level: number, place: number): number {
    return this.words[(level << LEVEL_WORDS) + place] as number
  }

  setWord(level: number, place: number, value: number): void {
    this.words[(level << LEVEL_WORDS) + place] = value
  }

  /** Whether a level is in use and has this price. */
  isAt(level: number, px: number): boolean {
    return this.double(level, LEVEL_PX) === px && this.word(level, LEVEL_COUNT) > 0
  }

  /** A level that is not in use. Its record holds old values: the caller writes them all. */
  take(): number {
    const free = this.#free
    if (free !== NO_ROW) {
      this.#free = this.word(free, LEVEL_HIGHER)
      return free
    }
    const level = this.#count
    this.#count += 1
    if (this.#count << LEVEL_DOUBLES > this.doubles.length) {
      this.doubles = grown(this.doubles, 2 * this.doubles.length)
      this.words = new Int32Array(this.doubles.buffer, 0, 2 * this.doubles.length)
    }
    return level
  }

  /** Gives a level back. */
  release(level: number): void {
    this.setWord(level, LEVEL_COUNT, 0)
    this.setWord(level, LEVEL_HEAD, NO_ROW)
    this.setWord(level, LEVEL_HIGHER, this.#free)
    this.#free = level
  }
}
