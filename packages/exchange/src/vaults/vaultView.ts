import type { VaultEquityReading } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { maxOf } from '../decimal.ts'
import { accountMargin, withdrawable } from '../margin.ts'
import type { User } from '../records.ts'
import { holdingKey, holdingOf } from './vaultRecords.ts'
import { holdingEquity, vaultEquity } from './vaults.ts'

/** What one account has in a vault. 1e-6 USDC. */
export interface HoldingReading {
  readonly user: string
  readonly vault: string
  readonly equity: bigint
  readonly basis: bigint
  readonly enteredMs: number
  readonly lockedUntilMs: number
}

/** A vault, for the queries of docs/spec/hyperliquid.md §10.1. 1e-6 USDC. */
export interface VaultReading {
  readonly vault: string
  readonly leader: string
  readonly name: string
  readonly description: string
  readonly equity: bigint
  /** Of the shares, millionths. */
  readonly leaderPpm: number
  readonly withdrawable: bigint
  readonly isClosed: boolean
  readonly allowDeposits: boolean
  readonly alwaysCloseOnWithdraw: boolean
  readonly createdMs: number
}

const MILLION = 1_000_000n

/** For contracts: `undefined` for what is no vault, zeros for who has nothing in it. */
export function vaultEquityOf(
  state: CoreState,
  user: User,
  vault: User,
): VaultEquityReading | undefined {
  if (!state.vaults.vaults.has(vault)) return undefined
  const key = holdingKey(user, vault)
  const lockedUntilMs = BigInt(state.vaults.holdings.get(key)?.lockedUntilMs ?? 0)
  return { equity: holdingEquity(state, key), lockedUntilMs }
}

/** Vaults that an account has money in, by vault. */
export function holdingsOfUser(state: CoreState, user: User): readonly HoldingReading[] {
  return state.vaults.holdingsOf(user).flatMap((key) => holdingReading(state, key))
}

/** Who has money in a vault, by address. */
export function holdingsInVault(state: CoreState, vault: User): readonly HoldingReading[] {
  return state.vaults.holdingsIn(vault).flatMap((key) => holdingReading(state, key))
}

/** All vaults, by address. */
export function vaultReadings(state: CoreState): readonly VaultReading[] {
  return [...state.vaults.vaults.keys()].sort().flatMap((vault) => vaultReading(state, vault) ?? [])
}

export function vaultReading(state: CoreState, address: User): VaultReading | undefined {
  const vault = state.vaults.vaults.get(address)
  if (vault === undefined) return undefined
  const own = state.vaults.holdings.get(holdingKey(vault.leader, address))?.shares ?? 0n
  const { leader, name, description, isClosed, allowDeposits, alwaysCloseOnWithdraw } = vault
  return {
    vault: address,
    leader,
    name,
    description,
    equity: maxOf(vaultEquity(state, address), 0n),
    leaderPpm: vault.shares === 0n ? 0 : Number((own * MILLION) / vault.shares),
    withdrawable: withdrawable(accountMargin(state, address)),
    isClosed,
    allowDeposits,
    alwaysCloseOnWithdraw,
    createdMs: vault.createdMs,
  }
}

function holdingReading(state: CoreState, key: string): HoldingReading[] {
  const holding = state.vaults.holdings.get(key)
  if (holding === undefined) return []
  const { basis, enteredMs, lockedUntilMs } = holding
  return [{ ...holdingOf(key), equity: holdingEquity(state, key), basis, enteredMs, lockedUntilMs }]
}
