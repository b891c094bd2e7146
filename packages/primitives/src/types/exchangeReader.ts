import type { Address, Height } from './ids.ts'

/** A perpetual position as contracts see it. */
export interface PositionReading {
  /** Signed, lots of 10^-szDecimals; above 0 is long. */
  readonly size: bigint
  /** 1e-6 USDC. */
  readonly entryNotional: bigint
  /** 1e-6 USDC; 0 when the position is cross. */
  readonly isolatedRawUsd: bigint
  readonly leverage: number
  readonly isIsolated: boolean
}

/** A spot balance as contracts see it. */
export interface SpotBalanceReading {
  /** Token wei. */
  readonly total: bigint
  /** Token wei locked by resting orders. */
  readonly hold: bigint
  /** 1e-6 USDC. */
  readonly entryNotional: bigint
}

/**
 * Synchronous read-only view that contracts get of the exchange: the Core as it is when the EVM block is built.
 *
 * `undefined` means that the asset or token does not exist; an unknown user reads as zeros.
 * @see docs/spec/hyperliquid.md §11
 */
export interface ExchangeReader {
  readonly height: Height
  positionOf(user: Address, perp: number): PositionReading | undefined
  spotBalanceOf(user: Address, token: number): SpotBalanceReading | undefined
  /** Ticks of 10^-(6 - szDecimals). */
  markPriceOf(perp: number): bigint | undefined
  /** Ticks of 10^-(6 - szDecimals). */
  oraclePriceOf(perp: number): bigint | undefined
  userExists(user: Address): boolean
}
