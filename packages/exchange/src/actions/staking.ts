import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import type { User } from '../records.ts'
import { delegate, depositStake, undelegate, withdrawStake } from '../staking/staking.ts'
import {
  changeValidator,
  jailSelf,
  registerValidator,
  unjailSelf,
  unregisterValidator,
} from '../staking/validators.ts'
import { type ActionOutcome, fault } from './outcome.ts'

/** Spot to staking balance; docs/spec/hyperliquid.md §9. */
export function applyCDeposit(
  state: CoreState,
  user: User,
  { wei }: Extract<Action, { type: 'cDeposit' }>,
): ActionOutcome {
  return depositStake(state, user, BigInt(wei))
}

/** Staking to spot balance, through the queue; docs/spec/hyperliquid.md §9. */
export function applyCWithdraw(
  state: CoreState,
  user: User,
  { wei }: Extract<Action, { type: 'cWithdraw' }>,
): ActionOutcome {
  return withdrawStake(state, user, BigInt(wei))
}

export function applyTokenDelegate(
  state: CoreState,
  user: User,
  { validator, wei, isUndelegate }: Extract<Action, { type: 'tokenDelegate' }>,
): ActionOutcome {
  return delegateOrUndelegate(state, user, { validator, wei: BigInt(wei), isUndelegate })
}

/** `wei` in 1e-8 HYPE. */
export function delegateOrUndelegate(
  state: CoreState,
  user: User,
  change: { readonly validator: User; readonly wei: bigint; readonly isUndelegate: boolean },
): ActionOutcome {
  return change.isUndelegate ? undelegate(state, user, change) : delegate(state, user, change)
}

/** Of a validator's account: registers it, changes its profile or keys, or takes it out. */
export function applyCValidatorAction(
  state: CoreState,
  user: User,
  { register, changeProfile, unregister }: Extract<Action, { type: 'CValidatorAction' }>,
): ActionOutcome {
  if (register !== undefined) return registerValidator(state, user, register)
  if (changeProfile !== undefined) return changeValidator(state, user, changeProfile)
  if (unregister !== undefined) return unregisterValidator(state, user)
  return fault('OL_ACTION_MALFORMED', 'Validator action without content.')
}

/** Of a validator's signer. */
export function applyCSignerAction(
  state: CoreState,
  signer: User,
  { jailSelf: jails }: Extract<Action, { type: 'CSignerAction' }>,
): ActionOutcome {
  return jails === undefined ? unjailSelf(state, signer) : jailSelf(state, signer)
}
