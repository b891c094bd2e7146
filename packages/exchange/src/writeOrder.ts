import { compareBytes, type Write } from '@openliquid/primitives'

const SEQUENCE_KEY_BYTES = 10
/** Fewer are compared: counting digits takes longer. */
const RADIX_MIN = 256
const DIGIT_BITS = 11
const DIGITS = 1 << DIGIT_BITS
const DIGIT_MASK = DIGITS - 1

/**
 * Sorts the writes of a block by key.
 *
 * By radix on what 64 bits of a key hold, the tag and seven bytes more; what they do not tell apart is compared.
 */
export function sortedWrites(writes: readonly Write[]): Write[] {
  const count = writes.length
  if (count < RADIX_MIN) return writes.toSorted(compareKeys)
  const high = new Uint32Array(count)
  const low = new Uint32Array(count)
  for (let i = 0; i < count; i++) {
    const [key] = writes[i] as Write
    // The first byte of a sequence number is 0: they are safe integers. Keys of one tag have one length.
    const at = key.length === SEQUENCE_KEY_BYTES ? 3 : 2
    high[i] = wordOf(key[1] as number, key[at], key[at + 1], key[at + 2])
    low[i] = wordOf(key[at + 3] ?? 0, key[at + 4], key[at + 5], key[at + 6])
  }
  let order = new Uint32Array(count)
  let other = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
  for (const word of [low, high]) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      if (passed(word, shift, order, other)) [order, other] = [other, order]
    }
  }
  const sorted = Array.from(order, (i) => writes[i] as Write)
  for (let start = 0; start < count; ) {
    let end = start + 1
    while (end < count && isAlike(high, low, order[start] as number, order[end] as number)) end += 1
    if (end > start + 1) sortRun(sorted, start, end)
    start = end
  }
  return sorted
}

function wordOf(a: number, b = 0, c = 0, d = 0): number {
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
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

function isAlike(high: Uint32Array, low: Uint32Array, a: number, b: number): boolean {
  return high[a] === high[b] && low[a] === low[b]
}

/** Sorts a part in place. */
function sortRun(writes: Write[], start: number, end: number): void {
  const run = writes.slice(start, end).sort(compareKeys)
  for (let i = start; i < end; i++) writes[i] = run[i - start] as Write
}

function compareKeys([a]: Write, [b]: Write): number {
  return compareBytes(a, b)
}
