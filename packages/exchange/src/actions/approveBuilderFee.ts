import type { Action } from '@openliquid/primitives'
import { approveBuilder, SPOT_DECI_BPS_MAX } from '../builderFees.ts'
import type { CoreState } from '../coreState.ts'
import { parseSafeUnits } from '../decimal.ts'
import type { User } from '../records.ts'
import { type ActionOutcome, DONE, fault } from './outcome.ts'

/** Decimals of a percentage that end at a tenth of a basis point. */
const PERCENT_DECIMALS = 3

/** Sets the most that a builder may take, written as `0.05%`; docs/spec/hyperliquid.md §8.1. */
export function applyApproveBuilderFee(
  state: CoreState,
  user: User,
  { builder, maxFeeRate }: Extract<Action, { type: 'approveBuilderFee' }>,
): ActionOutcome {
  const percent = maxFeeRate.endsWith('%') ? maxFeeRate.slice(0, -1) : ''
  const deciBps = parseSafeUnits(percent, PERCENT_DECIMALS, SPOT_DECI_BPS_MAX)
  if (deciBps === undefined) return fault('OL_ACTION_BUILDER', 'Invalid max fee rate.')
  const refused = approveBuilder(state, user, { builder, deciBps })
  return refused === undefined ? DONE : fault('OL_ACTION_BUILDER', refused)
}
