import type { ByteReader } from './byteCodec.ts'
import { type BuilderFee, readList, type User, userKey } from './records.ts'
import type { TableSpec } from './table.ts'

/** What an address did so far: opens its limits; docs/spec/hyperliquid.md §5, §8.2. */
export interface Activity {
  /** Traded in all time, 1e-6 USDC. */
  readonly volume: bigint
  /** Requests counted while the chain limits addresses. */
  readonly requests: number
  /** Requests bought with `reserveRequestWeight`. */
  readonly reserved: number
  /** Block time of the last request that came after the limit was used up; 0 before the first. */
  readonly overdrawnMs: number
}

export const NO_ACTIVITY: Activity = { volume: 0n, requests: 0, reserved: 0, overdrawnMs: 0 }

export const ACTIVITIES: TableSpec<User, Activity> = {
  tag: 0x25,
  ...userKey,
  write: (out, { volume, requests, reserved, overdrawnMs }) =>
    void out.integer(volume).u53(requests).u53(reserved).u53(overdrawnMs),
  read: (input: ByteReader) => ({
    volume: input.integer(),
    requests: input.u53(),
    reserved: input.u53(),
    overdrawnMs: input.u53(),
  }),
}

/** A wallet that signs for an account; docs/spec/hyperliquid.md §3.4. */
export interface Agent {
  readonly master: User
  /** Empty for the unnamed agent. */
  readonly name: string
  /** Last block time at which it may sign; 0 is no end. */
  readonly validUntilMs: number
}

/** Keyed by the agent's address. */
export const AGENTS: TableSpec<User, Agent> = {
  tag: 0x23,
  ...userKey,
  write: (out, { master, name, validUntilMs }) =>
    void out.hex(master, 20).text(name).u53(validUntilMs),
  read: (input) => ({ master: input.hex(20), name: input.text(), validUntilMs: input.u53() }),
}

/** An account whose master signs for it; docs/spec/hyperliquid.md §9. */
export interface SubAccount {
  readonly master: User
  readonly index: number
  readonly name: string
}

/** Keyed by the sub-account's address. */
export const SUB_ACCOUNTS: TableSpec<User, SubAccount> = {
  tag: 0x24,
  ...userKey,
  write: (out, { master, index, name }) => void out.hex(master, 20).u32(index).text(name),
  read: (input) => ({ master: input.hex(20), index: input.u32(), name: input.text() }),
}

/** Builders that an account lets take fees, each with its most; ascending by address. */
export type BuilderApprovals = readonly BuilderFee[]

export const BUILDER_APPROVALS: TableSpec<User, BuilderApprovals> = {
  tag: 0x26,
  ...userKey,
  write: (out, approvals) => {
    out.u32(approvals.length)
    for (const { builder, deciBps } of approvals) out.hex(builder, 20).u32(deciBps)
  },
  read: (input) => readList(input, () => ({ builder: input.hex(20), deciBps: input.u32() })),
}
