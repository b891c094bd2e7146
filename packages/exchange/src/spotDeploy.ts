import {
  bytesToHex,
  concatBytes,
  keccak256,
  type SpotDeployAction,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { activate, isSystemAddress } from './actions/activation.ts'
import {
  type ActionFault,
  type ActionOutcome,
  DONE,
  fault,
  unsupported,
} from './actions/outcome.ts'
import type { CoreState } from './coreState.ts'
import { parseSafeUnits, parseUnits } from './decimal.ts'
import type { Deployment } from './deployRecords.ts'
import { HYPERLIQUIDITY_ACCOUNT } from './hyperliquidity/hyperliquidity.ts'
import {
  ASSETS_MAX,
  TOKEN_GIFTS_PER_ACTION_MAX,
  TOKEN_HOLDERS_AT_GENESIS_MAX,
  TOKEN_SUPPLY_WEI_MAX,
} from './limits.ts'
import { SPOT_ASSET_MIN } from './market.ts'
import type { User } from './records.ts'
import { burnSupply, credit, debit, spotAvailable, spotBalance } from './spotClearinghouse.ts'
import { stakedToken } from './staking/staking.ts'

const NAME_CHARS_MAX = 6
const FULL_NAME_CHARS_MAX = 50
/** Decimals of wei beyond those of a lot; docs/spec/hyperliquid.md §9. */
const LOT_DECIMALS_MIN = 5
const SZ_DECIMALS_MAX = 8
const WEI_DECIMALS_MAX = 18
/** A quote token must hold the unit of spot prices, 1e-8; docs/spec/hyperliquid.md §1.1. */
const QUOTE_WEI_DECIMALS_MIN = 8
/** How long the price of a token falls. */
export const DEPLOY_AUCTION_MS: bigint = 31n * 3_600_000n
/** What it falls to: 500 HYPE, in 1e-8. */
export const DEPLOY_GAS_MIN: bigint = 50_000_000_000n
const MILLION = 1_000_000
/** Decimals of a percentage that make it millionths. */
const PERCENT_DECIMALS = 4

/** What registering a token costs now, 1e-8 HYPE: it falls in a straight line over 31 hours, then stays. */
export function deployGas({ deployAuction, now }: CoreState): bigint {
  const auction = deployAuction.get(0)
  if (auction === undefined) return DEPLOY_GAS_MIN
  const elapsedMs = BigInt(now.timestampMs - auction.startMs)
  if (elapsedMs >= DEPLOY_AUCTION_MS) return DEPLOY_GAS_MIN
  return auction.startGas - ((auction.startGas - DEPLOY_GAS_MIN) * elapsedMs) / DEPLOY_AUCTION_MS
}

/** First step: the name, the decimals, and the price of the auction, which is burned. */
export function registerToken(
  state: CoreState,
  user: User,
  { spec, maxGas, fullName }: NonNullable<SpotDeployAction['registerToken2']>,
): ActionOutcome {
  const native = stakedToken(state)
  if (native === undefined) return unsupported('registerToken2')
  const { name, szDecimals, weiDecimals } = spec
  const index = state.tokens.size
  if (index >= ASSETS_MAX) return refused('Too many tokens.')
  if (!new RegExp(`^[A-Za-z0-9]{1,${NAME_CHARS_MAX}}$`).test(name)) {
    return refused('Invalid token name.')
  }
  for (const [, token] of state.tokens.entries()) {
    if (token.name === name) return refused('Token name is taken.')
  }
  if (fullName !== undefined && [...fullName].length > FULL_NAME_CHARS_MAX) {
    return refused('Invalid full name.')
  }
  const isFitting =
    szDecimals <= SZ_DECIMALS_MAX &&
    weiDecimals <= WEI_DECIMALS_MAX &&
    szDecimals + LOT_DECIMALS_MIN <= weiDecimals
  if (!isFitting) return refused('Invalid token decimals.')
  const gas = deployGas(state)
  if (gas > BigInt(maxGas)) return refused('Deploy gas is above the maximum given.')
  if (spotAvailable(state, user, native.index) < gas) {
    return fault('OL_ACTION_BALANCE', 'Insufficient balance for deploy gas.')
  }
  debit(state, user, { token: native.index, wei: gas })
  burnSupply(state, native.index, gas)
  state.deployAuction.set(0, { startMs: state.now.timestampMs, startGas: 2n * gas })
  state.tokens.set(index, {
    index,
    name,
    fullName,
    tokenId: tokenIdOf(index, name),
    szDecimals,
    weiDecimals,
    isCanonical: false,
    isQuote: false,
    evmContract: undefined,
  })
  state.tokenDeployers.set(index, user)
  state.deployments.set(index, {
    allocatedWei: 0n,
    holders: 0,
    isOpen: false,
    feeSharePpm: 0,
    blacklist: [],
  })
  return DONE
}

/** Second step, as often as it takes: who gets how much. Amounts are whole wei. */
export function allocateToken(
  state: CoreState,
  user: User,
  wanted: NonNullable<SpotDeployAction['userGenesis']>,
): ActionOutcome {
  const { token, userAndWei, existingTokenAndWei, blacklistUsers = [] } = wanted
  const found = ownDeployment(state, user, token)
  if ('code' in found) return found
  if (found.isOpen) return refused('Token already had its genesis.')
  const blacklist = withBlacklist(found.blacklist, blacklistUsers)
  if (blacklist.length > TOKEN_HOLDERS_AT_GENESIS_MAX) return refused('Too many users left out.')
  const gifts: (readonly [holder: User, wei: bigint])[] = []
  for (const [holder, text] of userAndWei) {
    const wei = parseUnits(text, 0)
    if (wei === undefined || wei === 0n) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
    if (isSystemAddress(holder)) return refused('A system address gets nothing at genesis.')
    gifts.push([holder, wei])
  }
  for (const [existing, text] of existingTokenAndWei) {
    const wei = parseUnits(text, 0)
    if (wei === undefined || wei === 0n) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
    const shares = sharesOfHolders(state, { existing, wei, blacklist })
    if (shares === undefined) return refused('Too many holders at genesis.')
    if (shares.length === 0) return refused('Nobody holds the existing token.')
    gifts.push(...shares)
    if (gifts.length > TOKEN_GIFTS_PER_ACTION_MAX) return refused('Too many gifts in one action.')
  }
  let { allocatedWei, holders } = found
  for (const [holder, wei] of gifts) {
    const before = state.allocations.get(holder, token)
    if (before === undefined) holders += 1
    allocatedWei += wei
    if (allocatedWei > TOKEN_SUPPLY_WEI_MAX) return refused('Token supply is too large.')
    state.allocations.set(holder, token, (before ?? 0n) + wei)
  }
  if (holders > TOKEN_HOLDERS_AT_GENESIS_MAX) return refused('Too many holders at genesis.')
  state.deployments.set(token, { ...found, allocatedWei, holders, blacklist })
  return DONE
}

/** Ascending. A later entry of the deployer counts, and `false` lets a user in again. */
function withBlacklist(
  before: readonly User[],
  changes: readonly (readonly [User, boolean])[],
): readonly User[] {
  const users = new Set(before)
  for (const [user, isOut] of changes) {
    if (isOut) users.add(user)
    else users.delete(user)
  }
  return [...users].sort()
}

/**
 * What the holders of an existing token get of so many wei: in proportion to what they hold now, rounded down, and what
 * rounding leaves goes to the greatest holder. `undefined` when they are too many for one action.
 */
function sharesOfHolders(
  state: CoreState,
  wanted: { readonly existing: number; readonly wei: bigint; readonly blacklist: readonly User[] },
): readonly (readonly [holder: User, wei: bigint])[] | undefined {
  const { existing, wei, blacklist } = wanted
  const left = new Set(blacklist)
  const holders: { readonly user: User; readonly held: bigint }[] = []
  for (const user of state.tokenHolders.of(existing)) {
    if (left.has(user) || isSystemAddress(user)) continue
    holders.push({ user, held: spotBalance(state, user, existing).total })
    if (holders.length > TOKEN_HOLDERS_AT_GENESIS_MAX) return undefined
  }
  holders.sort((a, b) =>
    a.held === b.held ? (a.user < b.user ? -1 : 1) : a.held > b.held ? -1 : 1,
  )
  const total = holders.reduce((sum, { held }) => sum + held, 0n)
  const shares = holders.map(({ user, held }) => [user, (wei * held) / total] as const)
  const [greatest, ...others] = shares
  if (greatest === undefined) return []
  const rest = wei - shares.reduce((sum, [, share]) => sum + share, 0n)
  return [[greatest[0], greatest[1] + rest] as const, ...others].filter(([, share]) => share > 0n)
}

/** Lets other pairs be quoted in the token, for ever or until `disableQuoteToken`; pairs that are there stay. */
export function setQuoteToken(
  state: CoreState,
  user: User,
  token: number,
  isQuote: boolean,
): ActionOutcome {
  const found = ownDeployment(state, user, token)
  if ('code' in found) return found
  if (!found.isOpen) return refused('Token has had no genesis.')
  const record = state.token(token)
  if (record.weiDecimals < QUOTE_WEI_DECIMALS_MIN) {
    return refused('Token is too coarse to be a quote token.')
  }
  if (record.isQuote === isQuote) {
    return refused(isQuote ? 'Token is already a quote token.' : 'Token is not a quote token.')
  }
  state.tokens.set(token, { ...record, isQuote })
  return DONE
}

/** Third step: the holders get their wei, which must be all there will ever be. */
export function openToken(
  state: CoreState,
  user: User,
  { token, maxSupply, noHyperliquidity }: NonNullable<SpotDeployAction['genesis']>,
): ActionOutcome {
  const found = ownDeployment(state, user, token)
  if ('code' in found) return found
  if (found.isOpen) return refused('Token already had its genesis.')
  const isQuoted = state.allocations.get(HYPERLIQUIDITY_ACCOUNT, token) !== undefined
  if (isQuoted !== (noHyperliquidity !== true)) {
    return refused(isQuoted ? 'Hyperliquidity has tokens.' : 'Hyperliquidity has no tokens.')
  }
  const supply = parseUnits(maxSupply, 0)
  if (supply === undefined || supply === 0n || supply !== found.allocatedWei) {
    return refused('Max supply is not what was allocated.')
  }
  for (const holder of allocatedTo(state, token)) {
    const wei = state.allocations.get(holder, token) ?? 0n
    state.allocations.set(holder, token, undefined)
    activate(state, holder)
    credit(state, holder, { token, wei, entryNtl: 0n })
  }
  state.supplies.set(token, supply)
  state.deployments.set(token, { ...found, isOpen: true })
  return DONE
}

/** Fourth step: a book against USDC, or another quote token. */
export function registerSpotPair(
  state: CoreState,
  user: User,
  { tokens: [base, quote] }: NonNullable<SpotDeployAction['registerSpot']>,
): ActionOutcome {
  const found = ownDeployment(state, user, base)
  if ('code' in found) return found
  if (!found.isOpen) return refused('Token has had no genesis.')
  if (state.tokens.get(quote)?.isQuote !== true || quote === base)
    return refused('Token is not a quote token.')
  let index = 0
  for (const [taken, pair] of state.spotPairs.entries()) {
    if (pair.base === base && pair.quote === quote) return refused('Spot pair already exists.')
    index = Math.max(index, taken + 1)
  }
  if (index >= ASSETS_MAX) return refused('Too many spot pairs.')
  const name = `@${index}`
  state.prices.set(SPOT_ASSET_MIN + index, { oraclePx: 0, markPx: 0, lastPx: 0 })
  state.spotPairs.set(index, { index, name, base, quote, isCanonical: false })
  return DONE
}

/** The share that the deployer takes of fees paid in the token; it only falls once the token is open. */
export function setFeeShare(
  state: CoreState,
  user: User,
  { token, share }: NonNullable<SpotDeployAction['setDeployerTradingFeeShare']>,
): ActionOutcome {
  const found = ownDeployment(state, user, token)
  if ('code' in found) return found
  const feeSharePpm = share.endsWith('%')
    ? parseSafeUnits(share.slice(0, -1), PERCENT_DECIMALS, MILLION)
    : undefined
  if (feeSharePpm === undefined) return fault('OL_ACTION_MALFORMED', 'Invalid fee share.')
  if (found.isOpen && feeSharePpm > found.feeSharePpm) return refused('Fee share can only fall.')
  state.deployments.set(token, { ...found, feeSharePpm })
  return DONE
}

function ownDeployment(state: CoreState, user: User, token: number): Deployment | ActionFault {
  const deployment = state.deployments.get(token)
  if (deployment === undefined) return fault('OL_ACTION_TOKEN', 'Token is not being deployed.')
  return state.tokenDeployers.get(token) === user
    ? deployment
    : refused('Only the deployer of the token may do this.')
}

/** Who gets something at the genesis of a token, ascending. */
export function allocatedTo(state: CoreState, token: number): User[] {
  const holders: User[] = []
  for (const [holder, allocations] of state.allocations.owners()) {
    if (allocations.has(token)) holders.push(holder)
  }
  return holders.sort()
}

/** Own rule: the first 16 bytes of keccak256("OL/token" ‖ u32_be(index) ‖ name). */
function tokenIdOf(index: number, name: string): string {
  const preimage = [utf8ToBytes('OL/token'), uintToBytes(index, 4), utf8ToBytes(name)]
  return bytesToHex(keccak256(concatBytes(...preimage)).subarray(0, 16))
}

function refused(text: string): ActionFault {
  return fault('OL_ACTION_DEPLOY', text)
}
