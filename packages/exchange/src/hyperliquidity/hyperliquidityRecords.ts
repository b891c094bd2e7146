import { indexKey } from '../records.ts'
import type { TableSpec } from '../table.ts'

/** The strategy that keeps the book of a pair filled (HIP-2); docs/spec/hyperliquid.md §9. */
export interface Hyperliquidity {
  /** Ticks of the lowest level. */
  readonly startPx: number
  /** Lots of a full order. */
  readonly orderSize: number
  readonly levelCount: number
  /** Block time of the last update; 0 before the first. */
  readonly updatedMs: number
}

/** Keyed by spot pair. */
export const HYPERLIQUIDITIES: TableSpec<number, Hyperliquidity> = {
  tag: 0x66,
  ...indexKey,
  write: (out, { startPx, orderSize, levelCount, updatedMs }) =>
    void out.u53(startPx).u53(orderSize).u32(levelCount).u53(updatedMs),
  read: (input) => ({
    startPx: input.u53(),
    orderSize: input.u53(),
    levelCount: input.u32(),
    updatedMs: input.u53(),
  }),
}
