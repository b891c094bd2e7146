import type { ByteReader } from './byteCodec.ts'
import { type User, userKey } from './records.ts'
import type { TableSpec } from './table.ts'

/** What a user asked for with `scheduleCancel`, and how often it came to that; docs/spec/hyperliquid.md §5. */
export interface ScheduledCancel {
  /** Block time at which all orders go; 0 when nothing is scheduled. */
  readonly dueMs: number
  /** UTC day of the last time it happened, and how often on that day. */
  readonly day: number
  readonly count: number
}

export const SCHEDULED_CANCELS: TableSpec<User, ScheduledCancel> = {
  tag: 0x20,
  ...userKey,
  write: (out, { dueMs, day, count }) => void out.u53(dueMs).u53(day).u32(count),
  read: (input: ByteReader) => ({ dueMs: input.u53(), day: input.u53(), count: input.u32() }),
}
