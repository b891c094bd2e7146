import { type ByteReader, corrupt } from '../byteCodec.ts'
import {
  indexKey,
  readList,
  type Singleton,
  sequenceKey,
  singletonKey,
  type User,
  userKey,
} from '../records.ts'
import type { TableSpec } from '../table.ts'

/** Genesis parameters of staking; docs/spec/hyperliquid.md §9. Amounts in 1e-8 HYPE, shares in millionths. */
export interface StakingRules {
  /** What a validator must have delegated to itself to be in a set and to take delegations. */
  readonly selfDelegationMin: bigint
  /** How long a new validator's own delegation stays. */
  readonly selfLockMs: number
  readonly delegationLockMs: number
  /** How long a withdrawal waits, and how long a fault can be punished. */
  readonly unbondingMs: number
  /** Members of one epoch's set. */
  readonly validatorsMax: number
  readonly jailMs: number
  /** Own missed slots in one epoch from which on a validator is jailed, if they are most of its slots. */
  readonly missedSlotsMin: number
  /** Blocks after which a validator that voted for none of them is jailed. */
  readonly silentBlocks: number
  readonly equivocationPpm: number
  readonly conflictingTimeoutsPpm: number
  /** Yearly reward where 400 million HYPE are staked. */
  readonly rewardPpm: number
}

export const STAKING_RULES: TableSpec<Singleton, StakingRules> = {
  tag: 0x0d,
  ...singletonKey,
  write: (out, rules) =>
    void out
      .u64(rules.selfDelegationMin)
      .u53(rules.selfLockMs)
      .u53(rules.delegationLockMs)
      .u53(rules.unbondingMs)
      .u32(rules.validatorsMax)
      .u53(rules.jailMs)
      .u32(rules.missedSlotsMin)
      .u32(rules.silentBlocks)
      .u32(rules.equivocationPpm)
      .u32(rules.conflictingTimeoutsPpm)
      .u32(rules.rewardPpm),
  read: (input) => ({
    selfDelegationMin: input.u64(),
    selfLockMs: input.u53(),
    delegationLockMs: input.u53(),
    unbondingMs: input.u53(),
    validatorsMax: input.u32(),
    jailMs: input.u53(),
    missedSlotsMin: input.u32(),
    silentBlocks: input.u32(),
    equivocationPpm: input.u32(),
    conflictingTimeoutsPpm: input.u32(),
    rewardPpm: input.u32(),
  }),
}

/** HYPE that rewards are paid from: nobody's yet, and not part of the supply. 1e-8 HYPE. */
export const EMISSIONS: TableSpec<Singleton, bigint> = {
  tag: 0x70,
  ...singletonKey,
  write: (out, wei) => void out.u64(wei),
  read: (input) => input.u64(),
}

/** Staking balances that are delegated to nobody, 1e-8 HYPE. */
export const UNDELEGATED: TableSpec<User, bigint> = {
  tag: 0x71,
  ...userKey,
  write: (out, wei) => void out.u64(wei),
  read: (input) => input.u64(),
}

/** What one account gave to one validator. */
export interface Delegation {
  /** 1e-8 HYPE. */
  readonly wei: bigint
  readonly lockedUntilMs: number
  /** Epoch of the last change. */
  readonly epoch: bigint
  /** The least that was delegated in that epoch. */
  readonly leastWei: bigint
  /** Rewards that the end of the day adds. */
  readonly accruedWei: bigint
  /** The same, for what a validator takes of the rewards of others. */
  readonly commissionWei: bigint
}

export const NO_DELEGATION: Delegation = {
  wei: 0n,
  lockedUntilMs: 0,
  epoch: 0n,
  leastWei: 0n,
  accruedWei: 0n,
  commissionWei: 0n,
}

/** Delegator and validator, as `0x` and 80 hex digits. */
export type DelegationKey = string

export function delegationKey(user: User, validator: User): DelegationKey {
  return user + validator.slice(2)
}

export function delegationOf(key: DelegationKey): {
  readonly user: User
  readonly validator: User
} {
  return { user: key.slice(0, 42), validator: `0x${key.slice(42)}` }
}

export const DELEGATIONS: TableSpec<DelegationKey, Delegation> = {
  tag: 0x72,
  writeKey: (out, key) => void out.hex(key, 40),
  readKey: (input) => input.hex(40),
  write: (out, { wei, lockedUntilMs, epoch, leastWei, accruedWei, commissionWei }) =>
    void out
      .u64(wei)
      .u53(lockedUntilMs)
      .u64(epoch)
      .u64(leastWei)
      .u64(accruedWei)
      .u64(commissionWei),
  read: (input) => ({
    wei: input.u64(),
    lockedUntilMs: input.u53(),
    epoch: input.u64(),
    leastWei: input.u64(),
    accruedWei: input.u64(),
    commissionWei: input.u64(),
  }),
}

/** HYPE on its way from the staking to the spot balance. */
export interface Withdrawal {
  readonly wei: bigint
  readonly dueMs: number
}

/** Keyed by user and place among the user's own. */
export const WITHDRAWALS: TableSpec<readonly [User, number], Withdrawal> = {
  tag: 0x73,
  writeKey: (out, [user, place]) => void out.hex(user, 20).u32(place),
  readKey: (input) => [input.hex(20), input.u32()],
  write: (out, { wei, dueMs }) => void out.u64(wei).u53(dueMs),
  read: (input) => ({ wei: input.u64(), dueMs: input.u53() }),
}

/** A registered validator, in a set or not. */
export interface Validator {
  readonly signer: User
  /** `0x` hex of both keys; consensus.md §2. */
  readonly voteKey: string
  readonly nodeKey: string
  readonly nodeIp: string
  readonly name: string
  readonly description: string
  readonly delegationsDisabled: boolean
  readonly commissionBps: number
  readonly isJailed: boolean
  /** Block time from which on it may leave the jail. */
  readonly unjailableAfterMs: number
  /** Unregistered: it is in no new set, and delegations only leave. */
  readonly isLeaving: boolean
}

/** Keyed by the validator's account. */
export const VALIDATORS: TableSpec<User, Validator> = {
  tag: 0x74,
  ...userKey,
  write: (out, validator) => {
    const voteKeyBytes = (validator.voteKey.length - 2) / 2
    out
      .hex(validator.signer, 20)
      .u8(voteKeyBytes)
      .hex(validator.voteKey, voteKeyBytes)
      .hex(validator.nodeKey, 32)
      .text(validator.nodeIp)
      .text(validator.name)
      .text(validator.description)
      .bool(validator.delegationsDisabled)
      .u32(validator.commissionBps)
      .bool(validator.isJailed)
      .u53(validator.unjailableAfterMs)
      .bool(validator.isLeaving)
  },
  read: (input) => ({
    signer: input.hex(20),
    voteKey: input.hex(input.u8()),
    nodeKey: input.hex(32),
    nodeIp: input.text(),
    name: input.text(),
    description: input.text(),
    delegationsDisabled: input.bool(),
    commissionBps: input.u32(),
    isJailed: input.bool(),
    unjailableAfterMs: input.u53(),
    isLeaving: input.bool(),
  }),
}

/** The running epoch. */
export interface EpochClock {
  readonly epoch: bigint
  readonly startMs: number
  /** Blocks of the running window in which everybody should have voted once. */
  readonly windowBlocks: number
}

export const EPOCH_CLOCK: TableSpec<Singleton, EpochClock> = {
  tag: 0x75,
  ...singletonKey,
  write: (out, { epoch, startMs, windowBlocks }) =>
    void out.u64(epoch).u53(startMs).u32(windowBlocks),
  read: (input) => ({ epoch: input.u64(), startMs: input.u53(), windowBlocks: input.u32() }),
}

/** A member of the running epoch's set, and how it did so far. */
export interface Member {
  readonly validator: User
  /** Voting power, fixed for the epoch. */
  readonly stake: bigint
  readonly proposed: number
  readonly missed: number
  /** Since the window began. */
  readonly hasVoted: boolean
}

/** Keyed by the index in the set. */
export const MEMBERS: TableSpec<number, Member> = {
  tag: 0x76,
  ...indexKey,
  write: (out, { validator, stake, proposed, missed, hasVoted }) =>
    void out.hex(validator, 20).u64(stake).u32(proposed).u32(missed).bool(hasVoted),
  read: (input: ByteReader) => ({
    validator: input.hex(20),
    stake: input.u64(),
    proposed: input.u32(),
    missed: input.u32(),
    hasVoted: input.bool(),
  }),
}

/** Who was who in an epoch, for faults that are proven later. */
export interface PastEpoch {
  /** By index. */
  readonly validators: readonly User[]
  /** Block time at which it is forgotten; 0 while it runs. */
  readonly forgetMs: number
}

/** Keyed by epoch, which stays far below 2^53. */
export const PAST_EPOCHS: TableSpec<number, PastEpoch> = {
  tag: 0x77,
  ...sequenceKey,
  write: (out, { validators, forgetMs }) => {
    out.u53(forgetMs).u32(validators.length)
    for (const validator of validators) out.hex(validator, 20)
  },
  read: (input) => {
    const forgetMs = input.u53()
    return { validators: readList(input, () => input.hex(20)), forgetMs }
  },
}

const PENALTY_KINDS_MAX = 2

/** Validator, epoch, view and class of a fault, as `0x` and 74 hex digits: one act is punished once. */
export type PenaltyKey = string

export const PENALTIES: TableSpec<PenaltyKey, number> = {
  tag: 0x78,
  writeKey: (out, key) => void out.hex(key, 37),
  readKey: (input) => {
    const key = input.hex(37)
    if (Number.parseInt(key.slice(-2), 16) >= PENALTY_KINDS_MAX) throw corrupt('an unknown fault')
    return key
  },
  write: (out, forgetMs) => void out.u53(forgetMs),
  read: (input) => input.u53(),
}
