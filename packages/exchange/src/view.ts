import type { Address, ExchangeReader, Height } from '@openliquid/primitives'
import type { BookAggregation } from './bookAggregation.ts'
import type { OrderJson, TwapUpdateEvent } from './events.ts'
import type { UserFeesReading } from './feeView.ts'
import type { NonceVerdict } from './nonces.ts'
import type { ReferralReading, StakingLinkJson } from './profiles/profileView.ts'
import type { SpotDeployStateJson } from './spotDeployView.ts'
import type { ValidatorReading } from './staking/stakingView.ts'
import type { HoldingReading, VaultReading } from './vaults/vaultView.ts'

export interface MetaJson {
  readonly universe: readonly {
    readonly szDecimals: number
    readonly name: string
    readonly maxLeverage: number
    readonly marginTableId: number
    readonly onlyIsolated?: true
    readonly marginMode?: string
    readonly isDelisted?: true
  }[]
  readonly marginTables: readonly (readonly [
    id: number,
    table: {
      readonly description: string
      readonly marginTiers: readonly {
        readonly lowerBound: string
        readonly maxLeverage: number
      }[]
    },
  ])[]
  readonly collateralToken: number
}

export interface SpotMetaJson {
  readonly universe: readonly {
    readonly tokens: readonly [base: number, quote: number]
    readonly name: string
    readonly index: number
    readonly isCanonical: boolean
  }[]
  readonly tokens: readonly {
    readonly name: string
    readonly szDecimals: number
    readonly weiDecimals: number
    readonly index: number
    readonly tokenId: string
    readonly isCanonical: boolean
    readonly evmContract: null | {
      readonly address: string
      readonly evm_extra_wei_decimals: number
    }
    readonly fullName: string | null
    readonly deployerTradingFeeShare: string
  }[]
}

export interface BookLevelJson {
  readonly px: string
  readonly sz: string
  /** Orders in the level. */
  readonly n: number
}

export interface L2BookJson {
  readonly coin: string
  readonly time: number
  /** Bids, asks; best first; at most 20 each. */
  readonly levels: readonly [readonly BookLevelJson[], readonly BookLevelJson[]]
}

export interface MarginSummaryJson {
  readonly accountValue: string
  readonly totalNtlPos: string
  readonly totalRawUsd: string
  readonly totalMarginUsed: string
}

export interface ClearinghouseStateJson {
  readonly marginSummary: MarginSummaryJson
  readonly crossMarginSummary: MarginSummaryJson
  readonly crossMaintenanceMarginUsed: string
  readonly withdrawable: string
  readonly assetPositions: readonly {
    readonly type: 'oneWay'
    readonly position: {
      readonly coin: string
      readonly szi: string
      readonly leverage:
        | { readonly type: 'cross'; readonly value: number }
        | { readonly type: 'isolated'; readonly value: number; readonly rawUsd: string }
      readonly entryPx: string
      readonly positionValue: string
      readonly unrealizedPnl: string
      readonly returnOnEquity: string
      readonly liquidationPx: string | null
      readonly marginUsed: string
      readonly maxLeverage: number
      readonly cumFunding: {
        readonly allTime: string
        readonly sinceOpen: string
        readonly sinceChange: string
      }
    }
  }[]
  readonly time: number
}

export interface SpotClearinghouseStateJson {
  readonly balances: readonly {
    readonly coin: string
    readonly token: number
    readonly total: string
    readonly hold: string
    readonly entryNtl: string
  }[]
}

export interface FrontendOrderJson {
  readonly coin: string
  readonly side: 'A' | 'B'
  readonly limitPx: string
  readonly sz: string
  readonly oid: number
  readonly timestamp: number
  readonly origSz: string
  /** `Price above 1.5`, or `N/A`. */
  readonly triggerCondition: string
  readonly isTrigger: boolean
  readonly triggerPx: string
  /** TP/SL orders that wait for the fill of this one. */
  readonly children: readonly FrontendOrderJson[]
  readonly isPositionTpsl: boolean
  readonly reduceOnly: boolean
  readonly orderType: string
  readonly tif: string | null
  readonly cloid: string | null
}

export interface PerpCtxJson {
  readonly coin: string
  readonly markPx: string
  readonly oraclePx: string
  readonly midPx: string | null
  readonly openInterest: string
  /** Rate of the running hour, from the samples so far. */
  readonly funding: string
  /** `null` while the book is too thin. */
  readonly premium: string | null
  /** Average prices to sell and to buy the impact notional at. */
  readonly impactPxs: readonly [bid: string, ask: string] | null
}

export interface ExtraAgentJson {
  readonly address: string
  readonly name: string
  readonly validUntil: number | null
}

/** What some validators want. */
export interface L1VoteReading {
  /** Perp to delist. */
  readonly coin: string
  /** When the first of the votes stops to count. */
  readonly expireMs: number
  /** Validators, by address. */
  readonly votes: readonly string[]
}

export interface MultiSigSignersJson {
  readonly authorizedUsers: readonly string[]
  readonly threshold: number
}

export interface SubAccountJson {
  readonly name: string
  readonly subAccountUser: string
  readonly master: string
  readonly clearinghouseState: ClearinghouseStateJson
  readonly spotState: SpotClearinghouseStateJson
}

export type UserRoleJson =
  | { readonly role: 'missing' | 'user' | 'vault' }
  | { readonly role: 'agent'; readonly data: { readonly user: string } }
  | { readonly role: 'subAccount'; readonly data: { readonly master: string } }

export interface SpotCtxJson {
  readonly coin: string
  /** The last trade, or the price it was listed at. */
  readonly markPx: string
  readonly midPx: string | null
  readonly circulatingSupply: string
  readonly totalSupply: string
}

/** What a user could trade of a perp now; buying first. */
export interface ActiveAssetDataJson {
  readonly user: string
  readonly coin: string
  readonly leverage: ClearinghouseStateJson['assetPositions'][number]['position']['leverage']
  readonly maxTradeSzs: readonly [buy: string, sell: string]
  /** USDC. */
  readonly availableToTrade: readonly [buy: string, sell: string]
  readonly markPx: string
}

/** Requests are counted while the chain limits addresses; docs/spec/hyperliquid.md §8.2. */
export interface UserRateLimitJson {
  /** USDC traded in all. */
  readonly cumVlm: string
  readonly nRequestsUsed: number
  readonly nRequestsCap: number
  /** Bought requests that are left. */
  readonly nRequestsSurplus: number
}

/**
 * Read access to the state after the last executed block, in the very JSON of docs/spec/hyperliquid.md §10.1.
 *
 * Users that do not exist read as empty; an unknown coin reads as `undefined`.
 */
export interface ExchangeView {
  readonly height: Height
  readonly timestampMs: number
  meta(): MetaJson
  spotMeta(): SpotMetaJson
  /** Mid by coin; the last trade, else the oracle price, when a side is empty; coins without any price are left out. */
  allMids(): Readonly<Record<string, string>>
  perpContexts(): readonly PerpCtxJson[]
  spotContexts(): readonly SpotCtxJson[]
  /** Prices as they are, or rounded away from the touch. */
  l2Book(coin: string, aggregation?: BookAggregation): L2BookJson | undefined
  openOrders(user: Address): readonly OrderJson[]
  frontendOpenOrders(user: Address): readonly FrontendOrderJson[]
  /** An open order by its oid, resting or waiting for its trigger. History is not state. */
  openOrderByOid(
    oid: number,
  ): { readonly user: Address; readonly order: FrontendOrderJson } | undefined
  openOrderByCloid(user: Address, cloid: string): FrontendOrderJson | undefined
  /** Running TWAPs, by id. */
  twapStates(user: Address): readonly (readonly [twapId: number, state: TwapUpdateEvent['state']])[]
  /** Named agents, by address. */
  extraAgents(user: Address): readonly ExtraAgentJson[]
  /** The agent without a name; `null` when there is none. */
  mainAgent(user: Address): ExtraAgentJson | null
  /** Whether the daily sweep leaves the dust of an account alone. */
  keepsDust(user: Address): boolean
  /** Who signs for a multi-signature account; `null` for any other. */
  multiSigSigners(user: Address): MultiSigSignersJson | null
  referral(user: Address): ReferralReading
  stakingLink(user: Address): StakingLinkJson | null
  /** The name that an account chose for itself. */
  displayName(user: Address): string | null
  subAccounts(user: Address): readonly SubAccountJson[] | null
  userRole(user: Address): UserRoleJson
  /** Tenths of a basis point that the user lets a builder take at most. */
  maxBuilderFee(user: Address, builder: Address): number
  /** Builders that a user lets take a fee, by address. */
  approvedBuilders(user: Address): readonly string[]
  clearinghouseState(user: Address): ClearinghouseStateJson
  spotClearinghouseState(user: Address): SpotClearinghouseStateJson
  /** Perps only. */
  activeAssetData(user: Address, coin: string): ActiveAssetDataJson | undefined
  userFees(user: Address): UserFeesReading
  /**
   * Share of all maker volume of the days that count, in millionths, of who a signer acts for; `undefined` on a chain
   * without volumes. What an address may use of a full block follows it; docs/spec/hyperliquid.md §8.2.
   */
  makerSharePpm(signer: Address): number | undefined
  userRateLimit(user: Address): UserRateLimitJson
  /** Whether the address may sign actions: it has an account, or is an agent or the signer of a validator. */
  isSigner(user: Address): boolean
  userExists(user: Address): boolean
  usingBigBlocks(user: Address): boolean
  /** What the nonce rule of §3.5 says of a nonce at a block time, on top of the executed state. */
  checkNonce(signer: Address, nonce: number, timestampMs: number): NonceVerdict
  /** All vaults, by address. */
  vaults(): readonly VaultReading[]
  vault(address: Address): VaultReading | undefined
  /** Who has money in a vault, by address. */
  vaultHoldings(vault: Address): readonly HoldingReading[]
  /** Vaults that a user has money in, by vault. */
  holdingsOf(user: Address): readonly HoldingReading[]
  /** Registered validators, by address. */
  validators(): readonly ValidatorReading[]
  /** What a user deploys, and the price of the next token. */
  spotDeployState(user: Address): SpotDeployStateJson
  /** Accounts below maintenance margin at the marks, by health: the next liquidation takes them. */
  liquidatable(): readonly string[]
  /** The most that a market order may be worth (USDC), by the least leverage of its market. */
  maxMarketOrderNtls(): readonly (readonly [maxLeverage: number, ntl: string])[]
  /** Votes of validators that count now, by perp. */
  l1Votes(): readonly L1VoteReading[]
  /** The same state as contracts see it. */
  reader(): ExchangeReader
}
