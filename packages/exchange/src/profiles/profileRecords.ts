import { type ByteReader, corrupt } from '../byteCodec.ts'
import { readList, type User, userKey } from '../records.ts'
import type { TableSpec } from '../table.ts'

/** Who signs for an account that several sign for; docs/spec/hyperliquid.md §3.3. */
export interface MultiSigUser {
  /** Ascending, without doubles. */
  readonly authorizedUsers: readonly User[]
  /** How many of them an action needs. */
  readonly threshold: number
}

/** Keyed by the account. */
export const MULTI_SIG_USERS: TableSpec<User, MultiSigUser> = {
  tag: 0x80,
  ...userKey,
  write: (out, { authorizedUsers, threshold }) => {
    out.u8(threshold).u32(authorizedUsers.length)
    for (const user of authorizedUsers) out.hex(user, 20)
  },
  read: (input: ByteReader) => {
    const threshold = input.u8()
    return { threshold, authorizedUsers: readList(input, () => input.hex(20)) }
  },
}

/** An account that refers others; docs/spec/hyperliquid.md §8.1. Amounts in 1e-6 USDC. */
export interface Referrer {
  readonly code: string
  readonly unclaimed: bigint
  readonly claimed: bigint
}

/** Keyed by the account. */
export const REFERRERS: TableSpec<User, Referrer> = {
  tag: 0x81,
  ...userKey,
  write: (out, { code, unclaimed, claimed }) =>
    void out.text(code).integer(unclaimed).integer(claimed),
  read: (input) => ({
    code: input.text(),
    unclaimed: input.integer(),
    claimed: input.integer(),
  }),
}

/** An account that was referred, and what it traded and paid since; 1e-6 USDC. */
export interface Referred {
  readonly referrer: User
  readonly joinedMs: number
  readonly volume: bigint
  /** Fees that a share was taken of. */
  readonly fees: bigint
  readonly shared: bigint
}

/** Keyed by the account. */
export const REFERRED: TableSpec<User, Referred> = {
  tag: 0x82,
  ...userKey,
  write: (out, { referrer, joinedMs, volume, fees, shared }) =>
    void out.hex(referrer, 20).u53(joinedMs).integer(volume).integer(fees).integer(shared),
  read: (input) => ({
    referrer: input.hex(20),
    joinedMs: input.u53(),
    volume: input.integer(),
    fees: input.integer(),
    shared: input.integer(),
  }),
}

/** Keyed by account: the name that it chose for itself. */
export const DISPLAY_NAMES: TableSpec<User, string> = {
  tag: 0x83,
  ...userKey,
  write: (out, name) => void out.text(name),
  read: (input) => input.text(),
}

/** Keyed by account: its dust is not swept. */
export const DUST_KEEPERS: TableSpec<User, true> = {
  tag: 0x85,
  ...userKey,
  write: (out) => void out.bool(true),
  read: (input) => {
    if (!input.bool()) throw corrupt('an account that keeps no dust')
    return true
  },
}

/** A trading account that has the fees of another one's stake; docs/spec/hyperliquid.md §9. */
export interface StakingLink {
  readonly stakingUser: User
  /** Both have agreed. */
  readonly isFinal: boolean
}

/** Keyed by the trading account. */
export const STAKING_LINKS: TableSpec<User, StakingLink> = {
  tag: 0x84,
  ...userKey,
  write: (out, { stakingUser, isFinal }) => void out.hex(stakingUser, 20).bool(isFinal),
  read: (input) => ({ stakingUser: input.hex(20), isFinal: input.bool() }),
}
