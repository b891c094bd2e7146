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

/** What a user has in a vault. */
export interface VaultEquityReading {
  /** 1e-6 USDC. */
  readonly equity: bigint
  readonly lockedUntilMs: bigint
}

/** Stake that a user gave to one validator. */
export interface DelegationReading {
  readonly validator: Address
  /** 1e-8 HYPE. */
  readonly amount: bigint
  readonly lockedUntilMs: bigint
}

/** All stake of a user, 1e-8 HYPE. */
export interface DelegatorSummaryReading {
  readonly delegated: bigint
  readonly undelegated: bigint
  readonly pendingWithdrawal: bigint
  readonly pendingWithdrawalCount: bigint
}

export interface PerpInfoReading {
  readonly coin: string
  readonly marginTableId: number
  readonly szDecimals: number
  readonly maxLeverage: number
  readonly onlyIsolated: boolean
}

export interface SpotInfoReading {
  readonly name: string
  /** Token indexes. */
  readonly base: number
  readonly quote: number
}

export interface TokenInfoReading {
  readonly name: string
  /** Indexes of the pairs that trade the token, ascending. */
  readonly spotPairs: readonly number[]
  readonly deployerTradingFeeShare: bigint
  /** Zero for a token of the genesis without one. */
  readonly deployer: Address
  /** Zero when the token has none. */
  readonly evmContract: Address
  readonly szDecimals: number
  readonly weiDecimals: number
  readonly evmExtraWeiDecimals: number
}

/** Token wei of both worlds. */
export interface TokenSupplyReading {
  readonly maxSupply: bigint
  readonly totalSupply: bigint
  readonly circulatingSupply: bigint
  readonly futureEmissions: bigint
  readonly nonCirculating: readonly { readonly user: Address; readonly balance: bigint }[]
}

/** Best prices in ticks of the market; 0 for an empty side. */
export interface BestPricesReading {
  readonly bid: bigint
  readonly ask: bigint
}

/** The perp account of a user with all its positions, 1e-6 USDC. */
export interface MarginSummaryReading {
  /** Signed. */
  readonly accountValue: bigint
  readonly marginUsed: bigint
  readonly positionNotional: bigint
  /** Signed. */
  readonly rawUsd: bigint
}

/**
 * Synchronous read-only view that contracts get of the exchange: the Core as it is when the EVM block is built.
 *
 * `undefined` means that the asset, token, vault or perp dex does not exist; an unknown user reads as zeros.
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
  vaultEquityOf(user: Address, vault: Address): VaultEquityReading | undefined
  /** 1e-6 USDC that may leave the perp account. */
  withdrawableOf(user: Address): bigint
  delegationsOf(user: Address): readonly DelegationReading[]
  delegatorSummaryOf(user: Address): DelegatorSummaryReading
  /** Ticks of 10^-(8 - szDecimals of the base) of a pair by its index: the last trade, or the price it was listed at. */
  spotPriceOf(pair: number): bigint | undefined
  perpInfoOf(perp: number): PerpInfoReading | undefined
  spotInfoOf(pair: number): SpotInfoReading | undefined
  tokenInfoOf(token: number): TokenInfoReading | undefined
  tokenSupplyOf(token: number): TokenSupplyReading | undefined
  /** By the asset id of docs/spec/hyperliquid.md §1.2. */
  bestPricesOf(asset: number): BestPricesReading | undefined
  marginSummaryOf(dex: number, user: Address): MarginSummaryReading | undefined
}
