import { normalDecimal } from '../codec/decimal.ts'
import {
  booleanParser,
  integerParser,
  type JsonParser,
  listParser,
  literalParser,
  recordParser,
  structParser,
  textParser,
} from '../codec/jsonParser.ts'
import { malformed } from '../codec/malformed.ts'
import type {
  ConsensusParams,
  Genesis,
  GenesisBalance,
  GenesisCore,
  GenesisEvm,
  GenesisFees,
  GenesisFeeTier,
  GenesisLane,
  GenesisMarginTable,
  GenesisPerp,
  GenesisReferral,
  GenesisRisk,
  GenesisSpotPair,
  GenesisStaking,
  GenesisToken,
  GenesisValidator,
} from '../types/genesis.ts'
import type { Hex } from '../types/ids.ts'
import { VALIDATORS_MAX } from '../types/limits.ts'
import { assertGenesisRules } from './genesisRules.ts'
import {
  GENESIS_ACCOUNTS_MAX,
  GENESIS_CODE_BYTES_MAX,
  GENESIS_FEE_TIERS_MAX,
  GENESIS_MARGIN_TIERS_MAX,
  GENESIS_MARKETS_MAX,
  GENESIS_STORAGE_SLOTS_MAX,
} from './limits.ts'

/**
 * Reads a genesis file: every field checked, unknown ones refused, references and uniqueness included.
 *
 * Values must stand in their one normal form (lower-case hex, decimals without needless zeros), so the hash of what is
 * read is the hash of the file. Proofs of possession are for the caller to verify: that takes cryptography.
 *
 * @param json - parsed JSON of at most GENESIS_BYTES_MAX
 * @throws {DecodeError} with the path of the bad field
 */
export function parseGenesis(json: unknown): Genesis {
  const genesis = genesisParser.parse(json, 'genesis')
  assertGenesisRules(genesis)
  return genesis
}

const SAFE = Number.MAX_SAFE_INTEGER
const uint = integerParser(0, SAFE)
const positive = integerParser(1, SAFE)
const index = integerParser(0, GENESIS_MARKETS_MAX - 1)
const decimals = integerParser(0, 18)
const name = textParser(64)

/** Whole bytes in lower-case hex. */
function hex(bytesMin: number, bytesMax: number): JsonParser<Hex> {
  const parser = textParser(2 + 2 * bytesMax)
  return {
    parse(json, path) {
      const value = parser.parse(json, path)
      const bytes = (value.length - 2) / 2
      if (!/^0x([0-9a-f]{2})*$/.test(value) || bytes < bytesMin) {
        const size = bytesMin === bytesMax ? bytesMin : `${bytesMin} to ${bytesMax}`
        throw malformed(path, `wants ${size} bytes in lower-case hex`)
      }
      return value as Hex
    },
  }
}

/** A decimal that is not negative, in normal form. */
const decimal: JsonParser<string> = {
  parse(json, path) {
    if (typeof json !== 'string' || normalDecimal(json) !== json) {
      throw malformed(path, 'wants a decimal as text, without needless zeros')
    }
    return json
  },
}

/** An integer as text, from 0 to 2^bits - 1. */
function integerText(bits: number): JsonParser<string> {
  return {
    parse(json, path) {
      if (typeof json !== 'string' || json.length > 80 || !/^(0|[1-9][0-9]*)$/.test(json)) {
        throw malformed(path, 'wants an integer as text, without leading zeros')
      }
      if (BigInt(json) >= 1n << BigInt(bits)) throw malformed(path, `wants less than 2^${bits}`)
      return json
    },
  }
}

const address = hex(20, 20)
const wei = integerText(256)

const consensus = structParser<ConsensusParams>({
  scheme: literalParser('bls', 'ed25519'),
  highTip: booleanParser,
  viewTimeoutMs: positive,
  viewTimeoutGrowthMilli: integerParser(1_000, 10_000),
  viewTimeoutFreeFailures: integerParser(0, 100),
  viewTimeoutMsMax: positive,
  backupDelayMs: uint,
  minBlockIntervalMs: uint,
  clockDriftMsMax: uint,
  epochDurationMs: positive,
  unbondingMs: positive,
})

const validator = structParser<GenesisValidator>({
  address,
  signer: address,
  voteKey: hex(32, 48),
  nodeKey: hex(32, 32),
  proofs: structParser<GenesisValidator['proofs']>({ voteKey: hex(64, 96), nodeKey: hex(64, 64) }),
  stake: integerText(64),
})

const token = structParser<GenesisToken>({
  name,
  fullName: { optional: name },
  index,
  tokenId: hex(16, 16),
  szDecimals: integerParser(0, 8),
  weiDecimals: decimals,
  isCanonical: booleanParser,
  isQuote: { optional: booleanParser },
  deployer: { optional: address },
  evmContract: {
    optional: structParser<NonNullable<GenesisToken['evmContract']>>({
      address,
      evmExtraWeiDecimals: integerParser(-2, 18),
    }),
  },
})

const spotPair = structParser<GenesisSpotPair>({
  name,
  index,
  base: index,
  quote: index,
  isCanonical: booleanParser,
  px: { optional: decimal },
})

const perp = structParser<GenesisPerp>({
  name,
  szDecimals: integerParser(0, 6),
  maxLeverage: integerParser(1, 1_000),
  marginTableId: uint,
  onlyIsolated: { optional: booleanParser },
  marginMode: { optional: literalParser('strictIsolated', 'noCross') },
  impactNtl: { optional: decimal },
  openInterestCap: { optional: decimal },
  openInterestIncrease: { optional: decimal },
  isHyperp: { optional: booleanParser },
  isDelisted: { optional: booleanParser },
  oraclePx: decimal,
})

const marginTable = structParser<GenesisMarginTable>({
  id: uint,
  description: textParser(256),
  marginTiers: listParser(
    structParser<GenesisMarginTable['marginTiers'][number]>({
      lowerBound: decimal,
      maxLeverage: integerParser(1, 1_000),
    }),
    GENESIS_MARGIN_TIERS_MAX,
  ),
})

const balance = structParser<GenesisBalance>({
  address,
  spot: { optional: recordParser(name, decimal, GENESIS_MARKETS_MAX) },
  perp: { optional: decimal },
})

const rate = integerParser(-100_000, 100_000)

const core = structParser<GenesisCore>({
  tokens: listParser(token, GENESIS_MARKETS_MAX),
  spotPairs: listParser(spotPair, GENESIS_MARKETS_MAX),
  perps: listParser(perp, GENESIS_MARKETS_MAX),
  marginTables: listParser(marginTable, GENESIS_MARKETS_MAX),
  balances: listParser(balance, GENESIS_ACCOUNTS_MAX),
  fees: structParser<GenesisFees>({
    perpTakerPpm: rate,
    perpMakerPpm: rate,
    spotTakerPpm: rate,
    spotMakerPpm: rate,
    collector: address,
    tiers: {
      optional: listParser(
        structParser<GenesisFeeTier>({
          volume: decimal,
          perpTakerPpm: rate,
          perpMakerPpm: rate,
          spotTakerPpm: rate,
          spotMakerPpm: rate,
        }),
        GENESIS_FEE_TIERS_MAX,
      ),
    },
    stakingDiscounts: {
      optional: listParser(
        structParser<NonNullable<GenesisFees['stakingDiscounts']>[number]>({
          stake: decimal,
          discountPpm: uint,
        }),
        GENESIS_FEE_TIERS_MAX,
      ),
    },
    referral: {
      optional: structParser<GenesisReferral>({
        discountPpm: uint,
        discountVolume: decimal,
        sharePpm: uint,
        shareVolume: decimal,
        codeVolume: decimal,
      }),
    },
    makerRebates: {
      optional: listParser(
        structParser<NonNullable<GenesisFees['makerRebates']>[number]>({
          sharePpm: uint,
          rebatePpm: uint,
        }),
        GENESIS_FEE_TIERS_MAX,
      ),
    },
  }),
  limits: structParser<GenesisCore['limits']>({
    addressLimits: booleanParser,
    openOrdersMax: positive,
  }),
  risk: {
    optional: structParser<GenesisRisk>({
      liquidatorVault: { optional: address },
      partialLiquidationNtl: { optional: decimal },
    }),
  },
  staking: {
    optional: structParser<GenesisStaking>({
      selfDelegationMin: { optional: decimal },
      selfLockMs: { optional: uint },
      delegationLockMs: { optional: uint },
      validatorsMax: { optional: integerParser(1, VALIDATORS_MAX) },
      jailMs: { optional: uint },
      missedSlotsMin: { optional: integerParser(1, 0xffff_ffff) },
      silentBlocks: { optional: integerParser(1, 0xffff_ffff) },
      equivocationPpm: { optional: integerParser(0, 1_000_000) },
      conflictingTimeoutsPpm: { optional: integerParser(0, 1_000_000) },
      rewardPpm: { optional: integerParser(0, 1_000_000) },
      futureEmissions: { optional: decimal },
    }),
  },
})

const evm = structParser<GenesisEvm>({
  alloc: recordParser(
    address,
    structParser<GenesisEvm['alloc'][string]>({
      balance: wei,
      nonce: { optional: uint },
      code: { optional: hex(0, GENESIS_CODE_BYTES_MAX) },
      storage: { optional: recordParser(hex(1, 32), hex(1, 32), GENESIS_STORAGE_SLOTS_MAX) },
    }),
    GENESIS_ACCOUNTS_MAX,
  ),
  lanes: listParser(
    structParser<GenesisLane>({
      periodMs: uint,
      gasLimit: integerParser(21_000, SAFE),
      baseFee: wei,
      baseFeeMin: wei,
    }),
    2,
  ),
  nonceWindow: positive,
})

const genesisParser = structParser<Genesis>({
  version: {
    parse(json, path) {
      if (json !== 1) throw malformed(path, 'wants 1, the only version there is')
      return 1
    },
  },
  chainId: positive,
  network: literalParser('Mainnet', 'Testnet'),
  genesisTimeMs: uint,
  consensus,
  validators: listParser(validator, VALIDATORS_MAX),
  core,
  evm,
})
