import { bytesToHex } from '../codec/hex.ts'
import type { Genesis, GenesisValidator } from '../types/genesis.ts'
import { SeededRandom } from './seededRandom.ts'

/**
 * A small valid genesis for tests: two tokens, a pair, a perpetual, one funded account.
 *
 * @param changes - replace whole sections
 */
export function sampleGenesis(
  changes: Partial<Genesis> & { readonly validatorCount?: number } = {},
): Genesis {
  const { validatorCount = 1, ...sections } = changes
  const random = new SeededRandom(validatorCount)
  return {
    version: 1,
    chainId: 1998,
    network: 'Testnet',
    genesisTimeMs: 1_700_000_000_000,
    consensus: {
      scheme: 'bls',
      highTip: false,
      viewTimeoutMs: 500,
      viewTimeoutGrowthMilli: 1_500,
      viewTimeoutFreeFailures: 2,
      viewTimeoutMsMax: 8_000,
      backupDelayMs: 125,
      minBlockIntervalMs: 50,
      clockDriftMsMax: 250,
      epochDurationMs: 5_400_000,
      unbondingMs: 604_800_000,
    },
    validators: Array.from({ length: validatorCount }, () => sampleValidator(random)),
    core: {
      tokens: [
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
      ],
      spotPairs: [{ name: 'PURR/USDC', index: 0, base: 1, quote: 0, isCanonical: true, px: '0.5' }],
      perps: [
        { name: 'BTC', szDecimals: 5, maxLeverage: 40, marginTableId: 50, oraclePx: '60000' },
      ],
      marginTables: [
        {
          id: 50,
          description: 'two tiers',
          marginTiers: [
            { lowerBound: '0', maxLeverage: 40 },
            { lowerBound: '150000000', maxLeverage: 20 },
          ],
        },
      ],
      balances: [
        {
          address: '0x1234567890123456789012345678901234567890',
          spot: { USDC: '1000', PURR: '10.00001' },
          perp: '1000.5',
        },
      ],
      fees: {
        perpTakerPpm: 450,
        perpMakerPpm: 150,
        spotTakerPpm: 700,
        spotMakerPpm: 400,
        collector: '0xfefefefefefefefefefefefefefefefefefefefe',
      },
      limits: { addressLimits: false, openOrdersMax: 5_000 },
    },
    evm: {
      alloc: { '0x1234567890123456789012345678901234567890': { balance: '1000000000000000000' } },
      lanes: [
        { periodMs: 0, gasLimit: 30_000_000, baseFee: '1000000000', baseFeeMin: '100000000' },
      ],
      nonceWindow: 64,
    },
    ...sections,
  }
}

/** Keys and proofs are random bytes of the right size: nobody can vote with them. */
function sampleValidator(random: SeededRandom): GenesisValidator {
  return {
    address: bytesToHex(random.bytes(20)),
    signer: bytesToHex(random.bytes(20)),
    voteKey: bytesToHex(random.bytes(48)),
    nodeKey: bytesToHex(random.bytes(32)),
    proofs: { voteKey: bytesToHex(random.bytes(96)), nodeKey: bytesToHex(random.bytes(64)) },
    stake: '100000000',
  }
}
