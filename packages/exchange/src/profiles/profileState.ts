import type { Journal } from '../journal.ts'
import type { User } from '../records.ts'
import { type StoredTable, Table } from '../table.ts'
import {
  DISPLAY_NAMES,
  DUST_KEEPERS,
  MULTI_SIG_USERS,
  type MultiSigUser,
  REFERRED,
  REFERRERS,
  type Referred,
  type Referrer,
  STAKING_LINKS,
  type StakingLink,
} from './profileRecords.ts'

const nothing = (): void => undefined
const NOBODY: ReadonlySet<User> = new Set()

/** The tables of what accounts are to each other beside trading, and what is derived from them by hooks. */
export class ProfileState {
  readonly multiSigUsers: Table<User, MultiSigUser>
  readonly referrers: Table<User, Referrer>
  readonly referred: Table<User, Referred>
  readonly displayNames: Table<User, string>
  /** Accounts whose dust is not swept. */
  readonly keepsDust: Table<User, true>
  /** By the trading account. */
  readonly stakingLinks: Table<User, StakingLink>
  readonly tables: readonly StoredTable[]

  readonly #byCode = new Map<string, User>()
  readonly #referredBy = new Map<User, Set<User>>()
  readonly #tradingUsers = new Map<User, User>()

  /** @param feesChanged - told of an account whose fees may be others now */
  constructor(journal: Journal, feesChanged: (user: User) => void) {
    this.multiSigUsers = new Table(MULTI_SIG_USERS, journal, nothing)
    this.referrers = new Table(REFERRERS, journal, (user, previous, next) => {
      if (previous !== undefined) this.#byCode.delete(previous.code)
      if (next !== undefined) this.#byCode.set(next.code, user)
    })
    this.referred = new Table(REFERRED, journal, (user, previous, next) => {
      // What it trades changes nothing here.
      if (previous?.referrer === next?.referrer) return
      if (previous !== undefined) this.#referredBy.get(previous.referrer)?.delete(user)
      if (next !== undefined) {
        const group = this.#referredBy.get(next.referrer)
        if (group === undefined) this.#referredBy.set(next.referrer, new Set([user]))
        else group.add(user)
      }
      feesChanged(user)
    })
    this.displayNames = new Table(DISPLAY_NAMES, journal, nothing)
    this.keepsDust = new Table(DUST_KEEPERS, journal, nothing)
    this.stakingLinks = new Table(STAKING_LINKS, journal, (user, previous, next) => {
      if (previous?.isFinal === true) this.#tradingUsers.delete(previous.stakingUser)
      if (next?.isFinal === true) this.#tradingUsers.set(next.stakingUser, user)
      feesChanged(user)
      for (const link of [previous, next]) if (link !== undefined) feesChanged(link.stakingUser)
    })
    this.tables = [
      this.multiSigUsers,
      this.referrers,
      this.referred,
      this.displayNames,
      this.keepsDust,
      this.stakingLinks,
    ]
  }

  /** Whose referral code it is. */
  referrerOf(code: string): User | undefined {
    return this.#byCode.get(code)
  }

  /** Accounts that an account referred, in no order that means anything. */
  referredBy(user: User): ReadonlySet<User> {
    return this.#referredBy.get(user) ?? NOBODY
  }

  /** The trading account that a staking account gave its discount to. */
  tradingUserOf(stakingUser: User): User | undefined {
    return this.#tradingUsers.get(stakingUser)
  }
}
