import { concatBytes, type KeyValueStore, type Write } from '@openliquid/primitives'
import { byteText } from './byteText.ts'
import type { EvmLogFilter } from './evmView.ts'
import { LOG_NUMBER_BYTES, logIndexKey } from './keys.ts'
import type { ReceiptRecord } from './receipts.ts'
import { bytesWord } from './word.ts'

/** What a term of the index is: the address of a log, or its topic at position `kind - 1`. */
const ADDRESS = 0
const NOTHING = new Uint8Array(0)
const ADDRESS_PADDING = new Uint8Array(12)

/** Which blocks a filter has to look into: those that hold one of the values of every term. */
interface Term {
  readonly kind: number
  readonly values: readonly Uint8Array[]
}

/** One entry for each term that occurs in the block, however often. */
export function logIndexWrites(number: bigint, receipts: readonly ReceiptRecord[]): Write[] {
  const keys = new Map<string, Uint8Array>()
  const add = (kind: number, value: Uint8Array): void => {
    const text = String.fromCharCode(kind) + byteText(value)
    if (!keys.has(text)) keys.set(text, logIndexKey(kind, padded(value), number))
  }
  for (const { logs } of receipts) {
    for (const { address, topics } of logs) {
      add(ADDRESS, address)
      for (const [position, topic] of topics.entries()) add(1 + position, topic)
    }
  }
  return [...keys.keys()].sort().map((text) => [keys.get(text) as Uint8Array, NOTHING])
}

/**
 * Numbers of the blocks between `from` and `to` that may hold a log the filter wants, ascending; `undefined` if the filter
 * wants logs of any kind.
 *
 * Reads one range of the index for each value that the filter names.
 */
export async function blocksWithLogs(
  store: KeyValueStore,
  filter: EvmLogFilter,
  { from, to }: { readonly from: bigint; readonly to: bigint },
): Promise<readonly bigint[] | undefined> {
  let found: Set<bigint> | undefined
  for (const { kind, values } of termsOf(filter)) {
    const here = new Set<bigint>()
    for (const value of values) {
      const range = {
        gte: logIndexKey(kind, padded(value), from),
        lt: logIndexKey(kind, padded(value), to + 1n),
      }
      for await (const [key] of store.entries(range)) {
        const number = bytesWord(key.subarray(key.length - LOG_NUMBER_BYTES))
        if (found === undefined || found.has(number)) here.add(number)
      }
    }
    found = here
    if (here.size === 0) break
  }
  return found === undefined ? undefined : [...found].sort((a, b) => (a < b ? -1 : 1))
}

function termsOf({ addresses = [], topics = [] }: EvmLogFilter): Term[] {
  const terms: Term[] = addresses.length === 0 ? [] : [{ kind: ADDRESS, values: addresses }]
  for (const [position, values] of topics.entries()) {
    if (values !== null && values.length > 0) terms.push({ kind: 1 + position, values })
  }
  // The later a topic stands, the rarer its values: what it leaves out need not be looked up in the others.
  return terms.reverse()
}

/** Addresses take 32 bytes as topics do. */
function padded(value: Uint8Array): Uint8Array {
  return value.length === 20 ? concatBytes(ADDRESS_PADDING, value) : value
}
