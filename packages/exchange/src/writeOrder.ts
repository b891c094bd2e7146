import { compareBytes, type Write } from '@openliquid/primitives'
import { CORE_KEY_BYTES_MAX } from './limits.ts'

/** The byte after the prefix that all keys have: the table's, whose keys have one length. */
const TAG = 1
/** Words of a key that are sorted by at a time: all of a sequence number, and more than two addresses share by chance. */
const WORDS = 2
const DIGIT_BITS = 11
const DIGITS = 1 << DIGIT_BITS
const DIGIT_MASK = DIGITS - 1
/** Fewer are compared: counting digits takes longer. */
const RADIX_MIN = 256

/** The writes of a block that its tree says were changes, with 1 in their place, sorted by key. */
export function sortedWrites(writes: readonly Write[], isChanged: Uint8Array): Write[] {
  const byTag: (Write[] | undefined)[] = []
  for (let i = 0; i < writes.length; i++) {
    if (isChanged[i] !== 1) continue
    const write = writes[i] as Write
    const tag = write[0][TAG] as number
    const group = byTag[tag]
    if (group === undefined) byTag[tag] = [write]
    else group.push(write)
  }
  const sorted: Write[] = []
  for (const group of byTag) {
    if (group !== undefined) for (const write of sortedFrom(group, TAG + 1)) sorted.push(write)
  }
  return sorted
}

/** Sorts writes whose keys have their first `from` bytes in common: by radix, and what that leaves alike by the bytes after. */
function sortedFrom(writes: readonly Write[], from: number): Write[] {
  const count = writes.length
  if (count < RADIX_MIN || from > CORE_KEY_BYTES_MAX) return writes.toSorted(compareKeys)
  const words: Uint32Array[] = []
  let order = new Uint32Array(count)
  let other = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
  for (let at = from + 4 * (WORDS - 1); at >= from; at -= 4) {
    const word = wordsAt(writes, at)
    words.push(word)
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      if (passed(word, shift, order, other)) [order, other] = [other, order]
    }
  }
  const sorted: Write[] = []
  for (let start = 0; start < count; ) {
    const first = order[start] as number
    let end = start + 1
    while (end < count && isAlike(words, first, order[end] as number)) end += 1
    if (end === start + 1) sorted.push(writes[first] as Write)
    else {
      const alike = Array.from(order.subarray(start, end), (i) => writes[i] as Write)
      for (const write of sortedFrom(alike, from + 4 * WORDS)) sorted.push(write)
    }
    start = end
  }
  return sorted
}

/** Four bytes of every key, zeros behind its end. */
function wordsAt(writes: readonly Write[], at: number): Uint32Array {
  const words = new Uint32Array(writes.length)
  for (let i = 0; i < writes.length; i++) {
    const key = (writes[i] as Write)[0]
    let word = 0
    // No read behind the end: those are slow.
    for (let j = at; j < at + 4; j++) word = (word << 8) | (j < key.length ? (key[j] as number) : 0)
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

function compareKeys([a]: Write, [b]: Write): number {
  return compareBytes(a, b)
}
