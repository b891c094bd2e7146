import type { ActionReceipt, ExchangeEvent, FillEvent } from '@openliquid/exchange'
import {
  type Address,
  bytesToHex,
  bytesToUint,
  concatBytes,
  type Hash,
  type Height,
  hexToBytes,
  type KeyValueStore,
  uintToBytes,
  utf8ToBytes,
  type Write,
} from '@openliquid/primitives'
import { heightToBytes, KEYSPACE } from '@openliquid/storage'
import { USER_FILLS_MAX } from './limits.ts'

/** Second byte under the history space. */
const SPACE = { outcome: 0x6f, receipt: 0x72, events: 0x65, fill: 0x66 } as const

const HEIGHT_MAX = (1n << 64n) - 1n
const INDEX_MAX = 0xffff_ffff

/** Where a transaction ended: its place, from which the receipt is read. */
export type StoredOutcome =
  | { readonly kind: 'action'; readonly height: Height; readonly index: number }
  | { readonly kind: 'evm'; readonly height: Height; readonly evmHash: Hash }

/** What one block leaves for the APIs. */
export interface BlockHistory {
  readonly height: Height
  readonly receipts: readonly ActionReceipt[]
  readonly events: readonly ExchangeEvent[]
  readonly evm: readonly { readonly txId: Hash; readonly evmHash: Hash }[]
}

/** Receipts, events and fills of executed blocks. Nothing here is state: no later block depends on it. */
export class History {
  readonly #store: KeyValueStore

  constructor(store: KeyValueStore) {
    this.#store = store
  }

  outcomeOf(txId: Hash): StoredOutcome | undefined {
    const stored = this.#store.get(key(SPACE.outcome, txId))
    if (stored === undefined) return undefined
    const height = bytesToUint(stored.subarray(1, 9))
    return stored[0] === 0
      ? { kind: 'action', height, index: Number(bytesToUint(stored.subarray(9))) }
      : { kind: 'evm', height, evmHash: stored.slice(9) }
  }

  receiptAt(height: Height, index: number): ActionReceipt | undefined {
    const stored = this.#store.get(receiptKey(height, index))
    return stored === undefined ? undefined : bytesToJson<ActionReceipt>(stored)
  }

  /** Events of a block in the order they happened. */
  eventsAt(height: Height): readonly ExchangeEvent[] {
    const stored = this.#store.get(key(SPACE.events, heightToBytes(height)))
    return stored === undefined ? [] : bytesToJson<readonly ExchangeEvent[]>(stored)
  }

  /** Newest first. */
  async userFills(user: Address, limit: number = USER_FILLS_MAX): Promise<FillEvent[]> {
    const fills: FillEvent[] = []
    const gte = key(SPACE.fill, user)
    const lt = key(SPACE.fill, user, new Uint8Array(13).fill(0xff))
    for await (const [, value] of this.#store.entries({ gte, lt, limit })) {
      fills.push(bytesToJson<FillEvent>(value))
    }
    return fills
  }

  /** What a block's batch must hold so that the reads above find it. */
  writesOf({ height, receipts, events, evm }: BlockHistory): Write[] {
    const heightBytes = heightToBytes(height)
    const writes: Write[] = []
    for (const [index, receipt] of receipts.entries()) {
      const place = concatBytes(Uint8Array.of(0), heightBytes, uintToBytes(index, 4))
      writes.push([key(SPACE.outcome, receipt.txId), place])
      writes.push([receiptKey(height, index), jsonToBytes(receipt)])
    }
    for (const { txId, evmHash } of evm) {
      const place = concatBytes(Uint8Array.of(1), heightBytes, evmHash)
      writes.push([key(SPACE.outcome, txId), place])
    }
    if (events.length > 0) writes.push([key(SPACE.events, heightBytes), jsonToBytes(events)])
    for (const [index, event] of events.entries()) {
      if (event.kind === 'fill') writes.push([fillKey(event, height, index), jsonToBytes(event)])
    }
    return writes
  }
}

/** Newest first in byte order, so that a forward scan answers the usual question. */
function fillKey({ user }: FillEvent, height: Height, index: number): Uint8Array {
  const newestFirst = heightToBytes(HEIGHT_MAX - height)
  return key(SPACE.fill, user, newestFirst, uintToBytes(INDEX_MAX - index, 4))
}

function receiptKey(height: Height, index: number): Uint8Array {
  return key(SPACE.receipt, heightToBytes(height), uintToBytes(index, 4))
}

function key(space: number, ...rest: Uint8Array[]): Uint8Array {
  return concatBytes(Uint8Array.of(KEYSPACE.history, space), ...rest)
}

const BYTES = '$bytes'
const TEXT = new TextDecoder()

function jsonToBytes(value: unknown): Uint8Array {
  const text = JSON.stringify(value, (_, item: unknown) =>
    item instanceof Uint8Array ? { [BYTES]: bytesToHex(item) } : item,
  )
  return utf8ToBytes(text)
}

/** Reads what `jsonToBytes` wrote; the checksum of the store vouches for it. */
function bytesToJson<T>(bytes: Uint8Array): T {
  return JSON.parse(TEXT.decode(bytes), (_, item: unknown) => {
    if (typeof item !== 'object' || item === null || !(BYTES in item)) return item
    return typeof item[BYTES] === 'string' ? hexToBytes(item[BYTES]) : item
  }) as T
}
