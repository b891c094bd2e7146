import { assert, NATIVE_TOKEN_NAME } from '@openliquid/primitives'
import { type ActionOutcome, DONE, fault, unsupported } from '../actions/outcome.ts'
import type { CoreState } from '../coreState.ts'
import { formatUnits, minOf } from '../decimal.ts'
import { emitLedgerUpdate } from '../ledgerEvents.ts'
import {
  DELEGATIONS_OF_USER_MAX,
  DELEGATORS_OF_VALIDATOR_MAX,
  DUE_PER_BLOCK_MAX,
  STAKE_WITHDRAWALS_MAX,
} from '../limits.ts'
import type { Token, User } from '../records.ts'
import { credit, debit, spotAvailable, spotValue } from '../spotClearinghouse.ts'
import { type DelegatorUpdateEvent, STAKE_DECIMALS } from './stakingEvents.ts'
import { type Delegation, delegationKey, delegationOf, NO_DELEGATION } from './stakingRecords.ts'
import { withdrawalKey } from './stakingState.ts'

/** The native token, where it has the unit that stake is counted in; docs/spec/hyperliquid.md §1.1. */
export function stakedToken(state: CoreState): Token | undefined {
  for (const [, token] of state.tokens.entries()) {
    if (token.name !== NATIVE_TOKEN_NAME) continue
    return token.weiDecimals === STAKE_DECIMALS ? token : undefined
  }
  return undefined
}

/** Moves HYPE from the spot to the staking balance, at once; docs/spec/hyperliquid.md §9. */
export function depositStake(state: CoreState, user: User, wei: bigint): ActionOutcome {
  const token = stakedToken(state)
  if (token === undefined) return unsupported('staking')
  if (wei === 0n) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  if (spotAvailable(state, user, token.index) < wei) {
    return fault('OL_ACTION_BALANCE', 'Insufficient balance for staking deposit.')
  }
  debit(state, user, { token: token.index, wei })
  addUndelegated(state, user, wei)
  emitTransfer(state, user, { wei, isDeposit: true })
  emitStake(state, user, { cDeposit: { amount: formatStake(wei) } })
  return DONE
}

/** Starts the way back to the spot balance. */
export function withdrawStake(state: CoreState, user: User, wei: bigint): ActionOutcome {
  const { staking } = state
  if (stakedToken(state) === undefined) return unsupported('staking')
  if (wei === 0n) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  if (undelegatedOf(state, user) < wei) {
    return fault('OL_ACTION_BALANCE', 'Insufficient staking balance for withdrawal.')
  }
  const pending = staking.withdrawals.of(user)
  if (pending.size >= STAKE_WITHDRAWALS_MAX) {
    return fault('OL_ACTION_STAKING', 'Too many pending staking withdrawals.')
  }
  let place = 0
  while (pending.has(place)) place += 1
  const dueMs = state.now.timestampMs + staking.rules.unbondingMs
  addUndelegated(state, user, -wei)
  staking.withdrawals.set(user, place, { wei, dueMs })
  emitStake(state, user, { withdrawal: { amount: formatStake(wei), phase: 'initiated' } })
  return DONE
}

/** Begin-block step ②: withdrawals whose time is over reach the spot balance. */
export function matureWithdrawals(state: CoreState): void {
  const { staking } = state
  for (let left = DUE_PER_BLOCK_MAX; left > 0; left--) {
    const key = staking.dueWithdrawals.next(state.now.timestampMs)
    if (key === undefined) return
    const [user = '', place] = key.split(':')
    const withdrawal = staking.withdrawals.get(user, Number(place))
    const token = stakedToken(state)
    assert(withdrawal !== undefined && token !== undefined, 'a withdrawal of nothing')
    assert(withdrawalKey(user, Number(place)) === key, 'a withdrawal by its own key')
    staking.withdrawals.set(user, Number(place), undefined)
    const { wei } = withdrawal
    credit(state, user, { token: token.index, wei, entryNtl: spotValue(state, token, wei) })
    emitTransfer(state, user, { wei, isDeposit: false })
    emitStake(state, user, { withdrawal: { amount: formatStake(wei), phase: 'finalized' } })
  }
}

/** Gives stake to a validator. All that the account has there is locked anew. */
export function delegate(
  state: CoreState,
  user: User,
  { validator, wei }: { readonly validator: User; readonly wei: bigint },
): ActionOutcome {
  const { staking } = state
  const profile = staking.validators.get(validator)
  if (profile === undefined) return fault('OL_ACTION_STAKING', 'Validator does not exist.')
  if (wei === 0n) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  const isOwn = user === validator
  const takesNone =
    profile.delegationsDisabled || ownDelegation(state, validator) < staking.rules.selfDelegationMin
  if (profile.isLeaving || (!isOwn && takesNone)) {
    return fault('OL_ACTION_STAKING', 'Validator does not accept delegations.')
  }
  if (undelegatedOf(state, user) < wei) {
    return fault('OL_ACTION_BALANCE', 'Insufficient staking balance for delegation.')
  }
  const key = delegationKey(user, validator)
  const isNew = !staking.delegations.has(key)
  if (isNew && staking.delegationsOf(user).length >= DELEGATIONS_OF_USER_MAX) {
    return fault('OL_ACTION_STAKING', 'Too many delegations.')
  }
  if (isNew && !isOwn && staking.delegatorCount(validator) >= DELEGATORS_OF_VALIDATOR_MAX) {
    return fault('OL_ACTION_STAKING', 'Validator has too many delegators.')
  }
  addUndelegated(state, user, -wei)
  addDelegation(state, user, validator, wei)
  lockDelegation(state, user, validator, staking.rules.delegationLockMs)
  emitDelegate(state, user, { validator, wei, isUndelegate: false })
  return DONE
}

/** Takes stake back from a validator into the staking balance, at once. */
export function undelegate(
  state: CoreState,
  user: User,
  { validator, wei }: { readonly validator: User; readonly wei: bigint },
): ActionOutcome {
  const delegation = state.staking.delegations.get(delegationKey(user, validator))
  if (wei === 0n) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  if (delegation === undefined || delegation.wei < wei) {
    return fault('OL_ACTION_BALANCE', 'Insufficient delegation.')
  }
  if (delegation.lockedUntilMs > state.now.timestampMs) {
    return fault('OL_ACTION_STAKING', 'Delegation is locked.')
  }
  addDelegation(state, user, validator, -wei)
  addUndelegated(state, user, wei)
  emitDelegate(state, user, { validator, wei, isUndelegate: true })
  return DONE
}

export function undelegatedOf({ staking }: CoreState, user: User): bigint {
  return staking.undelegated.get(user) ?? 0n
}

/** What a validator has delegated to itself. */
export function ownDelegation({ staking }: CoreState, validator: User): bigint {
  return staking.delegations.get(delegationKey(validator, validator))?.wei ?? 0n
}

/** What of a delegation earns in an epoch: the least of it; docs/spec/hyperliquid.md §9. */
export function earningWei(delegation: Delegation, epoch: bigint): bigint {
  return delegation.epoch === epoch ? delegation.leastWei : delegation.wei
}

/** Changes what is delegated, and keeps what earned least in this epoch. An empty delegation leaves. */
export function addDelegation(state: CoreState, user: User, validator: User, change: bigint): void {
  const { staking } = state
  const { epoch } = staking.epoch
  const key = delegationKey(user, validator)
  const before = staking.delegations.get(key) ?? NO_DELEGATION
  const earning = earningWei(before, epoch)
  const wei = before.wei + change
  assert(wei >= 0n, 'more taken from a delegation than there is')
  const after = { ...before, wei, epoch, leastWei: minOf(earning, wei) }
  const isEmpty = wei === 0n && before.accruedWei + before.commissionWei === 0n
  staking.delegations.set(key, isEmpty ? undefined : after)
  forgetLeft(state, validator)
}

export function lockDelegation(
  state: CoreState,
  user: User,
  validator: User,
  lockMs: number,
): void {
  const { staking } = state
  const key = delegationKey(user, validator)
  const delegation = staking.delegations.get(key)
  assert(delegation !== undefined, 'a lock on no delegation')
  const lockedUntilMs = Math.max(delegation.lockedUntilMs, state.now.timestampMs + lockMs)
  staking.delegations.set(key, { ...delegation, lockedUntilMs })
}

/** A validator that left is forgotten with its last delegation. */
export function forgetLeft({ staking }: CoreState, validator: User): void {
  if (staking.validators.get(validator)?.isLeaving !== true) return
  if (staking.delegationsTo(validator).length > 0) return
  const isMember = staking.membersNow().some((member) => member.validator === validator)
  if (!isMember) staking.validators.set(validator, undefined)
}

export function addUndelegated(state: CoreState, user: User, change: bigint): void {
  const wei = undelegatedOf(state, user) + change
  assert(wei >= 0n, 'more taken from a staking balance than there is')
  state.staking.undelegated.set(user, wei === 0n ? undefined : wei)
}

/** Changes the supply of the native token, where there is one: rewards make it, slashing burns it. */
export function addSupply(state: CoreState, change: bigint): void {
  const token = stakedToken(state)
  if (token === undefined || change === 0n) return
  const supply = (state.supplies.get(token.index) ?? 0n) + change
  assert(supply >= 0n, 'more burned than there is')
  state.supplies.set(token.index, supply)
}

/** Delegators with what they gave, ascending. */
export function delegatorsOf(
  state: CoreState,
  validator: User,
): { readonly user: User; readonly delegation: Delegation }[] {
  return state.staking.delegationsTo(validator).flatMap((key) => {
    const delegation = state.staking.delegations.get(key)
    return delegation === undefined ? [] : [{ user: delegationOf(key).user, delegation }]
  })
}

export function formatStake(wei: bigint): string {
  return formatUnits(wei, STAKE_DECIMALS)
}

function emitTransfer(
  state: CoreState,
  user: User,
  { wei, isDeposit }: { readonly wei: bigint; readonly isDeposit: boolean },
): void {
  emitLedgerUpdate(state, [user], {
    type: 'cStakingTransfer',
    token: NATIVE_TOKEN_NAME,
    amount: formatStake(wei),
    isDeposit,
  })
}

function emitDelegate(
  state: CoreState,
  user: User,
  change: { readonly validator: User; readonly wei: bigint; readonly isUndelegate: boolean },
): void {
  const { validator, wei, isUndelegate } = change
  emitStake(state, user, { delegate: { validator, amount: formatStake(wei), isUndelegate } })
}

function emitStake(state: CoreState, user: User, delta: DelegatorUpdateEvent['delta']): void {
  state.emit({
    kind: 'delegatorUpdate',
    user: state.addressOf(user),
    time: state.now.timestampMs,
    hash: state.cause,
    delta,
  })
}
