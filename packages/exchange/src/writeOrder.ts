import type { EntryRows } from './entryRows.ts'
import { grownLength } from './growth.ts'
import { CORE_KEY_BYTES_MAX } from './limits.ts'

/** The byte after the prefix that all keys have: the table's, whose keys have one length. */
const TAG = 1
const TAGS = 256
/** Words of a key that are sorted by at a time: all of a sequence number, and more than two addresses share by chance. */
const WORDS = 2
const DIGIT_BITS = 11
const DIGITS = 1 << DIGIT_BITS
const DIGIT_MASK = DIGITS - 1
/** Fewer are compared: counting digits takes longer. */
const RADIX_MIN = 256

/** Puts the entries of a block in the order of their keys, in memory that it uses again for the next block. */
export class WriteOrder {
  #order: Uint32Array = new Uint32Array(0)
  readonly #sorter = new KeySorter()

  /**
   * The entries that the tree says were changes, with 1 in their place, in the order of their keys; until the next call.
   *
   * By table first, then by radix, and what that leaves alike by the bytes after.
   */
  changesOf(rows: EntryRows, isChanged: Uint8Array): Uint32Array {
    const { count, memory, starts } = rows
    const ends = new Uint32Array(TAGS + 1)
    let changes = 0
    for (let i = 0; i < count; i++) {
      if (isChanged[i] !== 1) continue
      const tag = memory[(starts[i] as number) + TAG] as number
      ends[tag + 1] = (ends[tag + 1] as number) + 1
      changes += 1
    }
    for (let tag = 0; tag < TAGS; tag++) {
      ends[tag + 1] = (ends[tag + 1] as number) + (ends[tag] as number)
    }
    this.#order = scratch(this.#order, changes)
    const order = this.#order.subarray(0, changes)
    // Where a table begins moves to where it ends.
    for (let i = 0; i < count; i++) {
      if (isChanged[i] !== 1) continue
      const tag = memory[(starts[i] as number) + TAG] as number
      const at = ends[tag] as number
      order[at] = i
      ends[tag] = at + 1
    }
    this.#sorter.reserve(changes)
    for (let tag = 0, begin = 0; tag < TAGS; tag++) {
      const end = ends[tag] as number
      if (end - begin > 1) this.#sorter.sort(rows, order.subarray(begin, end), TAG + 1)
      begin = end
    }
    return order
  }
}

/** Room for so many numbers: the same as long as it is enough, and not four times too much. */
function scratch(room: Uint32Array, count: number): Uint32Array {
  const isFit = count <= room.length && 4 * count >= room.length
  return isFit ? room : new Uint32Array(grownLength(count))
}

class KeySorter {
  #items: Uint32Array = new Uint32Array(0)
  #places: Uint32Array = new Uint32Array(0)
  #others: Uint32Array = new Uint32Array(0)
  /** Four bytes of each key from where it is sorted, and the next four. */
  readonly #words: Uint32Array[] = Array.from({ length: WORDS }, () => new Uint32Array(0))
  readonly #ends = new Uint32Array(DIGITS)
  /** For groups that are alike in what was sorted by. */
  #deeper: KeySorter | undefined

  /** Sorts entries whose keys have their first `from` bytes in common, in place. */
  sort(rows: EntryRows, order: Uint32Array, from: number): void {
    const count = order.length
    if (count < RADIX_MIN || from > CORE_KEY_BYTES_MAX) {
      order.sort((a, b) => compareKeys(rows, a, b))
      return
    }
    const items = this.#items
    items.set(order)
    let places = this.#places
    let others = this.#others
    for (let i = 0; i < count; i++) places[i] = i
    for (let word = WORDS - 1; word >= 0; word--) {
      const values = this.#words[word] as Uint32Array
      readWords(rows, items, count, from + 4 * word, values)
      for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
        if (!this.#pass(values, count, shift, places, others)) continue
        const passed = others
        others = places
        places = passed
      }
    }
    for (let i = 0; i < count; i++) order[i] = items[places[i] as number] as number
    for (let start = 0; start < count; ) {
      const first = places[start] as number
      let end = start + 1
      while (end < count && isAlike(this.#words, first, places[end] as number)) end += 1
      if (end > start + 1) {
        this.#deeper ??= new KeySorter()
        this.#deeper.reserve(end - start)
        this.#deeper.sort(rows, order.subarray(start, end), from + 4 * WORDS)
      }
      start = end
    }
  }

  /** Makes room to sort so many entries, or fewer. */
  reserve(count: number): void {
    this.#items = scratch(this.#items, count)
    this.#places = scratch(this.#places, count)
    this.#others = scratch(this.#others, count)
    for (let word = 0; word < WORDS; word++) {
      this.#words[word] = scratch(this.#words[word] as Uint32Array, count)
    }
  }

  /** Moves the order by one digit into another array; `false` when all have the same. */
  #pass(
    word: Uint32Array,
    count: number,
    shift: number,
    from: Uint32Array,
    to: Uint32Array,
  ): boolean {
    const ends = this.#ends.fill(0)
    for (let i = 0; i < count; i++) {
      const digit = ((word[i] as number) >>> shift) & DIGIT_MASK
      ends[digit] = (ends[digit] as number) + 1
    }
    let sum = 0
    for (let digit = 0; digit < DIGITS; digit++) {
      const size = ends[digit] as number
      if (size === count) return false
      ends[digit] = sum
      sum += size
    }
    for (let i = 0; i < count; i++) {
      const item = from[i] as number
      const digit = ((word[item] as number) >>> shift) & DIGIT_MASK
      const at = ends[digit] as number
      to[at] = item
      ends[digit] = at + 1
    }
    return true
  }
}

/** Reads four bytes of every key, zeros behind its end. */
function readWords(
  { memory, starts, keyEnds }: EntryRows,
  items: Uint32Array,
  count: number,
  at: number,
  words: Uint32Array,
): void {
  for (let i = 0; i < count; i++) {
    const item = items[i] as number
    const from = (starts[item] as number) + at
    const end = keyEnds[item] as number
    let word = 0
    // No read behind the end: another key starts there.
    for (let j = from; j < from + 4; j++) word = (word << 8) | (j < end ? (memory[j] as number) : 0)
    words[i] = word
  }
}

function isAlike(words: readonly Uint32Array[], a: number, b: number): boolean {
  for (const word of words) if (word[a] !== word[b]) return false
  return true
}

function compareKeys({ memory, starts, keyEnds }: EntryRows, a: number, b: number): number {
  let [at, of] = [starts[a] as number, starts[b] as number]
  const [end, last] = [keyEnds[a] as number, keyEnds[b] as number]
  while (at < end && of < last) {
    const difference = (memory[at] as number) - (memory[of] as number)
    if (difference !== 0) return difference
    at += 1
    of += 1
  }
  return end - at - (last - of)
}
