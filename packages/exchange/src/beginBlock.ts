import { assert, type BlockContext } from '@openliquid/primitives'
import { expireAgents } from './agents.ts'
import { deleverage } from './autoDeleveraging.ts'
import type { CoreState } from './coreState.ts'
import { matureDelayed } from './coreWriter.ts'
import { continueDelistings } from './delisting.ts'
import { advanceFunding } from './funding.ts'
import { updateHyperliquidity } from './hyperliquidity/hyperliquidity.ts'
import { liquidate } from './liquidation.ts'
import { applyOracleQuorum } from './oracle.ts'
import { matureScheduledCancels } from './scheduledCancels.ts'
import { sweepDust } from './spotDust.ts'
import { payRewards } from './staking/rewards.ts'
import { forgetFaults, punish } from './staking/slashing.ts'
import { matureWithdrawals } from './staking/staking.ts'
import { countParticipation } from './staking/validatorSet.ts'
import { fireTriggers } from './triggerOrders.ts'
import { runTwapSlices, watchTwaps } from './twap.ts'

/** What a block does before its actions, in the order of docs/spec/hyperliquid.md §2. */
export function beginBlock(state: CoreState, context: BlockContext): void {
  const { height, timestampMs, blockHash } = context
  const { now } = state
  assert(height > now.height, 'heights must grow')
  assert(timestampMs >= now.timestampMs, 'block time must not go back')
  // ① time
  state.clock.set(0, { height, timestampMs, oracleBucket: now.oracleBucket })
  state.causeId = blockHash
  // ② queues that wait for time, and what the headers say of the validators
  matureWithdrawals(state)
  payRewards(state, now.timestampMs)
  sweepDust(state, now.timestampMs)
  forgetFaults(state)
  countParticipation(state, context)
  punish(state, context.misbehavior)
  matureDelayed(state)
  matureScheduledCancels(state)
  updateHyperliquidity(state)
  continueDelistings(state)
  runTwapSlices(state, blockHash)
  expireAgents(state)
  // ③ prices
  const previousMarks = applyOracleQuorum(state)
  if (previousMarks !== undefined) deleverage(state, previousMarks)
  // ④ TP/SL orders, and the TWAPs that a price starts or stops
  fireTriggers(state)
  watchTwaps(state)
  // ⑤ funding
  const isFundingSettled = advanceFunding(state, now.timestampMs)
  // ⑥ liquidation
  if (previousMarks !== undefined || isFundingSettled) liquidate(state)
}
