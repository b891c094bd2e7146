import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import type { User } from '../records.ts'
import { type ActionOutcome, DONE } from './outcome.ts'

/** Chooses the kind of EVM block for the user's transactions; docs/spec/hyperliquid.md §14. */
export function applyEvmUserModify(
  state: CoreState,
  user: User,
  { usingBigBlocks }: Extract<Action, { type: 'evmUserModify' }>,
): ActionOutcome {
  const account = state.account(user)
  if (account.usingBigBlocks !== usingBigBlocks) {
    state.accounts.set(user, { ...account, usingBigBlocks })
  }
  return DONE
}
