import type { ByteReader } from './byteCodec.ts'
import {
  type BuilderFee,
  type Cloid,
  readBuilder,
  readCloid,
  sequenceKey,
  type User,
  userKey,
  writeBuilder,
  writeCloid,
} from './records.ts'
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

/** A TP/SL order that waits for the mark price; docs/spec/hyperliquid.md §5. Always reduce-only. */
export interface TriggerOrder {
  readonly oid: number
  readonly user: User
  readonly asset: number
  readonly isBuy: boolean
  /** Limit in ticks of the order it becomes, unless that is a market order. */
  readonly px: number
  /** Lots; 0 is the whole position. */
  readonly size: number
  /** Ticks. */
  readonly triggerPx: number
  readonly tpsl: 'tp' | 'sl'
  readonly isMarket: boolean
  /** Follows the position, and goes with it. */
  readonly isPositionTpsl: boolean
  /** False while its parent is not filled. */
  readonly isArmed: boolean
  /** Oid of its parent, or the id of a group that has none; 0 is none. */
  readonly group: number
  readonly cloid: Cloid | undefined
  readonly builder: BuilderFee | undefined
  readonly timestampMs: number
}

/** Keyed by oid. */
export const TRIGGERS: TableSpec<number, TriggerOrder> = {
  tag: 0x21,
  ...sequenceKey,
  write: (out, order) => {
    out
      .u53(order.oid)
      .hex(order.user, 20)
      .u32(order.asset)
      .bool(order.isBuy)
      .u53(order.px)
      .u53(order.size)
      .u53(order.triggerPx)
      .bool(order.tpsl === 'tp')
      .bool(order.isMarket)
      .bool(order.isPositionTpsl)
      .bool(order.isArmed)
      .u53(order.group)
      .u53(order.timestampMs)
    writeCloid(out, order.cloid)
    writeBuilder(out, order.builder)
  },
  read: (input) => ({
    oid: input.u53(),
    user: input.hex(20),
    asset: input.u32(),
    isBuy: input.bool(),
    px: input.u53(),
    size: input.u53(),
    triggerPx: input.u53(),
    tpsl: input.bool() ? 'tp' : 'sl',
    isMarket: input.bool(),
    isPositionTpsl: input.bool(),
    isArmed: input.bool(),
    group: input.u53(),
    timestampMs: input.u53(),
    cloid: readCloid(input),
    builder: readBuilder(input),
  }),
}

/** Time between the slices of a TWAP; docs/spec/hyperliquid.md §5. */
export const TWAP_SLICE_MS = 30_000

/** An order that trades in slices. */
export interface Twap {
  readonly twapId: number
  readonly user: User
  readonly asset: number
  readonly isBuy: boolean
  /** Lots. */
  readonly size: number
  readonly reduceOnly: boolean
  readonly minutes: number
  readonly randomize: boolean
  readonly startMs: number
  /** Lots traded, and their notional in the smallest quote unit of §1.1. */
  readonly executed: number
  readonly executedNtl: bigint
  /** The last slice whose time came; slice k is due k times 30 s after the start. */
  readonly slice: number
  /** The price in ticks that starts it, when the market is at or above it, or else at or below. */
  readonly trigger: { readonly px: number; readonly above: boolean } | undefined
  /** Has not started: its price has not come yet. */
  readonly isWaiting: boolean
  /** The price in ticks that ends it; 0 is none. */
  readonly stopPx: number
}

/** When the next slice is due; 0 before it has started. */
export function twapDueMs({ startMs, slice, isWaiting }: Twap): number {
  return isWaiting ? 0 : startMs + (slice + 1) * TWAP_SLICE_MS
}

/** Keyed by twap id. */
export const TWAPS: TableSpec<number, Twap> = {
  tag: 0x22,
  ...sequenceKey,
  write: (out, twap) => {
    out
      .u53(twap.twapId)
      .hex(twap.user, 20)
      .u32(twap.asset)
      .bool(twap.isBuy)
      .u53(twap.size)
      .bool(twap.reduceOnly)
      .u32(twap.minutes)
      .bool(twap.randomize)
      .u53(twap.startMs)
      .u53(twap.executed)
      .integer(twap.executedNtl)
      .u32(twap.slice)
      .bool(twap.isWaiting)
      .u53(twap.stopPx)
      .u53(twap.trigger?.px ?? 0)
      .bool(twap.trigger?.above ?? false)
  },
  read: (input) => ({
    twapId: input.u53(),
    user: input.hex(20),
    asset: input.u32(),
    isBuy: input.bool(),
    size: input.u53(),
    reduceOnly: input.bool(),
    minutes: input.u32(),
    randomize: input.bool(),
    startMs: input.u53(),
    executed: input.u53(),
    executedNtl: input.integer(),
    slice: input.u32(),
    isWaiting: input.bool(),
    stopPx: input.u53(),
    trigger: readTwapTrigger(input),
  }),
}

function readTwapTrigger(input: ByteReader): Twap['trigger'] {
  const [px, above] = [input.u53(), input.bool()]
  return px === 0 ? undefined : { px, above }
}
