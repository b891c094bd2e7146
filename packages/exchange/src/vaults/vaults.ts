import {
  assert,
  bytesToHex,
  concatBytes,
  hexToBytes,
  keccak256,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { activate } from '../actions/activation.ts'
import { type ActionFault, type ActionOutcome, DONE, fault } from '../actions/outcome.ts'
import type { CoreState } from '../coreState.ts'
import { ceilDivide, formatUnits, maxOf, minOf } from '../decimal.ts'
import { emitLedgerUpdate } from '../ledgerEvents.ts'
import { VAULT_HOLDERS_MAX, VAULTS_OF_LEADER_MAX } from '../limits.ts'
import { accountMargin, withdrawable } from '../margin.ts'
import { marginSummary } from '../marginSummary.ts'
import { addRawUsd } from '../perpClearinghouse.ts'
import type { User } from '../records.ts'
import { USD_DECIMALS } from '../tradeEvents.ts'
import { type Holding, holdingKey, holdingOf, type Vault } from './vaultRecords.ts'
import { closeShare, freeMargin } from './vaultUnwinding.ts'

/** 1e-6 USDC that a leader begins with; docs/spec/hyperliquid.md §9. */
const CREATE_USD_MIN = 100_000_000n
const LOCK_MS = 86_400_000
/** Of the shares, in percent, that stay the leader's. */
const LEADER_PERCENT_MIN = 5n
/** Of a follower's profit, in percent, that is the leader's. */
const PROFIT_PERCENT = 10n
const NAME_CHARS_MAX = 50
const DESCRIPTION_CHARS_MAX = 500

/** Own rule: the last 20 bytes of keccak256("OL/vault" ‖ leader ‖ u64_be(nonce)); docs/spec/hyperliquid.md §9. */
export function vaultAddressOf(leader: User, nonce: number): User {
  const preimage = [utf8ToBytes('OL/vault'), hexToBytes(leader, 20), uintToBytes(nonce, 8)]
  return bytesToHex(keccak256(concatBytes(...preimage)).subarray(12))
}

/** What the whole vault is worth at the marks, 1e-6 USDC; negative while it waits for ADL. */
export function vaultEquity(state: CoreState, vault: User): bigint {
  return marginSummary(state, vault).accountValue
}

/** What a holding is worth, 1e-6 USDC, rounded down. */
export function holdingEquity(state: CoreState, key: string): bigint {
  const { vault: address } = holdingOf(key)
  const vault = state.vaults.vaults.get(address)
  const holding = state.vaults.holdings.get(key)
  if (vault === undefined || holding === undefined) return 0n
  const equity = maxOf(vaultEquity(state, address), 0n)
  return (equity * holding.shares) / vault.shares
}

/** Opens a vault with the leader's money; `nonce` names it. */
export function createVault(
  state: CoreState,
  leader: User,
  wanted: {
    readonly name: string
    readonly description: string
    readonly usd: bigint
    readonly nonce: number
  },
): ActionOutcome {
  const { name, description, usd, nonce } = wanted
  const nameChars = [...name].length
  if (nameChars === 0 || nameChars > NAME_CHARS_MAX) return refused('Invalid vault name.')
  if ([...description].length > DESCRIPTION_CHARS_MAX) {
    return refused('Vault description too long.')
  }
  if (usd < CREATE_USD_MIN) return refused('Vault needs an initial deposit of at least 100 USDC.')
  if (withdrawable(accountMargin(state, leader)) < usd) return notEnough()
  const { vaults } = state.vaults
  let led = 0
  for (const [, vault] of vaults.entries()) if (vault.leader === leader) led += 1
  if (led >= VAULTS_OF_LEADER_MAX) return refused('Too many vaults.')
  const address = vaultAddressOf(leader, nonce)
  if (state.accounts.has(address)) return refused('Vault already exists.')
  activate(state, address)
  vaults.set(address, {
    leader,
    name,
    description,
    allowDeposits: true,
    alwaysCloseOnWithdraw: false,
    isClosed: false,
    createdMs: state.now.timestampMs,
    shares: 0n,
    holders: 0,
  })
  addShares(state, leader, address, { usd, shares: usd })
  emitLedgerUpdate(state, [leader, address], {
    type: 'vaultCreate',
    vault: address,
    usdc: formatUsd(usd),
  })
  return { type: 'createVault', data: address }
}

/** Puts USDC of the perp account into a vault, at what its shares are worth. */
export function depositInVault(
  state: CoreState,
  user: User,
  { vault: address, usd }: { readonly vault: User; readonly usd: bigint },
): ActionOutcome {
  const vault = state.vaults.vaults.get(address)
  if (vault === undefined) return unknownVault()
  if (usd === 0n) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  if (vault.isClosed || user === address) return refused('Vault is closed.')
  if (!vault.allowDeposits && user !== vault.leader) {
    return refused('Vault does not accept deposits.')
  }
  if (state.vaults.vaults.has(user)) return refused('A vault cannot deposit.')
  if (withdrawable(accountMargin(state, user)) < usd) return notEnough()
  const equity = vaultEquity(state, address)
  if (equity <= 0n) return refused('Vault has no equity.')
  const shares = (usd * vault.shares) / equity
  if (shares === 0n) return refused('Deposit is less than one share.')
  const isNew = !state.vaults.holdings.has(holdingKey(user, address))
  if (isNew && vault.holders >= VAULT_HOLDERS_MAX) return refused('Vault has too many depositors.')
  addShares(state, user, address, { usd, shares })
  if (!leaderHasEnough(state, address)) {
    return refused('Leader must keep at least 5% of the vault.')
  }
  emitLedgerUpdate(state, [user, address], {
    type: 'vaultDeposit',
    vault: address,
    usdc: formatUsd(usd),
  })
  return DONE
}

/**
 * Takes USDC out of a vault: orders go and positions are reduced as far as its margin asks for. A follower leaves a
 * tenth of the profit to the leader, and everybody bears a part of what the closing cost.
 */
export function withdrawFromVault(
  state: CoreState,
  user: User,
  { vault: address, usd }: { readonly vault: User; readonly usd: bigint },
): ActionOutcome {
  const vault = state.vaults.vaults.get(address)
  if (vault === undefined) return unknownVault()
  if (usd === 0n) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  const key = holdingKey(user, address)
  const holding = state.vaults.holdings.get(key)
  const equity = maxOf(vaultEquity(state, address), 0n)
  const own = holding === undefined ? 0n : (equity * holding.shares) / vault.shares
  if (holding === undefined || own < usd) return refused('Insufficient vault equity.')
  if (holding.lockedUntilMs > state.now.timestampMs) return refused('Deposit is still locked.')
  // The last unit takes the last share: nothing worthless stays behind.
  const burned =
    usd === own ? holding.shares : minOf(ceilDivide(usd * vault.shares, equity), holding.shares)
  if (vault.alwaysCloseOnWithdraw) {
    closeShare(state, address, { part: burned, whole: vault.shares })
  }
  if (!freeMargin(state, address, usd)) {
    return refused('Vault cannot free enough margin for the withdrawal.')
  }
  const after = maxOf(vaultEquity(state, address), 0n)
  const paid = minOf(usd, (after * burned) / vault.shares)
  const basis = (holding.basis * burned) / holding.shares
  const commission = commissionOf(user, vault, paid - basis)
  removeShares(state, user, address, { shares: burned, basis })
  addRawUsd(state, address, -paid)
  addRawUsd(state, user, paid - commission)
  addRawUsd(state, vault.leader, commission)
  if (!leaderHasEnough(state, address)) {
    return refused('Leader must keep at least 5% of the vault.')
  }
  emitWithdrawal(state, { user, vault: address, requested: usd, paid, commission, basis })
  return DONE
}

/** The leader pays out a part of the vault to all holders, by their shares; with 0, everything, and closes it. */
export function distributeVault(
  state: CoreState,
  leader: User,
  { vault: address, usd }: { readonly vault: User; readonly usd: bigint },
): ActionOutcome {
  const vault = state.vaults.vaults.get(address)
  if (vault === undefined) return unknownVault()
  if (vault.leader !== leader) return notTheLeader()
  if (vault.isClosed) return refused('Vault is closed.')
  if (usd === 0n) return closeVault(state, address, vault)
  if (withdrawable(accountMargin(state, address)) < usd) return notEnough()
  for (const key of state.vaults.holdingsIn(address)) {
    const holding = state.vaults.holdings.get(key)
    assert(holding !== undefined, 'a holding of an index')
    const part = (usd * holding.shares) / vault.shares
    if (part === 0n) continue
    const { user } = holdingOf(key)
    state.vaults.holdings.set(key, { ...holding, basis: holding.basis - part })
    addRawUsd(state, address, -part)
    addRawUsd(state, user, part)
    emitLedgerUpdate(state, [user], {
      type: 'vaultDistribution',
      vault: address,
      usdc: formatUsd(part),
    })
  }
  return DONE
}

/** `null` and absent leave things as they are. */
export function modifyVault(
  state: CoreState,
  leader: User,
  change: {
    readonly vault: User
    readonly allowDeposits: boolean | undefined
    readonly alwaysCloseOnWithdraw: boolean | undefined
  },
): ActionOutcome {
  const vault = state.vaults.vaults.get(change.vault)
  if (vault === undefined) return unknownVault()
  if (vault.leader !== leader) return notTheLeader()
  state.vaults.vaults.set(change.vault, {
    ...vault,
    allowDeposits: change.allowDeposits ?? vault.allowDeposits,
    alwaysCloseOnWithdraw: change.alwaysCloseOnWithdraw ?? vault.alwaysCloseOnWithdraw,
  })
  return DONE
}

function closeVault(state: CoreState, address: User, vault: Vault): ActionOutcome {
  const { triggers } = state.ordersOf(address)
  const isTrading =
    state.orders.oidsOf(address).length + triggers.size > 0 ||
    [...state.positions.of(address).values()].some(({ size }) => size !== 0)
  if (isTrading) return refused('Vault still has positions or orders.')
  const equity = maxOf(state.account(address).rawUsd, 0n)
  let left = equity
  for (const key of state.vaults.holdingsIn(address)) {
    const holding = state.vaults.holdings.get(key)
    assert(holding !== undefined, 'a holding of an index')
    const { user } = holdingOf(key)
    const paid = (equity * holding.shares) / vault.shares
    const commission = commissionOf(user, vault, paid - holding.basis)
    left -= paid
    removeShares(state, user, address, { shares: holding.shares, basis: holding.basis })
    addRawUsd(state, address, -paid)
    addRawUsd(state, user, paid - commission)
    addRawUsd(state, vault.leader, commission)
    const { basis } = holding
    emitWithdrawal(state, { user, vault: address, requested: paid, paid, commission, basis })
  }
  // What rounding left is less than one unit a holder.
  addRawUsd(state, address, -left)
  addRawUsd(state, vault.leader, left)
  const after = state.vaults.vaults.get(address)
  assert(after?.shares === 0n, 'shares of nobody')
  state.vaults.vaults.set(address, { ...after, isClosed: true })
  return DONE
}

function commissionOf(user: User, { leader }: Vault, profit: bigint): bigint {
  return user === leader || profit <= 0n ? 0n : (profit * PROFIT_PERCENT) / 100n
}

function leaderHasEnough(state: CoreState, address: User): boolean {
  const vault = state.vaults.vaults.get(address)
  assert(vault !== undefined, 'a vault that is there')
  const own = state.vaults.holdings.get(holdingKey(vault.leader, address))?.shares ?? 0n
  return 100n * own >= LEADER_PERCENT_MIN * vault.shares
}

function addShares(
  state: CoreState,
  user: User,
  address: User,
  { usd, shares }: { readonly usd: bigint; readonly shares: bigint },
): void {
  const { vaults, holdings } = state.vaults
  const vault = vaults.get(address)
  assert(vault !== undefined, 'a vault that is there')
  const key = holdingKey(user, address)
  const { timestampMs } = state.now
  const before: Holding | undefined = holdings.get(key)
  addRawUsd(state, user, -usd)
  addRawUsd(state, address, usd)
  holdings.set(key, {
    shares: (before?.shares ?? 0n) + shares,
    basis: (before?.basis ?? 0n) + usd,
    lockedUntilMs: timestampMs + LOCK_MS,
    enteredMs: before?.enteredMs ?? timestampMs,
  })
  const holders = vault.holders + (before === undefined ? 1 : 0)
  vaults.set(address, { ...vault, shares: vault.shares + shares, holders })
}

function removeShares(
  state: CoreState,
  user: User,
  address: User,
  { shares, basis }: { readonly shares: bigint; readonly basis: bigint },
): void {
  const { vaults, holdings } = state.vaults
  const key = holdingKey(user, address)
  const [vault, holding] = [vaults.get(address), holdings.get(key)]
  assert(vault !== undefined && holding !== undefined, 'shares that are there')
  const rest = holding.shares - shares
  assert(rest >= 0n, 'more shares than there are')
  const isGone = rest === 0n
  const after = { ...holding, shares: rest, basis: holding.basis - basis }
  holdings.set(key, isGone ? undefined : after)
  const holders = vault.holders - (isGone ? 1 : 0)
  vaults.set(address, { ...vault, shares: vault.shares - shares, holders })
}

function emitWithdrawal(
  state: CoreState,
  withdrawal: {
    readonly user: User
    readonly vault: User
    readonly requested: bigint
    readonly paid: bigint
    readonly commission: bigint
    readonly basis: bigint
  },
): void {
  const { user, vault, requested, paid, commission, basis } = withdrawal
  emitLedgerUpdate(state, [user, vault], {
    type: 'vaultWithdraw',
    vault,
    user,
    requestedUsd: formatUsd(requested),
    commission: formatUsd(commission),
    closingCost: formatUsd(requested - paid),
    basis: formatUsd(basis),
    netWithdrawnUsd: formatUsd(paid - commission),
  })
  const leader = state.vaults.vaults.get(vault)?.leader
  if (commission === 0n || leader === undefined) return
  emitLedgerUpdate(state, [leader], {
    type: 'vaultLeaderCommission',
    user,
    usdc: formatUsd(commission),
  })
}

function formatUsd(usd: bigint): string {
  return formatUnits(usd, USD_DECIMALS)
}

function unknownVault(): ActionFault {
  return refused('Vault does not exist.')
}

function notTheLeader(): ActionFault {
  return refused('Only the leader of the vault may do this.')
}

function notEnough(): ActionFault {
  return fault('OL_ACTION_MARGIN', 'Insufficient withdrawable balance for transfer.')
}

function refused(text: string): ActionFault {
  return fault('OL_ACTION_VAULT', text)
}
