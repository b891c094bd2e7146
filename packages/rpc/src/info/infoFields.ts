import {
  type BookAggregation,
  CANDLE_INTERVALS,
  type CandleInterval,
  type ChainView,
  type TimeRange,
} from '@openliquid/execution'
import { type Address, hexToBytes } from '@openliquid/primitives'
import { RpcError } from '../errors.ts'

/** The fields of a query or a subscription, before they are read. */
export type Fields = Readonly<Record<string, unknown>>

/** Longest coin name that is looked up. */
const COIN_LENGTH_MAX = 64

export function userOf(fields: Fields, name: string = 'user'): Address {
  const user = fields[name]
  if (typeof user !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(user)) {
    throw invalid(`${name} is an address: 0x and 40 hex digits`)
  }
  return hexToBytes(user)
}

export function coinOf(fields: Fields): string {
  const coin = fields['coin']
  if (typeof coin !== 'string' || coin.length > COIN_LENGTH_MAX) throw invalid('coin is a name')
  return coin
}

/** A coin that has a market. */
export function knownCoinOf(view: ChainView, fields: Fields): string {
  const coin = coinOf(fields)
  if (view.core.l2Book(coin) === undefined) throw invalid('there is no such coin')
  return coin
}

/** The exchange without builder dexes: `dex` is absent or empty. */
export function defaultDexOnly(fields: Fields): void {
  const dex = fields['dex']
  if (!isAbsent(dex) && dex !== '') throw invalid('there is no such dex')
}

export function flagOf(fields: Fields, name: string): boolean {
  const value = fields[name]
  if (isAbsent(value)) return false
  if (typeof value !== 'boolean') throw invalid(`${name} is true or false`)
  return value
}

/** `startTime` and, up to which an absent one means everything since, `endTime`. */
export function timeRangeOf(fields: Fields): TimeRange {
  const { startTime, endTime } = fields
  const range = {
    startMs: timeOf(startTime, 'startTime'),
    endMs: isAbsent(endTime) ? TIME_MS_MAX : timeOf(endTime, 'endTime'),
  }
  if (range.endMs < range.startMs) throw invalid('endTime is before startTime')
  return range
}

/** Year 10889: leaves room for the ends of intervals below 2^53. */
const TIME_MS_MAX = 2 ** 48

function timeOf(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw invalid(`${name} is a whole number of milliseconds`)
  }
  return Math.min(value, TIME_MS_MAX)
}

export function intervalOf(fields: Fields): CandleInterval {
  const interval = CANDLE_INTERVALS.find((name) => name === fields['interval'])
  if (interval === undefined) throw invalid(`interval is one of ${CANDLE_INTERVALS.join(' ')}`)
  return interval
}

/** How coarse a book is asked for; §10.1 of docs/spec/hyperliquid.md. */
export function aggregationOf(fields: Fields): BookAggregation | undefined {
  const { nSigFigs, mantissa } = fields
  const figures = FIGURES.find((value) => value === nSigFigs)
  if (isAbsent(nSigFigs)) {
    if (!isAbsent(mantissa)) throw invalid('mantissa needs nSigFigs 5')
    return undefined
  }
  if (figures === undefined) throw invalid('nSigFigs is 2, 3, 4 or 5')
  if (isAbsent(mantissa)) return { figures, mantissa: 1 }
  const known = MANTISSAS.find((value) => value === mantissa)
  if (known === undefined || figures !== 5) throw invalid('mantissa is 1, 2 or 5 with nSigFigs 5')
  return { figures, mantissa: known }
}

const FIGURES = [2, 3, 4, 5] as const
const MANTISSAS = [1, 2, 5] as const

export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null
}

export function invalid(reason: string): RpcError {
  return new RpcError(reason, { code: 'OL_RPC_PARAMS', reason })
}
