import type {
  GenesisCore,
  GenesisFees,
  GenesisFeeTier,
  GenesisMarginTable,
  GenesisPerp,
  GenesisReferral,
  GenesisToken,
} from '@openliquid/primitives'

import { MAINNET_PERPS } from './mainnetPerps.ts'

/** docs/spec/hyperliquid.md §14. */
export const MAINNET_SHAPED_CHAIN_ID = 999

const HYPE_TOKEN = 150
const HYPE_PAIR = 107

/**
 * The Core of the main net as far as ids go: HYPE is token 150 and pair 107, perps 0 to 159 (HYPE) are the main net's. Token
 * ids between are taken by tokens without supply, because clients index the list by position.
 *
 * @param dev - accounts, collector and emissions are those of the development profile
 */
export function mainnetShapedCore(dev: GenesisCore): GenesisCore {
  return {
    ...dev,
    tokens: tokensOf(dev.tokens),
    spotPairs: [
      { name: 'PURR/USDC', index: 0, base: 1, quote: 0, isCanonical: true, px: '0.2' },
      {
        name: `@${HYPE_PAIR}`,
        index: HYPE_PAIR,
        base: HYPE_TOKEN,
        quote: 0,
        isCanonical: false,
        px: '40',
      },
    ],
    perps: PERPS,
    marginTables: MARGIN_TABLES,
    fees: {
      ...dev.fees,
      tiers: FEE_TIERS,
      stakingDiscounts: STAKING_DISCOUNTS,
      referral: REFERRAL,
      makerRebates: [
        { sharePpm: 5_000, rebatePpm: 10 },
        { sharePpm: 15_000, rebatePpm: 20 },
        { sharePpm: 30_000, rebatePpm: 30 },
      ],
    },
    limits: { addressLimits: true, openOrdersMax: 1_000 },
  }
}

function tokensOf(dev: readonly GenesisToken[]): GenesisToken[] {
  const known = new Map(
    dev.map((token) => [token.name === 'HYPE' ? HYPE_TOKEN : token.index, token] as const),
  )
  return Array.from({ length: HYPE_TOKEN + 1 }, (_, index): GenesisToken => {
    const token = known.get(index)
    if (token !== undefined) return { ...token, index }
    return {
      name: `NIL${index}`,
      index,
      tokenId: `0x${index.toString(16).padStart(32, '0')}`,
      szDecimals: 0,
      weiDecimals: 5,
      isCanonical: false,
    }
  })
}

/** USDC that impact prices are measured with; docs/spec/hyperliquid.md §7.3. */
const GREAT_IMPACT_NTL = '20000'

const PERPS: readonly GenesisPerp[] = MAINNET_PERPS.map(
  ([name, szDecimals, maxLeverage, marginTableId, oraclePx, kind]) => ({
    name,
    szDecimals,
    maxLeverage,
    marginTableId,
    oraclePx,
    ...(name === 'BTC' || name === 'ETH' ? { impactNtl: GREAT_IMPACT_NTL } : {}),
    ...(kind === undefined ? {} : { isDelisted: true }),
    ...(kind === 'delistedIsolated' ? { onlyIsolated: true } : {}),
  }),
)

function twoTiers(
  id: number,
  description: string,
  tiers: { readonly first: number; readonly second: number; readonly from: string },
): GenesisMarginTable {
  return {
    id,
    description,
    marginTiers: [
      { lowerBound: '0', maxLeverage: tiers.first },
      { lowerBound: tiers.from, maxLeverage: tiers.second },
    ],
  }
}

/** docs/spec/hyperliquid.md §6.4. */
const MARGIN_TABLES: readonly GenesisMarginTable[] = [
  twoTiers(51, 'tiered 10x', { first: 10, second: 5, from: '3000000' }),
  twoTiers(52, 'tiered 10x (2)', { first: 10, second: 5, from: '20000000' }),
  twoTiers(53, 'tiered 20x', { first: 20, second: 10, from: '40000000' }),
  twoTiers(54, 'tiered 20x (2)', { first: 20, second: 10, from: '70000000' }),
  twoTiers(55, 'tiered 25x', { first: 25, second: 15, from: '100000000' }),
  twoTiers(56, 'tiered 40x', { first: 40, second: 20, from: '150000000' }),
]

type TierRow = readonly [
  volume: string,
  perpTakerPpm: number,
  perpMakerPpm: number,
  spotTakerPpm: number,
  spotMakerPpm: number,
]

/** docs/spec/hyperliquid.md §8.1; the lowest tier is the rate of everyone. */
const TIER_ROWS: readonly TierRow[] = [
  ['5000000', 400, 120, 600, 300],
  ['25000000', 350, 80, 500, 200],
  ['100000000', 300, 40, 400, 100],
  ['500000000', 280, 0, 350, 0],
  ['2000000000', 260, 0, 300, 0],
  ['7000000000', 240, 0, 250, 0],
]

/** HYPE delegated, and what of the fees it takes off in millionths; docs/spec/hyperliquid.md §8.1. */
const STAKING_DISCOUNTS: NonNullable<GenesisFees['stakingDiscounts']> = [
  { stake: '10', discountPpm: 50_000 },
  { stake: '100', discountPpm: 100_000 },
  { stake: '1000', discountPpm: 150_000 },
  { stake: '10000', discountPpm: 200_000 },
  { stake: '100000', discountPpm: 300_000 },
  { stake: '500000', discountPpm: 400_000 },
]

/** docs/spec/hyperliquid.md §8.1. */
const REFERRAL: GenesisReferral = {
  discountPpm: 40_000,
  discountVolume: '25000000',
  sharePpm: 100_000,
  shareVolume: '1000000000',
  codeVolume: '10000',
}

const FEE_TIERS: readonly GenesisFeeTier[] = TIER_ROWS.map(
  ([volume, perpTakerPpm, perpMakerPpm, spotTakerPpm, spotMakerPpm]) => ({
    volume,
    perpTakerPpm,
    perpMakerPpm,
    spotTakerPpm,
    spotMakerPpm,
  }),
)
