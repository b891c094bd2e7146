import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import type { User } from '../records.ts'
import { type ActionOutcome, DONE, fault, unsupported } from './outcome.ts'

type AccountModeAction = Extract<
  Action,
  {
    type:
      | 'userSetAbstraction'
      | 'agentSetAbstraction'
      | 'userDexAbstraction'
      | 'userPortfolioMargin'
  }
>

/**
 * Chooses how the balances of an account hang together. There is one way here, which clients call `disabled`: asking for
 * it is granted, asking for another is refused; docs/spec/hyperliquid.md §9.
 */
export function applyAccountMode(
  state: CoreState,
  user: User,
  action: AccountModeAction,
): ActionOutcome {
  if ('user' in action) {
    const owner = state.subAccounts.get(action.user)?.master ?? action.user
    if (owner !== user) return fault('OL_ACTION_SUB_ACCOUNT', 'Account is not yours.')
  }
  return isStandard(action) ? DONE : unsupported(`${action.type} other than standard accounts`)
}

function isStandard(action: AccountModeAction): boolean {
  switch (action.type) {
    case 'userSetAbstraction':
      return action.abstraction === 'disabled'
    case 'agentSetAbstraction':
      return action.abstraction === 'i'
    default:
      return !action.enabled
  }
}
