import {
  type Address,
  bytesToHex,
  concatBytes,
  type Height,
  hexToBytes,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { heightToBytes, KEYSPACE } from '@openliquid/storage'

/** Second byte under the history space. */
export const HISTORY_SPACE = {
  order: 0x61,
  coin: 0x63,
  events: 0x65,
  cloid: 0x69,
  candle: 0x6b,
  outcome: 0x6f,
  receipt: 0x72,
  user: 0x75,
  coreWriter: 0x78,
} as const

/** What is listed by user and by coin: the byte after the owner. */
export const LISTED = {
  reward: 0x65,
  fill: 0x66,
  fundingRate: 0x67,
  ledger: 0x6c,
  funding: 0x70,
  slice: 0x73,
  stake: 0x6b,
  trade: 0x74,
  value: 0x76,
  twap: 0x77,
} as const

/** Milliseconds from `startMs` to `endMs`, both included. */
export interface TimeRange {
  readonly startMs: number
  readonly endMs: number
  /** Takes the last ones of the range instead of the first, and lists them newest first. */
  readonly newestFirst?: boolean
}

export function historyKey(space: number, ...rest: Uint8Array[]): Uint8Array {
  return concatBytes(Uint8Array.of(KEYSPACE.history, space), ...rest)
}

/** Prefix of all events of one kind that a user has. */
export function userList(user: Address, kind: number): Uint8Array {
  return historyKey(HISTORY_SPACE.user, user, Uint8Array.of(kind))
}

/** Prefix of all events of one kind that a market has. */
export function coinList(coin: string, kind: number): Uint8Array {
  return historyKey(HISTORY_SPACE.coin, coinBytes(coin), Uint8Array.of(kind))
}

/** Its length comes first, so that no coin is a prefix of another. */
export function coinBytes(coin: string): Uint8Array {
  const name = utf8ToBytes(coin)
  return concatBytes(uintToBytes(name.length, 2), name)
}

/** Place of an event in a list: by block time, then as it happened. */
export function listedKey(
  list: Uint8Array,
  place: { readonly timeMs: number; readonly height: Height; readonly index: number },
): Uint8Array {
  return concatBytes(
    list,
    uintToBytes(place.timeMs, 8),
    heightToBytes(place.height),
    uintToBytes(place.index, 4),
  )
}

/** The part of a list, or of candles, that lies in a range of time. */
export function timeRangeOf(
  list: Uint8Array,
  { startMs, endMs, newestFirst = false }: TimeRange,
): { readonly gte: Uint8Array; readonly lt: Uint8Array; readonly reverse: boolean } {
  return {
    reverse: newestFirst,
    gte: concatBytes(list, uintToBytes(startMs, 8)),
    lt: concatBytes(list, uintToBytes(endMs + 1, 8)),
  }
}

const BYTES = '$bytes'
const TEXT = new TextDecoder()

export function jsonToBytes(value: unknown): Uint8Array {
  const text = JSON.stringify(value, (_, item: unknown) =>
    item instanceof Uint8Array ? { [BYTES]: bytesToHex(item) } : item,
  )
  return utf8ToBytes(text)
}

/** Reads what `jsonToBytes` wrote; the checksum of the store vouches for it. */
export function bytesToJson<T>(bytes: Uint8Array): T {
  return JSON.parse(TEXT.decode(bytes), (_, item: unknown) => {
    if (typeof item !== 'object' || item === null || !(BYTES in item)) return item
    return typeof item[BYTES] === 'string' ? hexToBytes(item[BYTES]) : item
  }) as T
}
