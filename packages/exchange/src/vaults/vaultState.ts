import type { DueQueue } from '../dueQueue.ts'
import type { Journal } from '../journal.ts'
import type { User } from '../records.ts'
import { type StoredTable, Table } from '../table.ts'
import {
  DELAYED_VAULT_TRANSFERS,
  type DelayedVaultTransfer,
  HOLDINGS,
  type Holding,
  type HoldingKey,
  holdingOf,
  VAULTS,
  type Vault,
} from './vaultRecords.ts'

const NONE: ReadonlySet<HoldingKey> = new Set()

/** The tables of vaults, and what is derived from them by hooks. */
export class VaultState {
  readonly vaults: Table<User, Vault>
  readonly holdings: Table<HoldingKey, Holding>
  readonly delayed: Table<number, DelayedVaultTransfer>
  readonly tables: readonly StoredTable[]
  /** Vaults whose holdings changed since the last block. */
  readonly touched: Set<User> = new Set()

  readonly #shares = new Map<User, bigint>()
  readonly #ofUser = new Map<User, Set<HoldingKey>>()
  readonly #ofVault = new Map<User, Set<HoldingKey>>()

  /** @param due - the queue of everything that contracts asked for and that waits */
  constructor(journal: Journal, due: DueQueue<number>) {
    this.vaults = new Table(VAULTS, journal, (vault) => void this.touched.add(vault))
    this.holdings = new Table(HOLDINGS, journal, (key, previous, next) => {
      const { user, vault } = holdingOf(key)
      const change = (next?.shares ?? 0n) - (previous?.shares ?? 0n)
      this.#shares.set(vault, this.sharesOf(vault) + change)
      for (const [groups, owner] of [
        [this.#ofUser, user],
        [this.#ofVault, vault],
      ] as const) {
        const group = groups.get(owner) ?? new Set()
        if (next === undefined) group.delete(key)
        else group.add(key)
        if (group.size === 0) groups.delete(owner)
        else groups.set(owner, group)
      }
      this.touched.add(vault)
    })
    this.delayed = new Table(DELAYED_VAULT_TRANSFERS, journal, (sequence, previous, next) => {
      if (previous !== undefined) due.remove(previous.dueMs, sequence)
      if (next !== undefined) due.add(next.dueMs, sequence)
    })
    this.tables = [this.vaults, this.holdings, this.delayed]
  }

  /** Sum over the holdings. */
  sharesOf(vault: User): bigint {
    return this.#shares.get(vault) ?? 0n
  }

  /** Holdings of an account, ascending by vault. */
  holdingsOf(user: User): readonly HoldingKey[] {
    return [...(this.#ofUser.get(user) ?? NONE)].sort()
  }

  /** Holdings in a vault, ascending by holder. */
  holdingsIn(vault: User): readonly HoldingKey[] {
    return [...(this.#ofVault.get(vault) ?? NONE)].sort()
  }
}
