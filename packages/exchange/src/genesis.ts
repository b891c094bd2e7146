import type {
  GenesisBalance,
  GenesisCore,
  GenesisFees,
  GenesisMarginTable,
  GenesisPerp,
  GenesisSpotPair,
  GenesisToken,
  GenesisValidator,
  Hex,
} from '@openliquid/primitives'
import { VALIDATORS_MAX } from '@openliquid/primitives'
import { activate } from './actions/activation.ts'
import type { CoreState } from './coreState.ts'
import { parseSafeUnits, parseUnits } from './decimal.ts'
import { GenesisCoreError, type GenesisCoreFault } from './errors.ts'
import { NO_DISCOUNTS } from './feeDiscounts.ts'
import type { FeeRates } from './feeSchedule.ts'
import { ASSETS_MAX, LEVERAGE_MAX, PX_TICKS_MAX, TOKEN_SUPPLY_WEI_MAX } from './limits.ts'
import { MARGIN_TABLE_ID_MIN } from './marginTiers.ts'
import { SPOT_ASSET_MIN } from './market.ts'
import type { MarginMode, User } from './records.ts'
import { credit, USDC, USDC_WEI_PER_UNIT } from './spotClearinghouse.ts'
import { stakedToken } from './staking/staking.ts'
import { STAKE_DECIMALS } from './staking/stakingEvents.ts'
import { delegationKey, NO_DELEGATION } from './staking/stakingRecords.ts'
import { setMembers } from './staking/validatorSet.ts'
import { USD_DECIMALS } from './tradeEvents.ts'

/** What the machine starts from. */
export interface ExchangeGenesis {
  readonly core: GenesisCore
  /** Their signers may submit oracle prices, weighted by stake. */
  readonly validators: readonly GenesisValidator[]
  readonly timestampMs: number
  /** How long a withdrawal from staking takes; seven days when absent. */
  readonly unbondingMs?: number
}

const SZ_DECIMALS_MAX = 8
const PERP_SZ_DECIMALS_MAX = 6
const WEI_DECIMALS_MAX = 18
/** A quote token must hold the unit of spot prices, 1e-8; docs/spec/hyperliquid.md §1.1. */
const QUOTE_WEI_DECIMALS_MIN = 8
const RATE_PPM_MAX = 1_000_000

/**
 * Fills an empty state from the genesis file.
 *
 * @throws {GenesisCoreError} when the sections contradict each other
 */
export function applyGenesis(state: CoreState, genesis: ExchangeGenesis): void {
  const { core, validators, timestampMs } = genesis
  state.clock.set(0, { height: 0n, timestampMs, oracleBucket: 0 })
  state.counters.set(0, { oid: 1, coreWriterSequence: 0, twapId: 1 })
  addTokens(state, core.tokens)
  addSpotPairs(state, core.spotPairs)
  addMarginTables(state, core.marginTables)
  addPerps(state, core.perps)
  addRules(state, core)
  addRiskRules(state, core)
  addFeeSchedule(state, core.fees)
  addDiscounts(state, core.fees)
  addStakingRules(state, genesis)
  addValidators(state, validators)
  state.openMarkets()
  addBalances(state, core.balances)
}

function addTokens(state: CoreState, tokens: readonly GenesisToken[]): void {
  if (tokens.length > ASSETS_MAX) throw bad('OL_CORE_GENESIS_TOKEN', 'tokens', 'too many')
  const names = new Set<string>()
  for (const [i, token] of tokens.entries()) {
    const path = `tokens[${i}]`
    const refuse = (reason: string): GenesisCoreError => bad('OL_CORE_GENESIS_TOKEN', path, reason)
    if (token.index !== i) throw refuse('the index must be the position in the list')
    if (token.name === '' || names.has(token.name)) throw refuse('the name is empty or taken')
    names.add(token.name)
    if (!isCount(token.weiDecimals, WEI_DECIMALS_MAX)) throw refuse('weiDecimals out of range')
    if (!isCount(token.szDecimals, Math.min(SZ_DECIMALS_MAX, token.weiDecimals))) {
      throw refuse('szDecimals out of range')
    }
    if (token.isQuote === true && token.weiDecimals < QUOTE_WEI_DECIMALS_MIN) {
      throw refuse('a quote token needs more weiDecimals')
    }
    if (token.deployer !== undefined) {
      state.tokenDeployers.set(i, hexOf(token.deployer, 20, refuse))
    }
    state.tokens.set(i, {
      index: i,
      name: token.name,
      fullName: token.fullName,
      tokenId: hexOf(token.tokenId, 16, refuse),
      szDecimals: token.szDecimals,
      weiDecimals: token.weiDecimals,
      isCanonical: token.isCanonical,
      isQuote: i === USDC || token.isQuote === true,
      evmContract:
        token.evmContract === undefined
          ? undefined
          : {
              address: hexOf(token.evmContract.address, 20, refuse),
              evmExtraWeiDecimals: token.evmContract.evmExtraWeiDecimals,
            },
    })
  }
  const usdc = tokens[USDC]
  if (usdc?.name !== 'USDC' || usdc.weiDecimals !== 8) {
    throw bad('OL_CORE_GENESIS_TOKEN', 'tokens[0]', 'must be USDC with 8 weiDecimals')
  }
}

function addSpotPairs(state: CoreState, pairs: readonly GenesisSpotPair[]): void {
  const names = new Set<string>()
  const indexes = new Set<number>()
  for (const [i, pair] of pairs.entries()) {
    const refuse = (reason: string): GenesisCoreError =>
      bad('OL_CORE_GENESIS_SPOT_PAIR', `spotPairs[${i}]`, reason)
    if (!isCount(pair.index, ASSETS_MAX - 1)) throw refuse('the index is out of range')
    if (indexes.has(pair.index)) throw refuse('the index is taken')
    if (pair.name === '' || names.has(pair.name)) throw refuse('the name is empty or taken')
    indexes.add(pair.index)
    names.add(pair.name)
    const [base, quote] = [state.tokens.get(pair.base), state.tokens.get(pair.quote)]
    if (base === undefined || quote === undefined) throw refuse('a token does not exist')
    if (base === quote) throw refuse('base and quote are the same token')
    if (quote.weiDecimals < QUOTE_WEI_DECIMALS_MIN) throw refuse('the quote token is too coarse')
    const lastPx =
      pair.px === undefined
        ? 0
        : parseSafeUnits(pair.px, SZ_DECIMALS_MAX - base.szDecimals, PX_TICKS_MAX)
    if (lastPx === undefined) throw refuse('px is not a price of this market')
    state.spotPairs.set(pair.index, {
      index: pair.index,
      name: pair.name,
      base: pair.base,
      quote: pair.quote,
      isCanonical: pair.isCanonical,
    })
    state.prices.set(SPOT_ASSET_MIN + pair.index, { oraclePx: 0, markPx: 0, lastPx })
  }
}

function addMarginTables(state: CoreState, tables: readonly GenesisMarginTable[]): void {
  for (const [i, table] of tables.entries()) {
    const refuse = (reason: string): GenesisCoreError =>
      bad('OL_CORE_GENESIS_MARGIN_TABLE', `marginTables[${i}]`, reason)
    if (!Number.isSafeInteger(table.id) || table.id < MARGIN_TABLE_ID_MIN) {
      throw refuse(`the id must be at least ${MARGIN_TABLE_ID_MIN}`)
    }
    if (table.id > 0xffff_ffff || state.marginTables.has(table.id)) {
      throw refuse('the id is taken or out of range')
    }
    if (table.marginTiers.length === 0) throw refuse('there is no tier')
    const tiers = table.marginTiers.map(({ lowerBound, maxLeverage }) => {
      const bound = parseUnits(lowerBound, USD_DECIMALS)
      if (bound === undefined || bound > TOKEN_SUPPLY_WEI_MAX) throw refuse('a bound is no amount')
      if (!isLeverage(maxLeverage)) throw refuse('a leverage is out of range')
      return { lowerBound: bound, maxLeverage }
    })
    for (const [at, tier] of tiers.entries()) {
      const below = tiers[at - 1]
      if (below === undefined ? tier.lowerBound !== 0n : tier.lowerBound <= below.lowerBound) {
        throw refuse('bounds must start at 0 and ascend')
      }
      if (below !== undefined && tier.maxLeverage >= below.maxLeverage) {
        throw refuse('leverage must descend')
      }
    }
    state.marginTables.set(table.id, { description: table.description, tiers })
  }
}

function addPerps(state: CoreState, perps: readonly GenesisPerp[]): void {
  if (perps.length > ASSETS_MAX) throw bad('OL_CORE_GENESIS_PERP', 'perps', 'too many')
  const names = new Set<string>()
  for (const [i, perp] of perps.entries()) {
    const refuse = (reason: string): GenesisCoreError =>
      bad('OL_CORE_GENESIS_PERP', `perps[${i}]`, reason)
    if (perp.name === '' || names.has(perp.name)) throw refuse('the name is empty or taken')
    // Pairs are named @index or BASE/QUOTE; coins of all markets must differ.
    if (/[@/:#]/.test(perp.name)) throw refuse('the name has a character of other markets')
    names.add(perp.name)
    if (!isCount(perp.szDecimals, PERP_SZ_DECIMALS_MAX)) throw refuse('szDecimals out of range')
    if (!isLeverage(perp.maxLeverage)) throw refuse('maxLeverage out of range')
    const isSingleTier = perp.marginTableId < MARGIN_TABLE_ID_MIN
    const most = isSingleTier
      ? perp.marginTableId
      : state.marginTables.get(perp.marginTableId)?.tiers[0]?.maxLeverage
    if (most === undefined) throw refuse('the margin table does not exist')
    if (!isLeverage(most) || perp.maxLeverage > most) {
      throw refuse('the margin table allows less than maxLeverage')
    }
    const px = parseSafeUnits(perp.oraclePx, PERP_SZ_DECIMALS_MAX - perp.szDecimals, PX_TICKS_MAX)
    if (px === undefined || px === 0) throw refuse('oraclePx is not a price of this market')
    state.perps.set(i, {
      index: i,
      name: perp.name,
      szDecimals: perp.szDecimals,
      maxLeverage: perp.maxLeverage,
      marginTableId: perp.marginTableId,
      onlyIsolated: perp.onlyIsolated ?? false,
      marginMode: marginModeOf(perp, refuse),
      impactNtl: usdOf(perp.impactNtl ?? IMPACT_NTL_DEFAULT, refuse),
      openInterestCap: usdOf(perp.openInterestCap ?? '0', refuse),
      openInterestIncrease: usdOf(perp.openInterestIncrease ?? '0', refuse),
      hyperpPx: perp.isHyperp === true ? px : 0,
    })
    if (perp.isDelisted === true) state.delisted.set(i, 0)
    state.prices.set(i, { oraclePx: px, markPx: px, lastPx: 0 })
  }
}

/** USDC that impact prices are measured with where genesis does not say; §7.3. */
const IMPACT_NTL_DEFAULT = '6000'

/** Margin can be taken out of isolated-only positions only where genesis says so; §6.3. */
function marginModeOf(
  { onlyIsolated = false, marginMode }: GenesisPerp,
  refuse: (reason: string) => GenesisCoreError,
): MarginMode {
  if (!onlyIsolated && marginMode !== undefined) throw refuse('marginMode without onlyIsolated')
  return onlyIsolated ? (marginMode ?? 'strictIsolated') : 'normal'
}

function usdOf(text: string, refuse: (reason: string) => GenesisCoreError): bigint {
  const usd = parseUnits(text, USD_DECIMALS)
  if (usd === undefined || usd > TOKEN_SUPPLY_WEI_MAX) throw refuse(`${text} is no amount of USDC`)
  return usd
}

function addRules(state: CoreState, { fees, limits }: GenesisCore): void {
  const refuse = (reason: string): GenesisCoreError => bad('OL_CORE_GENESIS_FEES', 'fees', reason)
  const collector = hexOf(fees.collector, 20, refuse)
  const isRate = (rate: keyof FeeRates): boolean => isCount(fees[rate], RATE_PPM_MAX)
  if (!isRate('perpTakerPpm') || !isRate('perpMakerPpm')) throw refuse('a perp rate is no share')
  if (!isRate('spotTakerPpm') || !isRate('spotMakerPpm')) throw refuse('a spot rate is no share')
  if (!isCount(limits.openOrdersMax, 0xffff_ffff) || limits.openOrdersMax === 0) {
    throw bad('OL_CORE_GENESIS_LIMITS', 'limits.openOrdersMax', 'must be at least 1')
  }
  state.rulesTable.set(0, {
    perpTakerPpm: fees.perpTakerPpm,
    perpMakerPpm: fees.perpMakerPpm,
    spotTakerPpm: fees.spotTakerPpm,
    spotMakerPpm: fees.spotMakerPpm,
    collector,
    openOrdersMax: limits.openOrdersMax,
    addressLimits: limits.addressLimits,
  })
  state.accounts.set(collector, { rawUsd: 0n, usingBigBlocks: false })
}

/** Tiers and rebates must ascend, or nobody could say which one applies. */
function addFeeSchedule(state: CoreState, { tiers = [], makerRebates = [] }: GenesisFees): void {
  if (tiers.length + makerRebates.length === 0) return
  const refuse = (reason: string): GenesisCoreError => bad('OL_CORE_GENESIS_FEES', 'fees', reason)
  const schedule = {
    tiers: tiers.map((tier) => {
      const { perpTakerPpm, perpMakerPpm, spotTakerPpm, spotMakerPpm } = tier
      const rates = { perpTakerPpm, perpMakerPpm, spotTakerPpm, spotMakerPpm }
      if (Object.values(rates).some((rate) => !isCount(rate, RATE_PPM_MAX))) {
        throw refuse('a rate of a tier is no share')
      }
      return { ...rates, volume: usdOf(tier.volume, refuse) }
    }),
    makerRebates: makerRebates.map(({ sharePpm, rebatePpm }) => {
      if (!isCount(sharePpm, RATE_PPM_MAX)) throw refuse('a maker share is no share')
      return { sharePpm, rebatePpm }
    }),
  }
  if (!ascends(schedule.tiers.map(({ volume }) => volume))) throw refuse('tiers must ascend')
  if (!ascends(makerRebates.map(({ sharePpm }) => sharePpm))) throw refuse('rebates must ascend')
  // The taker's fee of the same trade pays the rebate, so the fee account never lends.
  const takerPpm = [state.rules, ...schedule.tiers].map((rates) => rates.perpTakerPpm)
  const rebates = makerRebates.map(({ rebatePpm }) => rebatePpm)
  if (!rebates.every((rebate) => isCount(rebate, Math.min(...takerPpm)))) {
    throw refuse('a maker rebate is above a taker rate')
  }
  state.feeScheduleTable.set(0, schedule)
}

/** Stakes must ascend; shares are shares. */
function addDiscounts(state: CoreState, { stakingDiscounts = [], referral }: GenesisFees): void {
  if (stakingDiscounts.length === 0 && referral === undefined) return
  const refuse = (reason: string): GenesisCoreError => bad('OL_CORE_GENESIS_FEES', 'fees', reason)
  const share = (ppm: number): number => {
    if (!isCount(ppm, RATE_PPM_MAX)) throw refuse('a discount is no share')
    return ppm
  }
  const staking = stakingDiscounts.map(({ stake, discountPpm }) => {
    const wei = parseUnits(stake, STAKE_DECIMALS)
    if (wei === undefined || wei > TOKEN_SUPPLY_WEI_MAX)
      throw refuse(`${stake} is no amount of HYPE`)
    return { stake: wei, discountPpm: share(discountPpm) }
  })
  if (!ascends(staking.map(({ stake }) => stake))) throw refuse('staking discounts must ascend')
  state.discountTable.set(0, {
    staking,
    referral:
      referral === undefined
        ? NO_DISCOUNTS.referral
        : {
            discountPpm: share(referral.discountPpm),
            discountVolume: usdOf(referral.discountVolume, refuse),
            sharePpm: share(referral.sharePpm),
            shareVolume: usdOf(referral.shareVolume, refuse),
            codeVolume: usdOf(referral.codeVolume, refuse),
          },
  })
}

function ascends(values: readonly (bigint | number)[]): boolean {
  return values.every((value, i) => i === 0 || value > (values[i - 1] ?? 0))
}

/** Where a liquidation leaves positions, when genesis does not say; docs/spec/hyperliquid.md §6.5. */
const LIQUIDATOR_VAULT_DEFAULT = `0x${'fd'.repeat(20)}`
const PARTIAL_NTL_DEFAULT = '100000'

function addRiskRules(state: CoreState, { risk = {} }: GenesisCore): void {
  const refuse = (reason: string): GenesisCoreError => bad('OL_CORE_GENESIS_LIMITS', 'risk', reason)
  const liquidatorVault = hexOf(risk.liquidatorVault ?? LIQUIDATOR_VAULT_DEFAULT, 20, refuse)
  const { collector } = state.rules
  if (liquidatorVault === collector) throw refuse('the liquidator vault is the fee collector')
  const partialNtl = usdOf(risk.partialLiquidationNtl ?? PARTIAL_NTL_DEFAULT, refuse)
  state.riskRulesTable.set(0, { liquidatorVault, partialNtl })
  state.accounts.set(liquidatorVault, { rawUsd: 0n, usingBigBlocks: false })
}

/** Values of docs/spec/hyperliquid.md §9, and ours where it has none; a genesis may say otherwise. */
function addStakingRules(
  state: CoreState,
  { core, timestampMs, unbondingMs }: ExchangeGenesis,
): void {
  const { staking = {} } = core
  const refuse = (reason: string): GenesisCoreError =>
    bad('OL_CORE_GENESIS_STAKING', 'staking', reason)
  const hype = (text: string): bigint => {
    const wei = parseUnits(text, STAKE_DECIMALS)
    if (wei === undefined || wei > TOKEN_SUPPLY_WEI_MAX)
      throw refuse(`${text} is no amount of HYPE`)
    return wei
  }
  const rules = {
    selfDelegationMin: hype(staking.selfDelegationMin ?? '10000'),
    selfLockMs: staking.selfLockMs ?? 31_536_000_000,
    delegationLockMs: staking.delegationLockMs ?? 86_400_000,
    unbondingMs: unbondingMs ?? 604_800_000,
    validatorsMax: staking.validatorsMax ?? VALIDATORS_MAX,
    jailMs: staking.jailMs ?? 3_600_000,
    missedSlotsMin: staking.missedSlotsMin ?? 20,
    silentBlocks: staking.silentBlocks ?? 2_000,
    equivocationPpm: staking.equivocationPpm ?? 50_000,
    conflictingTimeoutsPpm: staking.conflictingTimeoutsPpm ?? 1_000,
    rewardPpm: staking.rewardPpm ?? 23_700,
  }
  if (rules.validatorsMax === 0 || rules.validatorsMax > VALIDATORS_MAX) {
    throw refuse(`validatorsMax must be from 1 to ${VALIDATORS_MAX}`)
  }
  if (rules.silentBlocks === 0 || rules.missedSlotsMin === 0)
    throw refuse('a count must be above 0')
  for (const share of [rules.equivocationPpm, rules.conflictingTimeoutsPpm, rules.rewardPpm]) {
    if (!isCount(share, RATE_PPM_MAX)) throw refuse('a share must be at most one million')
  }
  state.staking.rulesTable.set(0, rules)
  const emissions = hype(staking.futureEmissions ?? '0')
  if (emissions > 0n) state.staking.emissions.set(0, emissions)
  state.staking.epochClock.set(0, { epoch: 1n, startMs: timestampMs, windowBlocks: 0 })
}

/** Each delegates its stake to itself, as part of the supply; members of the first epoch stand by address. */
function addValidators(state: CoreState, validators: readonly GenesisValidator[]): void {
  const members = new Map<User, bigint>()
  for (const [i, validator] of validators.entries()) {
    const refuse = (reason: string): GenesisCoreError =>
      bad('OL_CORE_GENESIS_VALIDATOR', `validators[${i}]`, reason)
    const signer = hexOf(validator.signer, 20, refuse)
    if (state.staking.validatorOf(signer) !== undefined) throw refuse('the signer is taken')
    const address = hexOf(validator.address, 20, refuse)
    if (members.has(address)) throw refuse('the address is taken')
    const stake = parseUnits(validator.stake, 0)
    if (stake === undefined || stake === 0n || stake > TOKEN_SUPPLY_WEI_MAX) {
      throw refuse('the stake is no amount above 0')
    }
    members.set(address, stake)
    state.staking.validators.set(address, {
      signer,
      voteKey: hexOf(validator.voteKey, (validator.voteKey.length - 2) / 2, refuse),
      nodeKey: hexOf(validator.nodeKey, 32, refuse),
      nodeIp: '',
      name: '',
      description: '',
      delegationsDisabled: false,
      commissionBps: 0,
      isJailed: false,
      unjailableAfterMs: 0,
      isLeaving: false,
    })
    activate(state, address)
    // As of before the first epoch: it earns from the start.
    state.staking.delegations.set(delegationKey(address, address), {
      ...NO_DELEGATION,
      wei: stake,
    })
    const token = stakedToken(state)
    if (token !== undefined) mint(state, token.index, stake, refuse)
  }
  const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : 1))
  setMembers(
    state,
    sorted.map(([validator, stake]) => ({ validator, stake })),
  )
}

function addBalances(state: CoreState, balances: readonly GenesisBalance[]): void {
  const byName = new Map([...state.tokens.entries()].map(([index, { name }]) => [name, index]))
  const seen = new Set<User>()
  for (const [i, { address, spot, perp }] of balances.entries()) {
    const refuse = (reason: string): GenesisCoreError =>
      bad('OL_CORE_GENESIS_BALANCE', `balances[${i}]`, reason)
    const user = hexOf(address, 20, refuse)
    if (seen.has(user)) throw refuse('the address stands twice')
    seen.add(user)
    const rawUsd = perp === undefined ? 0n : parseUnits(perp, USD_DECIMALS)
    if (rawUsd === undefined) throw refuse('the perp amount is no amount of USDC')
    const account = state.accounts.get(user) ?? { rawUsd: 0n, usingBigBlocks: false }
    mint(state, USDC, rawUsd * USDC_WEI_PER_UNIT, refuse)
    state.accounts.set(user, { ...account, rawUsd: account.rawUsd + rawUsd })
    for (const [name, amount] of Object.entries(spot ?? {})) {
      const token = byName.get(name)
      if (token === undefined) throw refuse(`there is no token ${name}`)
      const wei = parseUnits(amount, state.token(token).weiDecimals)
      if (wei === undefined) throw refuse(`${amount} is no amount of ${name}`)
      mint(state, token, wei, refuse)
      credit(state, user, { token, wei, entryNtl: 0n })
    }
  }
}

function mint(
  state: CoreState,
  token: number,
  wei: bigint,
  refuse: (reason: string) => GenesisCoreError,
): void {
  const supply = (state.supplies.get(token) ?? 0n) + wei
  if (supply > TOKEN_SUPPLY_WEI_MAX) throw refuse(`more than 2^63 wei of token ${token}`)
  if (supply > 0n) state.supplies.set(token, supply)
}

function isCount(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= max
}

function isLeverage(value: number): boolean {
  return isCount(value, LEVERAGE_MAX) && value > 0
}

function hexOf(text: string, size: number, refuse: (reason: string) => GenesisCoreError): Hex {
  if (!new RegExp(`^0x[0-9a-fA-F]{${2 * size}}$`).test(text)) {
    throw refuse(`${text} is not ${size} bytes of hex`)
  }
  return text.toLowerCase() as Hex
}

function bad(code: GenesisCoreFault['code'], path: string, reason: string): GenesisCoreError {
  return new GenesisCoreError(`genesis: core ${path}: ${reason}`, { code, path, reason })
}
