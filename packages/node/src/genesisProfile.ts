import type {
  ConsensusParams,
  Genesis,
  GenesisBalance,
  GenesisPerp,
  GenesisToken,
  GenesisValidator,
  Hex,
} from '@openliquid/primitives'
import { DEV_ACCOUNTS } from './devAccounts.ts'
import { MAINNET_SHAPED_CHAIN_ID, mainnetShapedCore } from './mainnetShapedCore.ts'

/** Chain id of every development chain. */
export const DEV_CHAIN_ID = 1998
/** 10,000 HYPE with 18 decimals. */
const DEV_EVM_BALANCE = '10000000000000000000000'
const DEV_SPOT = { USDC: '1000000', PURR: '1000000', HYPE: '10000' } as const
const DEV_PERP = '1000000'
/** docs/spec/consensus.md §13. */
const EPOCH_MS = 5_400_000
/** HYPE that rewards are paid from. */
const FUTURE_EMISSIONS = '388880000'
const FEE_COLLECTOR: Hex = '0xfefefefefefefefefefefefefefefefefefefefe'

/** The chains that `init` and `testnet` can make. */
export const PROFILES = ['dev', 'mainnet-shaped'] as const
export type Profile = (typeof PROFILES)[number]

/** Chain id that validators of a profile prove their keys for. */
export function chainIdOf(profile: Profile): number {
  return profile === 'dev' ? DEV_CHAIN_ID : MAINNET_SHAPED_CHAIN_ID
}

export function genesisOf(profile: Profile, options: DevGenesisOptions): Genesis {
  return profile === 'dev' ? devGenesis(options) : mainnetShapedGenesis(options)
}

/** What the genesis of a development chain depends on. */
export interface DevGenesisOptions {
  readonly genesisTimeMs: number
  readonly validators: readonly GenesisValidator[]
  /** Pace of empty blocks; blocks with transactions never wait for it. */
  readonly minBlockIntervalMs?: number
}

/**
 * The `dev` profile: ten funded accounts, three tokens, two spot pairs, three perpetuals, an EVM block in every block
 * that carries EVM work, one empty block a second.
 */
export function devGenesis(options: DevGenesisOptions): Genesis {
  return {
    version: 1,
    chainId: DEV_CHAIN_ID,
    network: 'Testnet',
    genesisTimeMs: options.genesisTimeMs,
    consensus: devConsensus(options.minBlockIntervalMs ?? 1_000),
    validators: options.validators,
    core: {
      tokens: TOKENS,
      spotPairs: [
        { name: 'PURR/USDC', index: 0, base: 1, quote: 0, isCanonical: true, px: '0.5' },
        { name: '@1', index: 1, base: 2, quote: 0, isCanonical: true, px: '25' },
      ],
      perps: PERPS,
      marginTables: [],
      balances: DEV_ACCOUNTS.map(
        ({ address }): GenesisBalance => ({ address, spot: DEV_SPOT, perp: DEV_PERP }),
      ),
      fees: {
        perpTakerPpm: 450,
        perpMakerPpm: 150,
        spotTakerPpm: 700,
        spotMakerPpm: 400,
        collector: FEE_COLLECTOR,
      },
      limits: { addressLimits: false, openOrdersMax: 5_000 },
      staking: { futureEmissions: FUTURE_EMISSIONS },
    },
    evm: {
      alloc: Object.fromEntries(
        DEV_ACCOUNTS.map(({ address }) => [address, { balance: DEV_EVM_BALANCE }]),
      ),
      lanes: [
        { periodMs: 0, gasLimit: 30_000_000, baseFee: '1000000000', baseFeeMin: '100000000' },
      ],
      nonceWindow: 4_096,
    },
  }
}

/**
 * The `mainnet-shaped` profile: the development accounts on a chain that clients of the main net take for theirs: its
 * chain id and signatures, token, pair and perp ids, fee tiers and limits, EVM blocks every second and every minute.
 */
export function mainnetShapedGenesis(options: DevGenesisOptions): Genesis {
  const dev = devGenesis(options)
  return {
    ...dev,
    chainId: MAINNET_SHAPED_CHAIN_ID,
    network: 'Mainnet',
    core: mainnetShapedCore(dev.core),
    evm: {
      ...dev.evm,
      lanes: [
        { periodMs: 1_000, gasLimit: 3_000_000, ...LANE_FEES },
        { periodMs: 60_000, gasLimit: 30_000_000, ...LANE_FEES },
      ],
      nonceWindow: 8,
    },
  }
}

const LANE_FEES = { baseFee: '1000000000', baseFeeMin: '100000000' } as const

function devConsensus(minBlockIntervalMs: number): ConsensusParams {
  const viewTimeoutMs = Math.max(2_000, 2 * minBlockIntervalMs)
  return {
    scheme: 'bls',
    highTip: false,
    // The view timer runs while a leader paces an empty block: it must outlast the pace and a busy machine.
    viewTimeoutMs,
    viewTimeoutGrowthMilli: 1_500,
    viewTimeoutFreeFailures: 2,
    viewTimeoutMsMax: 8_000,
    backupDelayMs: minBlockIntervalMs + 250,
    minBlockIntervalMs,
    clockDriftMsMax: 250,
    epochDurationMs: EPOCH_MS,
    unbondingMs: 604_800_000,
  }
}

const TOKENS: readonly GenesisToken[] = [
  {
    name: 'USDC',
    index: 0,
    tokenId: '0x6d1e7cde53ba9467b783cb7c530ce054',
    szDecimals: 8,
    weiDecimals: 8,
    isCanonical: true,
  },
  {
    name: 'PURR',
    index: 1,
    tokenId: '0xc1fb593aeffbeb02f85e0308e9956a90',
    szDecimals: 0,
    weiDecimals: 5,
    isCanonical: true,
  },
  {
    name: 'HYPE',
    index: 2,
    tokenId: '0x0d01dc56dcaaca66ad901c959b4011ec',
    szDecimals: 2,
    weiDecimals: 8,
    isCanonical: true,
  },
]

const PERPS: readonly GenesisPerp[] = [
  { name: 'BTC', szDecimals: 5, maxLeverage: 40, marginTableId: 40, oraclePx: '60000' },
  { name: 'ETH', szDecimals: 4, maxLeverage: 25, marginTableId: 25, oraclePx: '3000' },
  { name: 'HYPE', szDecimals: 2, maxLeverage: 10, marginTableId: 10, oraclePx: '25' },
]
