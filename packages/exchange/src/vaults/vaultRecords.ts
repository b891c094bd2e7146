import { sequenceKey, type User, userKey } from '../records.ts'
import type { TableSpec } from '../table.ts'

/** An account that its leader trades for everybody who put money in; docs/spec/hyperliquid.md §9. */
export interface Vault {
  readonly leader: User
  readonly name: string
  readonly description: string
  readonly allowDeposits: boolean
  /** Withdrawals close their part of every position, not only what margin asks for. */
  readonly alwaysCloseOnWithdraw: boolean
  readonly isClosed: boolean
  readonly createdMs: number
  /** What all holders have together; the first deposit gives one for each 1e-6 USDC. */
  readonly shares: bigint
  readonly holders: number
}

/** Keyed by the vault's account. */
export const VAULTS: TableSpec<User, Vault> = {
  tag: 0x50,
  ...userKey,
  write: (out, vault) =>
    void out
      .hex(vault.leader, 20)
      .text(vault.name)
      .text(vault.description)
      .bool(vault.allowDeposits)
      .bool(vault.alwaysCloseOnWithdraw)
      .bool(vault.isClosed)
      .u53(vault.createdMs)
      .integer(vault.shares)
      .u32(vault.holders),
  read: (input) => ({
    leader: input.hex(20),
    name: input.text(),
    description: input.text(),
    allowDeposits: input.bool(),
    alwaysCloseOnWithdraw: input.bool(),
    isClosed: input.bool(),
    createdMs: input.u53(),
    shares: input.integer(),
    holders: input.u32(),
  }),
}

/** What one account has in one vault. */
export interface Holding {
  readonly shares: bigint
  /** Paid in for them, less what was distributed, 1e-6 USDC: above it is profit. */
  readonly basis: bigint
  readonly lockedUntilMs: number
  readonly enteredMs: number
}

/** Holder and vault, as `0x` and 80 hex digits. */
export type HoldingKey = string

export function holdingKey(user: User, vault: User): HoldingKey {
  return user + vault.slice(2)
}

export function holdingOf(key: HoldingKey): { readonly user: User; readonly vault: User } {
  return { user: key.slice(0, 42), vault: `0x${key.slice(42)}` }
}

export const HOLDINGS: TableSpec<HoldingKey, Holding> = {
  tag: 0x51,
  writeKey: (out, key) => void out.hex(key, 40),
  readKey: (input) => input.hex(40),
  write: (out, { shares, basis, lockedUntilMs, enteredMs }) =>
    void out.integer(shares).integer(basis).u53(lockedUntilMs).u53(enteredMs),
  read: (input) => ({
    shares: input.integer(),
    basis: input.integer(),
    lockedUntilMs: input.u53(),
    enteredMs: input.u53(),
  }),
}

/** A vault transfer of a contract in its delay; docs/spec/hyperliquid.md §12. */
export interface DelayedVaultTransfer {
  readonly dueMs: number
  readonly user: User
  readonly evmTxHash: string
  readonly logIndex: number
  readonly vault: User
  readonly isDeposit: boolean
  /** 1e-6 USDC. */
  readonly usd: bigint
}

/** Keyed by the sequence number that delayed orders are keyed by. */
export const DELAYED_VAULT_TRANSFERS: TableSpec<number, DelayedVaultTransfer> = {
  tag: 0x52,
  ...sequenceKey,
  write: (out, { dueMs, user, evmTxHash, logIndex, vault, isDeposit, usd }) =>
    void out
      .u53(dueMs)
      .hex(user, 20)
      .hex(evmTxHash, 32)
      .u32(logIndex)
      .hex(vault, 20)
      .bool(isDeposit)
      .u64(usd),
  read: (input) => ({
    dueMs: input.u53(),
    user: input.hex(20),
    evmTxHash: input.hex(32),
    logIndex: input.u32(),
    vault: input.hex(20),
    isDeposit: input.bool(),
    usd: input.u64(),
  }),
}
