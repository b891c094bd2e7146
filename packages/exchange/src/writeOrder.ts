import { compareBytes, type Write } from '@openliquid/primitives'

/** Bits of a key that its number holds, beside the tag's. */
const BITS = 46
const LIMIT = 2 ** BITS
const SEQUENCE_KEY_BYTES = 10

/** Sorts the writes of a block by key. Most pairs are told apart by one number each. */
export function sortedWrites(writes: readonly Write[]): Write[] {
  const numbers = new Float64Array(writes.length)
  const order = new Uint32Array(writes.length)
  for (let i = 0; i < writes.length; i++) {
    numbers[i] = numberOf((writes[i] as Write)[0])
    order[i] = i
  }
  order.sort(
    (a, b) =>
      (numbers[a] as number) - (numbers[b] as number) ||
      compareBytes((writes[a] as Write)[0], (writes[b] as Write)[0]),
  )
  return Array.from(order, (i) => writes[i] as Write)
}

/** Never greater for a lower key. Keys of one tag have one length, so they are cut alike. */
function numberOf(key: Uint8Array): number {
  const tag = (key[1] as number) * LIMIT
  if (key.length === SEQUENCE_KEY_BYTES) {
    // Sequence numbers seldom reach that far: there all are alike.
    let sequence = 0
    for (let i = 2; i < SEQUENCE_KEY_BYTES; i++) sequence = sequence * 256 + (key[i] as number)
    return tag + Math.min(sequence, LIMIT - 1)
  }
  let bits = 0
  for (let i = 2; i < 7; i++) bits = bits * 256 + (key[i] ?? 0)
  return tag + bits * 64 + ((key[7] ?? 0) >>> 2)
}
