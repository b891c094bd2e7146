import { assert, type BlockContext } from '@openliquid/primitives'
import { expireAgents } from './agents.ts'
import { deleverage } from './autoDeleveraging.ts'
import type { CoreState } from './coreState.ts'
import { matureDelayedOrders } from './coreWriter.ts'
import { advanceFunding } from './funding.ts'
import { liquidate } from './liquidation.ts'
import { applyOracleQuorum } from './oracle.ts'
import { matureScheduledCancels } from './scheduledCancels.ts'
import { fireTriggers } from './triggerOrders.ts'
import { runTwapSlices } from './twap.ts'

/** What a block does before its actions, in the order of docs/spec/hyperliquid.md §2. */
export function beginBlock(
  state: CoreState,
  { height, timestampMs, blockHash }: BlockContext,
): void {
  const { now } = state
  assert(height > now.height, 'heights must grow')
  assert(timestampMs >= now.timestampMs, 'block time must not go back')
  // ① time
  state.clock.set(0, { ...now, height, timestampMs })
  // ② queues that wait for time
  matureDelayedOrders(state)
  matureScheduledCancels(state)
  runTwapSlices(state, blockHash)
  expireAgents(state)
  // ③ prices
  const previousMarks = applyOracleQuorum(state)
  if (previousMarks !== undefined) deleverage(state, previousMarks)
  // ④ TP/SL orders
  fireTriggers(state)
  // ⑤ funding
  const isFundingSettled = advanceFunding(state, now.timestampMs)
  // ⑥ liquidation
  if (previousMarks !== undefined || isFundingSettled) liquidate(state)
}
