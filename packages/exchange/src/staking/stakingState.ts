import { assert } from '@openliquid/primitives'
import { DueQueue } from '../dueQueue.ts'
import type { Journal } from '../journal.ts'
import type { Singleton, User } from '../records.ts'
import { OwnedTable, type StoredTable, Table } from '../table.ts'
import {
  DELEGATIONS,
  type Delegation,
  type DelegationKey,
  delegationOf,
  EMISSIONS,
  EPOCH_CLOCK,
  type EpochClock,
  MEMBERS,
  type Member,
  PAST_EPOCHS,
  type PastEpoch,
  PENALTIES,
  type PenaltyKey,
  STAKING_RULES,
  type StakingRules,
  UNDELEGATED,
  VALIDATORS,
  type Validator,
  WITHDRAWALS,
  type Withdrawal,
} from './stakingRecords.ts'

const nothing = (): void => undefined
const NO_KEYS: ReadonlySet<DelegationKey> = new Set()

/** The tables of staking, and what is derived from them by hooks. */
export class StakingState {
  readonly rulesTable: Table<Singleton, StakingRules>
  readonly emissions: Table<Singleton, bigint>
  readonly undelegated: Table<User, bigint>
  readonly delegations: Table<DelegationKey, Delegation>
  readonly withdrawals: OwnedTable<Withdrawal>
  readonly validators: Table<User, Validator>
  readonly epochClock: Table<Singleton, EpochClock>
  readonly members: Table<number, Member>
  readonly pastEpochs: Table<number, PastEpoch>
  readonly penalties: Table<PenaltyKey, number>
  readonly tables: readonly StoredTable[]

  /** Everything that is staked: undelegated, delegated, accrued and on its way out. 1e-8 HYPE. */
  total = 0n
  /** Grows with every change that the next set may depend on. */
  version = 0
  /** Withdrawals by the time they end; keys are user and place. */
  readonly dueWithdrawals: DueQueue<string> = new DueQueue()
  readonly forgottenEpochs: DueQueue<number> = new DueQueue()
  readonly forgottenPenalties: DueQueue<PenaltyKey> = new DueQueue()

  readonly #stakes = new Map<User, bigint>()
  readonly #delegated = new Map<User, bigint>()
  readonly #byUser = new Map<User, Set<DelegationKey>>()
  readonly #byValidator = new Map<User, Set<DelegationKey>>()
  readonly #bySigner = new Map<User, User>()

  /** @param stakeChanged - told of an account that delegated more or less */
  constructor(journal: Journal, stakeChanged: (user: User) => void) {
    this.rulesTable = new Table(STAKING_RULES, journal, nothing)
    this.emissions = new Table(EMISSIONS, journal, nothing)
    this.undelegated = new Table(UNDELEGATED, journal, (_user, previous = 0n, next = 0n) => {
      this.total += next - previous
    })
    this.delegations = new Table(DELEGATIONS, journal, (key, previous, next) =>
      this.#delegationChanged(key, previous, next, stakeChanged),
    )
    this.withdrawals = new OwnedTable(WITHDRAWALS, journal, (user, place, previous, next) => {
      this.total += (next?.wei ?? 0n) - (previous?.wei ?? 0n)
      const key = withdrawalKey(user, place)
      if (previous !== undefined) this.dueWithdrawals.remove(previous.dueMs, key)
      if (next !== undefined) this.dueWithdrawals.add(next.dueMs, key)
    })
    this.validators = new Table(VALIDATORS, journal, (address, previous, next) => {
      if (previous !== undefined) this.#bySigner.delete(previous.signer)
      if (next !== undefined) this.#bySigner.set(next.signer, address)
      this.version += 1
    })
    this.epochClock = new Table(EPOCH_CLOCK, journal, nothing)
    this.members = new Table(MEMBERS, journal, nothing)
    this.pastEpochs = new Table(PAST_EPOCHS, journal, (epoch, previous, next) => {
      const [before, after] = [previous?.forgetMs ?? 0, next?.forgetMs ?? 0]
      if (before > 0) this.forgottenEpochs.remove(before, epoch)
      if (after > 0) this.forgottenEpochs.add(after, epoch)
    })
    this.penalties = new Table(PENALTIES, journal, (key, previous, next) => {
      if (previous !== undefined) this.forgottenPenalties.remove(previous, key)
      if (next !== undefined) this.forgottenPenalties.add(next, key)
    })
    this.tables = [
      this.rulesTable,
      this.emissions,
      this.undelegated,
      this.delegations,
      this.withdrawals,
      this.validators,
      this.epochClock,
      this.members,
      this.pastEpochs,
      this.penalties,
    ]
  }

  get rules(): StakingRules {
    const rules = this.rulesTable.get(0)
    assert(rules !== undefined, 'a state without staking rules')
    return rules
  }

  get epoch(): EpochClock {
    const clock = this.epochClock.get(0)
    assert(clock !== undefined, 'a state without epoch')
    return clock
  }

  /** Everything delegated to a validator, 1e-8 HYPE; its voting power in the next set. */
  stakeOf(validator: User): bigint {
    return this.#stakes.get(validator) ?? 0n
  }

  /** Everything that an account has delegated, 1e-8 HYPE. */
  delegatedBy(user: User): bigint {
    return this.#delegated.get(user) ?? 0n
  }

  /** Accounts that have a delegation to a validator, itself included. */
  delegatorCount(validator: User): number {
    return this.#byValidator.get(validator)?.size ?? 0
  }

  /** Delegations of an account, ascending by validator. */
  delegationsOf(user: User): readonly DelegationKey[] {
    return [...(this.#byUser.get(user) ?? NO_KEYS)].sort()
  }

  /** Delegations to a validator, ascending by delegator. */
  delegationsTo(validator: User): readonly DelegationKey[] {
    return [...(this.#byValidator.get(validator) ?? NO_KEYS)].sort()
  }

  /** The validator that an address signs for. */
  validatorOf(signer: User): User | undefined {
    return this.#bySigner.get(signer)
  }

  /** Members of the running epoch, by index. */
  membersNow(): Member[] {
    return [...this.members.entries()].sort(([a], [b]) => a - b).map(([, member]) => member)
  }

  #delegationChanged(
    key: DelegationKey,
    previous: Delegation | undefined,
    next: Delegation | undefined,
    stakeChanged: (user: User) => void,
  ): void {
    const { user, validator } = delegationOf(key)
    const change = (next?.wei ?? 0n) - (previous?.wei ?? 0n)
    this.total += change + rewardsOf(next) - rewardsOf(previous)
    const stake = this.stakeOf(validator) + change
    if (stake === 0n) this.#stakes.delete(validator)
    else this.#stakes.set(validator, stake)
    follow(this.#byUser, user, key, next !== undefined)
    follow(this.#byValidator, validator, key, next !== undefined)
    if (change === 0n) return
    this.version += 1
    const given = this.delegatedBy(user) + change
    if (given === 0n) this.#delegated.delete(user)
    else this.#delegated.set(user, given)
    stakeChanged(user)
  }
}

function follow(
  groups: Map<User, Set<DelegationKey>>,
  owner: User,
  key: DelegationKey,
  isThere: boolean,
): void {
  const group = groups.get(owner)
  if (isThere) {
    if (group === undefined) groups.set(owner, new Set([key]))
    else group.add(key)
    return
  }
  group?.delete(key)
  if (group?.size === 0) groups.delete(owner)
}

function rewardsOf(delegation: Delegation | undefined): bigint {
  return delegation === undefined ? 0n : delegation.accruedWei + delegation.commissionWei
}

/** Ordered by user, then by place: places have one digit. */
export function withdrawalKey(user: User, place: number): string {
  return `${user}:${place}`
}
