import type { Action } from '@openliquid/primitives'
import { approveAgent } from '../agents.ts'
import type { CoreState } from '../coreState.ts'
import type { User } from '../records.ts'
import { type ActionOutcome, DONE, fault } from './outcome.ts'

/** Lets another wallet sign for the user; docs/spec/hyperliquid.md §3.4. */
export function applyApproveAgent(
  state: CoreState,
  user: User,
  { agentAddress, agentName = '' }: Extract<Action, { type: 'approveAgent' }>,
): ActionOutcome {
  const refused = approveAgent(state, user, agentAddress, agentName)
  return refused === undefined ? DONE : fault('OL_ACTION_AGENT', refused)
}
