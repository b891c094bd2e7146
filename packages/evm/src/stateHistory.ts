import type { Write } from '@openliquid/primitives'
import { byteText, textBytes } from './byteText.ts'
import { EvmError } from './errors.ts'
import { diffKey, precompileCallsKey } from './keys.ts'
import {
  decodePrecompileCalls,
  encodePrecompileCalls,
  type PrecompileCalls,
} from './precompileCalls.ts'
import { RecordReader } from './recordReader.ts'
import { decodeRlp, encodeRlp } from './rlp.ts'
import type { StoreReader } from './versionedStore.ts'

type Values = ReadonlyMap<string, Uint8Array | undefined>

/** What a block adds to the history of states, and the oldest entry that goes for it. */
export function historyWrites(
  block: {
    readonly number: bigint
    /** Old values of all keys of the flat tables that it wrote. */
    readonly replaced: Values
    readonly precompileCalls: PrecompileCalls
  },
  keepDiffs: number,
): Write[] {
  const { number, replaced, precompileCalls } = block
  const keys = [...replaced.keys()].sort()
  const entries = keys.map((key) => {
    const value = replaced.get(key)
    return value === undefined ? [textBytes(key)] : [textBytes(key), value]
  })
  const writes: Write[] = [[diffKey(number), encodeRlp(entries)]]
  if (precompileCalls.size > 0) {
    writes.push([precompileCallsKey(number), encodePrecompileCalls(precompileCalls)])
  }
  const oldest = number - BigInt(keepDiffs)
  if (oldest > 0n)
    writes.push([diffKey(oldest), undefined], [precompileCallsKey(oldest), undefined])
  return writes
}

/**
 * The store as it was after block `number`: newer blocks' old values over what it is at `head`.
 *
 * @throws {EvmError} OL_EVM_HISTORY: what a block in between replaced is not kept any more
 */
export function storeAt(
  store: StoreReader,
  { number, head }: { readonly number: bigint; readonly head: bigint },
): StoreReader {
  const replaced = replacedSince(store, { number, head })
  return {
    read: (key) => {
      const text = byteText(key)
      return replaced.has(text) ? replaced.get(text) : store.read(key)
    },
  }
}

/**
 * Keys of the flat tables that changed after block `number`, with what they held then.
 *
 * @throws {EvmError} OL_EVM_HISTORY
 */
export function replacedSince(
  store: StoreReader,
  { number, head }: { readonly number: bigint; readonly head: bigint },
): Values {
  const replaced = new Map<string, Uint8Array | undefined>()
  for (let above = head; above > number; above--) {
    // Older blocks come later and overwrite: what counts is the value right above `number`.
    for (const [key, value] of replacedBy(store, above)) replaced.set(key, value)
  }
  return replaced
}

/**
 * Keys of the flat tables that a block changed, with what they held before.
 *
 * @throws {EvmError} OL_EVM_HISTORY: it is not kept any more
 */
export function* replacedBy(
  store: StoreReader,
  number: bigint,
): Generator<readonly [key: string, before: Uint8Array | undefined]> {
  const diff = store.read(diffKey(number))
  if (diff === undefined) throw missingState(number - 1n, number)
  const entries = new RecordReader(decodeRlp(diff, 2))
  while (!entries.done) {
    const entry = entries.list()
    yield [byteText(entry.bytes()), entry.done ? undefined : entry.bytes()]
  }
}

/** What precompiles answered in a block. */
export function precompileCallsAt(store: StoreReader, number: bigint): PrecompileCalls {
  const value = store.read(precompileCallsKey(number))
  return value === undefined ? new Map() : decodePrecompileCalls(value)
}

/** There is no such state. @param oldest - about where the kept ones begin */
export function missingState(number: bigint, oldest: bigint): EvmError {
  return new EvmError(`the state of block ${number} is not kept`, {
    code: 'OL_EVM_HISTORY',
    number,
    oldest,
  })
}
