import type { GenesisEvm, GenesisLane } from '@openliquid/primitives'

/** The two block times that decide whether an EVM block is due. */
export interface BlockTimes {
  readonly timestampMs: number
  readonly parentTimestampMs: number
}

/**
 * Whether a lane makes an EVM block in the block of these times: the first of each new period does, even an empty one.
 *
 * A lane without period makes one whenever there is a transaction for it.
 * @see docs/design.md §8, "EVM blocks"
 */
export function isLaneDue(lane: GenesisLane, times: BlockTimes, transactionCount: number): boolean {
  return lane.periodMs === 0 ? transactionCount > 0 : hasNewPeriod(lane, times)
}

/** Whether a payload may carry Ethereum transactions. A function of headers and genesis alone. */
export function mayCarryEvm({ lanes }: GenesisEvm, times: BlockTimes): boolean {
  return lanes.some((lane) => lane.periodMs === 0 || hasNewPeriod(lane, times))
}

/** Whether a transaction for the lane would run in the block of these times. */
export function wouldLaneRun(lane: GenesisLane, times: BlockTimes): boolean {
  return isLaneDue(lane, times, 1)
}

/** The lane of a sender: small blocks, unless it chose big ones and the chain has them. */
export function laneOf({ lanes }: GenesisEvm, usesBigBlocks: boolean): number {
  return usesBigBlocks ? lanes.length - 1 : 0
}

function hasNewPeriod({ periodMs }: GenesisLane, times: BlockTimes): boolean {
  return Math.floor(times.timestampMs / periodMs) !== Math.floor(times.parentTimestampMs / periodMs)
}
