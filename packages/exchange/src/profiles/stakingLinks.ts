import { type ActionFault, type ActionOutcome, DONE, fault } from '../actions/outcome.ts'
import type { CoreState } from '../coreState.ts'
import { stakingDiscountPpm, tradingAs } from '../feeDiscounts.ts'
import type { User } from '../records.ts'

/**
 * Gives a trading account the fee discount of a staking account's stake, for ever: the trading account asks, naming the
 * staking one, and the staking account finalizes, naming the trading one; docs/spec/hyperliquid.md §9.
 *
 * Each is in one link at most, and neither is both.
 */
export function linkStakingUser(
  state: CoreState,
  user: User,
  { user: other, isFinalize }: { readonly user: User; readonly isFinalize: boolean },
): ActionOutcome {
  const { stakingLinks } = state.profiles
  if (!state.accounts.has(other) || other === user) return refused('Invalid staking link.')
  if (isFinalize) {
    const asked = stakingLinks.get(other)
    if (asked === undefined || asked.isFinal || asked.stakingUser !== user) {
      return refused('No staking link was asked for.')
    }
    if (isLinked(state, user)) return refused('Already linked.')
    stakingLinks.set(other, { stakingUser: user, isFinal: true })
    return DONE
  }
  if (isLinked(state, user)) return refused('Already linked.')
  stakingLinks.set(user, { stakingUser: other, isFinal: false })
  return DONE
}

/** Tells the columns what an account pays now, with its sub-accounts and whom it is linked to. */
export function refreshFeeTerms(state: CoreState, user: User): void {
  const master = tradingAs(state, user)
  refreshAlone(state, master)
  const tradingUser = state.profiles.tradingUserOf(master)
  if (tradingUser !== undefined) refreshAlone(state, tradingUser)
}

function refreshAlone(state: CoreState, master: User): void {
  const terms = {
    stakingPpm: stakingDiscountPpm(state, stakeBehind(state, master)),
    isReferred: state.profiles.referred.has(master),
  }
  for (const account of [master, ...state.subAccountsOf(master)]) {
    state.feeTerms.set(state.accounts.handleOf(account), terms)
  }
}

/** The delegated stake that counts for the fees of an account, 1e-8 HYPE: who gave it to another has none. */
export function stakeBehind({ profiles, staking }: CoreState, user: User): bigint {
  const link = profiles.stakingLinks.get(user)
  if (link?.isFinal === true) return staking.delegatedBy(link.stakingUser)
  return profiles.tradingUserOf(user) === undefined ? staking.delegatedBy(user) : 0n
}

function isLinked({ profiles }: CoreState, user: User): boolean {
  return (
    profiles.stakingLinks.get(user)?.isFinal === true || profiles.tradingUserOf(user) !== undefined
  )
}

function refused(text: string): ActionFault {
  return fault('OL_ACTION_STAKING', text)
}
