import { assert } from '@openliquid/primitives'
import { byteText } from './byteText.ts'
import { keccak256 } from './keccak.ts'

/** Bytes of a bloom filter in headers and receipts. */
export const BLOOM_BYTES = 256

/** The filter of no logs; nobody may change it. */
export const NO_LOGS_BLOOM: Uint8Array = new Uint8Array(BLOOM_BYTES)

/** What a log puts into a filter. */
interface BloomSource {
  readonly address: Uint8Array
  readonly topics: readonly Uint8Array[]
}

/** Bit positions by item: a block asks for the same few addresses and topics again and again. */
export type BloomBits = Map<string, readonly number[]>

/** The filter of some logs: three bits for each address and topic (Yellow Paper 4.4.3). */
export function logsBloom(logs: readonly BloomSource[], known: BloomBits = new Map()): Uint8Array {
  const bloom = new Uint8Array(BLOOM_BYTES)
  for (const { address, topics } of logs) {
    addTo(bloom, bitsOf(address, known))
    for (const topic of topics) addTo(bloom, bitsOf(topic, known))
  }
  return bloom
}

/** Everything that either filter holds. */
export function mergeBlooms(blooms: readonly Uint8Array[]): Uint8Array {
  const merged = new Uint8Array(BLOOM_BYTES)
  for (const bloom of blooms) {
    if (bloom === NO_LOGS_BLOOM) continue
    for (let i = 0; i < BLOOM_BYTES; i++) merged[i] = (merged[i] as number) | (bloom[i] as number)
  }
  return merged
}

/** Whether an item may be in a filter; `false` is certain. */
export function bloomMayHold(bloom: Uint8Array, item: Uint8Array, known: BloomBits): boolean {
  return bitsOf(item, known).every(
    (bit) => ((bloom[byteOf(bit)] as number) & (1 << (bit % 8))) !== 0,
  )
}

function addTo(bloom: Uint8Array, bits: readonly number[]): void {
  for (const bit of bits) bloom[byteOf(bit)] = (bloom[byteOf(bit)] as number) | (1 << (bit % 8))
}

/** Bit 0 is the lowest of the last byte. */
function byteOf(bit: number): number {
  return BLOOM_BYTES - 1 - (bit >> 3)
}

function bitsOf(item: Uint8Array, known: BloomBits): readonly number[] {
  const text = byteText(item)
  const cached = known.get(text)
  if (cached !== undefined) return cached
  const hash = keccak256(item)
  const bits = [0, 2, 4].map(
    (at) => (((hash[at] as number) << 8) | (hash[at + 1] as number)) & 2_047,
  )
  assert(bits.length === 3, 'an item sets three bits')
  known.set(text, bits)
  return bits
}
