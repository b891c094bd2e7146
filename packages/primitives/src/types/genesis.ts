import type { Hex } from './ids.ts'

/** Genesis file, version 1: JSON, amounts as decimal strings. Its hash is in every hello and every signature. */
export interface Genesis {
  readonly version: 1
  readonly chainId: number
  readonly network: 'Mainnet' | 'Testnet'
  readonly genesisTimeMs: number
  readonly consensus: ConsensusParams
  readonly validators: readonly GenesisValidator[]
  readonly core: GenesisCore
  readonly evm: GenesisEvm
}

/** docs/spec/consensus.md §13. */
export interface ConsensusParams {
  readonly scheme: 'bls' | 'ed25519'
  readonly highTip: boolean
  readonly viewTimeoutMs: number
  /** Growth of the view timer per timed-out view, in thousandths: 1500 is 1.5. */
  readonly viewTimeoutGrowthMilli: number
  /** Timed-out views in a row before the timer grows. */
  readonly viewTimeoutFreeFailures: number
  readonly viewTimeoutMsMax: number
  readonly backupDelayMs: number
  /** Pace of empty blocks; below backupDelayMs unless the chain has one validator. */
  readonly minBlockIntervalMs: number
  readonly clockDriftMsMax: number
  readonly epochDurationMs: number
  readonly unbondingMs: number
}

export interface GenesisValidator {
  readonly address: Hex
  readonly signer: Hex
  readonly voteKey: Hex
  readonly nodeKey: Hex
  /** Proofs of possession by both keys; docs/spec/consensus.md §2.1 type 6. */
  readonly proofs: { readonly voteKey: Hex; readonly nodeKey: Hex }
  /** 1e-8 HYPE as an integer. */
  readonly stake: string
}

export interface GenesisToken {
  readonly name: string
  readonly fullName?: string
  readonly index: number
  readonly tokenId: Hex
  readonly szDecimals: number
  readonly weiDecimals: number
  readonly isCanonical: boolean
  /** Pairs may be quoted in it, as in USDC. */
  readonly isQuote?: boolean
  /** May link the token to a contract of the EVM. */
  readonly deployer?: Hex
  readonly evmContract?: { readonly address: Hex; readonly evmExtraWeiDecimals: number }
}

export interface GenesisSpotPair {
  readonly name: string
  readonly index: number
  /** Token indexes. */
  readonly base: number
  readonly quote: number
  readonly isCanonical: boolean
  /** Decimal string in quote per base: the price shown before the first trade. */
  readonly px?: string
}

export interface GenesisPerp {
  readonly name: string
  readonly szDecimals: number
  readonly maxLeverage: number
  readonly marginTableId: number
  readonly onlyIsolated?: boolean
  /** Of an isolated-only perp: whether margin may be taken out of a position; `strictIsolated` when absent. */
  readonly marginMode?: 'strictIsolated' | 'noCross'
  /** USDC that impact prices are measured with, decimal string; 6000 when absent. */
  readonly impactNtl?: string
  /** USDC of open interest from which on nobody may open, decimal string; none when absent. */
  readonly openInterestCap?: string
  /** USDC by which open interest may grow in an hour, decimal string; any when absent. */
  readonly openInterestIncrease?: string
  /** Has no price outside of the exchange: `oraclePx` is its first one, and its own marks make the next. */
  readonly isHyperp?: boolean
  /** Keeps its id, and nobody trades it. */
  readonly isDelisted?: boolean
  /** Decimal string, quote per base. */
  readonly oraclePx: string
}

export interface GenesisMarginTable {
  readonly id: number
  readonly description: string
  readonly marginTiers: readonly { readonly lowerBound: string; readonly maxLeverage: number }[]
}

export interface GenesisCore {
  readonly tokens: readonly GenesisToken[]
  readonly spotPairs: readonly GenesisSpotPair[]
  /** Asset ids are positions. */
  readonly perps: readonly GenesisPerp[]
  readonly marginTables: readonly GenesisMarginTable[]
  readonly balances: readonly GenesisBalance[]
  readonly fees: GenesisFees
  readonly limits: { readonly addressLimits: boolean; readonly openOrdersMax: number }
  readonly risk?: GenesisRisk
  readonly staking?: GenesisStaking
}

/** Parameters of staking; what is absent has a default. HYPE as decimal strings, shares in millionths. */
export interface GenesisStaking {
  /** HYPE that a validator must delegate to itself; 10000 when absent. */
  readonly selfDelegationMin?: string
  /** One year when absent. */
  readonly selfLockMs?: number
  /** One day when absent. */
  readonly delegationLockMs?: number
  /** Members of one epoch's set; as many as consensus takes when absent. */
  readonly validatorsMax?: number
  /** One hour when absent. */
  readonly jailMs?: number
  /** Own missed slots in an epoch that jail, when they are most of a validator's; 20 when absent. */
  readonly missedSlotsMin?: number
  /** Blocks without any vote of a member that jail it; 2000 when absent. */
  readonly silentBlocks?: number
  /** Burned for two signatures where there may be one; 50000 when absent. */
  readonly equivocationPpm?: number
  /** Burned for conflicting timeouts; 1000 when absent. */
  readonly conflictingTimeoutsPpm?: number
  /** Yearly reward where 400 million HYPE are staked; 23700 when absent. */
  readonly rewardPpm?: number
  /** HYPE that rewards are paid from; none when absent. */
  readonly futureEmissions?: string
}

/** Parameters of liquidation; what is absent has a default. */
export interface GenesisRisk {
  /** Account that takes over what the market does not. */
  readonly liquidatorVault?: Hex
  /** USDC above which a position goes to the market in steps, decimal string; 100000 when absent. */
  readonly partialLiquidationNtl?: string
}

export interface GenesisBalance {
  readonly address: Hex
  /** Human decimal amounts by token name. */
  readonly spot?: Readonly<Record<string, string>>
  /** Human decimal amount of USDC. */
  readonly perp?: string
}

/** Rates in millionths of the notional: 450 is 0.045 %. */
export interface GenesisFees {
  readonly perpTakerPpm: number
  readonly perpMakerPpm: number
  readonly spotTakerPpm: number
  readonly spotMakerPpm: number
  readonly collector: Hex
  /** Rates above a volume of 14 days, ascending; without tiers everyone pays the same. */
  readonly tiers?: readonly GenesisFeeTier[]
  /** Discounts above so much delegated HYPE (decimal string), ascending. */
  readonly stakingDiscounts?: readonly { readonly stake: string; readonly discountPpm: number }[]
  readonly referral?: GenesisReferral
  /** Rebates above a share of all maker volume, ascending. */
  readonly makerRebates?: readonly { readonly sharePpm: number; readonly rebatePpm: number }[]
}

/** Terms of referrals: shares in millionths, volumes in USDC as decimal strings. */
export interface GenesisReferral {
  readonly discountPpm: number
  /** What a referred account may trade with the discount. */
  readonly discountVolume: string
  /** Of the fees that a referred account pays, for who referred it. */
  readonly sharePpm: number
  readonly shareVolume: string
  /** What an account must have traded before it may refer others. */
  readonly codeVolume: string
}

export interface GenesisFeeTier {
  /** USDC of perps plus twice that of spot, decimal string. */
  readonly volume: string
  readonly perpTakerPpm: number
  readonly perpMakerPpm: number
  readonly spotTakerPpm: number
  readonly spotMakerPpm: number
}

export interface GenesisEvm {
  /** Balance in wei as a decimal string. */
  readonly alloc: Readonly<
    Record<
      string,
      {
        readonly balance: string
        readonly nonce?: number
        readonly code?: Hex
        readonly storage?: Readonly<Record<string, Hex>>
      }
    >
  >
  /** One or two kinds of EVM blocks; period 0 is "whenever there is work". */
  readonly lanes: readonly GenesisLane[]
  /** Nonces above the account's that one sender may use in one block. */
  readonly nonceWindow: number
}

export interface GenesisLane {
  readonly periodMs: number
  readonly gasLimit: number
  /** Wei, decimal string. */
  readonly baseFee: string
  /** Wei, decimal string. */
  readonly baseFeeMin: string
}
