import { parseDecimal } from '../codec/decimal.ts'
import { malformed } from '../codec/malformed.ts'
import type { ConsensusParams, Genesis, GenesisCore, GenesisEvm } from '../types/genesis.ts'

const VOTE_KEY_BYTES = { bls: 48, ed25519: 32 } as const
const VOTE_PROOF_BYTES = { bls: 96, ed25519: 64 } as const
/** Ids below stand for one tier with that leverage; docs/spec/hyperliquid.md §6.4. */
const MARGIN_TABLE_ID_MIN = 50
const PERP_DECIMALS = 6

/**
 * What must hold between the fields of a genesis.
 *
 * @throws {DecodeError} with the path of the field that breaks a rule
 */
export function assertGenesisRules(genesis: Genesis): void {
  assertConsensus(genesis.consensus, genesis.validators.length)
  assertValidators(genesis)
  assertMarkets(genesis.core)
  assertBalances(genesis.core)
  assertLanes(genesis.evm)
}

function requireThat(condition: boolean, path: string, reason: string): void {
  if (!condition) throw malformed(`genesis.${path}`, reason)
}

function requireUnique(values: readonly (string | number)[], path: string, field: string): void {
  const seen = new Set<string | number>()
  for (const [i, value] of values.entries()) {
    requireThat(!seen.has(value), `${path}[${i}].${field}`, 'stands twice')
    seen.add(value)
  }
}

function assertConsensus(params: ConsensusParams, validatorCount: number): void {
  const at = (field: string): string => `consensus.${field}`
  requireThat(
    params.viewTimeoutMsMax >= params.viewTimeoutMs,
    at('viewTimeoutMsMax'),
    'is below viewTimeoutMs',
  )
  // §5: an idle leader that waits longer than the backup delay would look like a dead one.
  requireThat(
    validatorCount === 1 || params.minBlockIntervalMs < params.backupDelayMs,
    at('minBlockIntervalMs'),
    'must be below backupDelayMs',
  )
}

function assertValidators({ validators, consensus: { scheme } }: Genesis): void {
  requireThat(validators.length > 0, 'validators', 'is empty')
  let totalStake = 0n
  for (const [i, { voteKey, proofs, stake }] of validators.entries()) {
    const at = `validators[${i}]`
    const bytes = (text: string): number => (text.length - 2) / 2
    requireThat(bytes(voteKey) === VOTE_KEY_BYTES[scheme], `${at}.voteKey`, `is no ${scheme} key`)
    requireThat(
      bytes(proofs.voteKey) === VOTE_PROOF_BYTES[scheme],
      `${at}.proofs.voteKey`,
      `is no ${scheme} signature`,
    )
    requireThat(stake !== '0', `${at}.stake`, 'is zero')
    totalStake += BigInt(stake)
  }
  requireThat(totalStake < 1n << 64n, 'validators', 'have a stake of 2^64 or more in total')
  for (const field of ['address', 'signer', 'voteKey', 'nodeKey'] as const) {
    requireUnique(
      validators.map((validator) => validator[field]),
      'validators',
      field,
    )
  }
}

function assertMarkets({ tokens, spotPairs, perps, marginTables }: GenesisCore): void {
  for (const [i, { index, szDecimals, weiDecimals }] of tokens.entries()) {
    requireThat(index === i, `core.tokens[${i}].index`, 'is not its position in the list')
    requireThat(szDecimals <= weiDecimals, `core.tokens[${i}].szDecimals`, 'is above weiDecimals')
  }
  requireUnique(
    tokens.map(({ name }) => name),
    'core.tokens',
    'name',
  )
  requireUnique(
    tokens.map(({ tokenId }) => tokenId),
    'core.tokens',
    'tokenId',
  )

  for (const [i, { base, quote, px }] of spotPairs.entries()) {
    const at = `core.spotPairs[${i}]`
    const baseToken = tokens[base]
    requireThat(baseToken !== undefined, `${at}.base`, 'is no token')
    requireThat(tokens[quote] !== undefined, `${at}.quote`, 'is no token')
    requireThat(base !== quote, `${at}.quote`, 'is the base')
    if (px !== undefined) requireDecimal(px, 8 - (baseToken?.szDecimals ?? 0), `${at}.px`)
  }
  requireUnique(
    spotPairs.map(({ index }) => index),
    'core.spotPairs',
    'index',
  )
  requireUnique(
    spotPairs.map(({ name }) => name),
    'core.spotPairs',
    'name',
  )

  assertMarginTables(marginTables)
  const tables = new Set(marginTables.map(({ id }) => id))
  for (const [i, { marginTableId, oraclePx, szDecimals }] of perps.entries()) {
    const at = `core.perps[${i}]`
    const known = tables.has(marginTableId)
    const implied = marginTableId > 0 && marginTableId < MARGIN_TABLE_ID_MIN
    requireThat(known || implied, `${at}.marginTableId`, 'is no margin table')
    requireThat(oraclePx !== '0', `${at}.oraclePx`, 'is zero')
    requireDecimal(oraclePx, PERP_DECIMALS - szDecimals, `${at}.oraclePx`)
  }
  requireUnique(
    perps.map(({ name }) => name),
    'core.perps',
    'name',
  )
}

function assertMarginTables(tables: GenesisCore['marginTables']): void {
  for (const [i, { id, marginTiers }] of tables.entries()) {
    const at = `core.marginTables[${i}]`
    requireThat(id >= MARGIN_TABLE_ID_MIN, `${at}.id`, `is below ${MARGIN_TABLE_ID_MIN}`)
    requireThat(marginTiers[0]?.lowerBound === '0', `${at}.marginTiers`, 'does not start at 0')
    for (const [j, tier] of marginTiers.entries()) {
      requireDecimal(tier.lowerBound, PERP_DECIMALS, `${at}.marginTiers[${j}].lowerBound`)
      const below = marginTiers[j - 1]
      if (below === undefined) continue
      const rises =
        parseDecimal(tier.lowerBound, PERP_DECIMALS) > parseDecimal(below.lowerBound, PERP_DECIMALS)
      requireThat(rises, `${at}.marginTiers[${j}].lowerBound`, 'is not above the tier before')
      const falls = tier.maxLeverage < below.maxLeverage
      requireThat(falls, `${at}.marginTiers[${j}].maxLeverage`, 'is not below the tier before')
    }
  }
  requireUnique(
    tables.map(({ id }) => id),
    'core.marginTables',
    'id',
  )
}

function assertBalances({ balances, tokens }: GenesisCore): void {
  const weiDecimals = new Map(tokens.map((token) => [token.name, token.weiDecimals]))
  requireUnique(
    balances.map(({ address }) => address),
    'core.balances',
    'address',
  )
  for (const [i, { spot = {}, perp = '0' }] of balances.entries()) {
    const at = `core.balances[${i}]`
    requireDecimal(perp, PERP_DECIMALS, `${at}.perp`)
    for (const [name, amount] of Object.entries(spot)) {
      const decimals = weiDecimals.get(name)
      requireThat(decimals !== undefined, `${at}.spot`, `${JSON.stringify(name)} is no token`)
      requireDecimal(amount, decimals ?? 0, `${at}.spot.${name}`)
    }
  }
}

function assertLanes({ lanes }: GenesisEvm): void {
  requireThat(lanes.length > 0, 'evm.lanes', 'is empty')
  for (const [i, { baseFee, baseFeeMin }] of lanes.entries()) {
    const enough = BigInt(baseFee) >= BigInt(baseFeeMin)
    requireThat(enough, `evm.lanes[${i}].baseFee`, 'is below baseFeeMin')
  }
}

/** Has no more places than its unit holds, and fits 64 bits in it. */
function requireDecimal(text: string, decimals: number, path: string): void {
  const places = text.split('.')[1]?.length ?? 0
  requireThat(places <= decimals, path, `has more than ${Math.max(decimals, 0)} places`)
  requireThat(parseDecimal(text, decimals) < 1n << 63n, path, 'does not fit 64 bits')
}
