import type { ByteReader } from './byteCodec.ts'
import { type User, userKey } from './records.ts'
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
