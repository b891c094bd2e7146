import type { Address, Hash, KeyValueStore } from '@openliquid/primitives'
import { byteText, textBytes } from './byteText.ts'
import { EvmError } from './errors.ts'
import type { JournaledState } from './journaledState.ts'
import { keccak256 } from './keccak.ts'
import { slotKey } from './keys.ts'
import { STORAGE_RANGE_SLOTS_MAX } from './limits.ts'
import { replacedBy } from './stateHistory.ts'
import type { StoreReader } from './versionedStore.ts'
import { wordBytes } from './word.ts'

/** Filled slots of one account in the order of their hashes, which is that of the trie. */
export interface EvmStorageRange {
  readonly slots: readonly {
    readonly hash: Hash
    readonly slot: Uint8Array
    /** Without leading zeros. */
    readonly value: Uint8Array
  }[]
  /** Hash of the first one beyond the limit. */
  readonly next: Hash | undefined
}

const FIRST_SLOT = new Uint8Array(32)
const SLOT_BYTES = 32

/**
 * Slots of an account in a state, from a hash on.
 *
 * The tables are of the newest block and not in the order of hashes, so all slots of the account are looked at: those
 * that are filled now, those that blocks since then have changed, and those that the state itself has.
 *
 * @throws {EvmError} OL_EVM_STORAGE_RANGE: the account has more slots than are looked at
 */
export async function storageRange(
  state: JournaledState,
  {
    address,
    start,
    limit,
  }: { readonly address: Address; readonly start: Hash; readonly limit: number },
  tables: {
    readonly store: KeyValueStore
    readonly reader: StoreReader
    /** Block that the state stands on, and the newest. */
    readonly number: bigint
    readonly head: bigint
  },
): Promise<EvmStorageRange> {
  const found = new Set<string>()
  const add = (slot: string): void => {
    found.add(slot)
    if (found.size <= STORAGE_RANGE_SLOTS_MAX) return
    throw new EvmError(`the account has more than ${STORAGE_RANGE_SLOTS_MAX} slots`, {
      code: 'OL_EVM_STORAGE_RANGE',
      max: STORAGE_RANGE_SLOTS_MAX,
    })
  }
  const cell = state.cell(address)
  for (const slot of cell.slots.keys()) add(byteText(wordBytes(slot)))
  if (cell.before !== undefined) {
    const first = slotKey(address, cell.before.incarnation, FIRST_SLOT)
    const prefix = byteText(first.subarray(0, -SLOT_BYTES))
    for await (const [key] of tables.store.entries({ gte: first })) {
      const text = byteText(key)
      if (!text.startsWith(prefix)) break
      add(text.slice(prefix.length))
    }
    for (let above = tables.head; above > tables.number; above--) {
      for (const [text] of replacedBy(tables.reader, above)) {
        if (text.startsWith(prefix)) add(text.slice(prefix.length))
      }
    }
  }
  const from = byteText(start)
  const filled = [...found]
    .map((text) => textBytes(text))
    .map((slot) => ({ hash: keccak256(slot), slot, value: state.slot(address, slot) }))
    .filter(({ hash, value }) => value.length > 0 && byteText(hash) >= from)
    .sort((a, b) => (byteText(a.hash) < byteText(b.hash) ? -1 : 1))
  return { slots: filled.slice(0, limit), next: filled[limit]?.hash }
}
