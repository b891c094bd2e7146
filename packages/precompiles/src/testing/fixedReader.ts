import { bytesToHex, type ExchangeReader, type PositionReading } from '@openliquid/primitives'
import { emptyExchange } from '@openliquid/primitives/testing'

/** Values that a `fixedReader` shows. Keys are `0x` addresses with an asset or token: `0x…/3`. */
export interface FixedReadings extends Partial<Omit<ExchangeReader, 'height'>> {
  readonly height?: bigint
  readonly markPrices?: Readonly<Record<number, bigint>>
  readonly oraclePrices?: Readonly<Record<number, bigint>>
  readonly positions?: Readonly<Record<string, PositionReading>>
  readonly tokens?: readonly number[]
  readonly spotTotals?: Readonly<Record<string, bigint>>
}

/** An exchange that never changes, for tests of everything that reads one. */
export function fixedReader(readings: FixedReadings = {}): ExchangeReader {
  const { height = 0n, markPrices = {}, oraclePrices = {}, positions = {} } = readings
  const { tokens = [], spotTotals = {}, ...others } = readings
  return {
    ...emptyExchange,
    ...others,
    height,
    positionOf(user, perp) {
      if (oraclePrices[perp] === undefined) return undefined
      const none = { size: 0n, entryNotional: 0n, isolatedRawUsd: 0n }
      const flat: PositionReading = { ...none, leverage: 20, isIsolated: false }
      return positions[`${bytesToHex(user)}/${perp}`] ?? flat
    },
    spotBalanceOf(user, token) {
      if (!tokens.includes(token)) return undefined
      const total = spotTotals[`${bytesToHex(user)}/${token}`] ?? 0n
      return { total, hold: 0n, entryNotional: 0n }
    },
    markPriceOf: (perp) => markPrices[perp],
    oraclePriceOf: (perp) => oraclePrices[perp],
  }
}
