import type { EntryRows } from './entryRows.ts'
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

/**
 * The entries that the tree says were changes, with 1 in their place, in the order of their keys.
 *
 * By table first, then by radix, and what that leaves alike by the bytes after.
 */
export function changesInOrder(rows: EntryRows, isChanged: Uint8Array): Uint32Array {
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
  const order = new Uint32Array(changes)
  // Where a table begins moves to where it ends.
  for (let i = 0; i < count; i++) {
    if (isChanged[i] !== 1) continue
    const tag = memory[(starts[i] as number) + TAG] as number
    const at = ends[tag] as number
    order[at] = i
    ends[tag] = at + 1
  }
  for (let tag = 0, begin = 0; tag < TAGS; tag++) {
    const end = ends[tag] as number
    if (end - begin > 1) sort(rows, order.subarray(begin, end), TAG + 1)
    begin = end
  }
  return order
}

/** Sorts entries whose keys have their first `from` bytes in common, in place. */
function sort(rows: EntryRows, order: Uint32Array, from: number): void {
  const count = order.length
  if (count < RADIX_MIN || from > CORE_KEY_BYTES_MAX) {
    order.sort((a, b) => compareKeys(rows, a, b))
    return
  }
  const words: Uint32Array[] = []
  const items = Uint32Array.from(order)
  let places: Uint32Array = new Uint32Array(count)
  let other: Uint32Array = new Uint32Array(count)
  for (let i = 0; i < count; i++) places[i] = i
  for (let at = from + 4 * (WORDS - 1); at >= from; at -= 4) {
    const word = wordsAt(rows, items, at)
    words.push(word)
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      if (passed(word, shift, places, other)) [places, other] = [other, places]
    }
  }
  for (let i = 0; i < count; i++) order[i] = items[places[i] as number] as number
  for (let start = 0; start < count; ) {
    const first = places[start] as number
    let end = start + 1
    while (end < count && isAlike(words, first, places[end] as number)) end += 1
    if (end > start + 1) sort(rows, order.subarray(start, end), from + 4 * WORDS)
    start = end
  }
}

/** Four bytes of every key, zeros behind its end. */
function wordsAt(
  { memory, starts, keyEnds }: EntryRows,
  items: Uint32Array,
  at: number,
): Uint32Array {
  const words = new Uint32Array(items.length)
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as number
    const from = (starts[item] as number) + at
    const end = keyEnds[item] as number
    let word = 0
    // No read behind the end: another key starts there.
    for (let j = from; j < from + 4; j++) word = (word << 8) | (j < end ? (memory[j] as number) : 0)
    words[i] = word
  }
  return words
}

/** Moves the order by one digit into another array; `false` when all have the same. */
function passed(word: Uint32Array, shift: number, from: Uint32Array, to: Uint32Array): boolean {
  const ends = new Uint32Array(DIGITS)
  for (let i = 0; i < word.length; i++) {
    const digit = ((word[i] as number) >>> shift) & DIGIT_MASK
    ends[digit] = (ends[digit] as number) + 1
  }
  let sum = 0
  for (let digit = 0; digit < DIGITS; digit++) {
    const size = ends[digit] as number
    if (size === word.length) return false
    ends[digit] = sum
    sum += size
  }
  for (let i = 0; i < from.length; i++) {
    const item = from[i] as number
    const digit = ((word[item] as number) >>> shift) & DIGIT_MASK
    const at = ends[digit] as number
    to[at] = item
    ends[digit] = at + 1
  }
  return true
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
