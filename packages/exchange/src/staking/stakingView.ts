import type { DelegationReading, DelegatorSummaryReading } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import type { User } from '../records.ts'
import { undelegatedOf } from './staking.ts'
import { delegationOf } from './stakingRecords.ts'

/** A registered validator, for `validatorSummaries`. Stake in 1e-8 HYPE. */
export interface ValidatorReading {
  readonly validator: string
  readonly signer: string
  readonly name: string
  readonly description: string
  readonly commissionBps: number
  readonly stake: bigint
  readonly isJailed: boolean
  /** `undefined` while it is not jailed. */
  readonly unjailableAfterMs: number | undefined
  /** Whether it is in the set of the running epoch. */
  readonly isActive: boolean
  /** Own slots of the running epoch that brought a block, and those that did not. */
  readonly proposed: number
  readonly missed: number
}

/** Delegations of an account, ascending by validator. */
export function delegationsOf(state: CoreState, user: User): readonly DelegationReading[] {
  return state.staking.delegationsOf(user).flatMap((key) => {
    const delegation = state.staking.delegations.get(key)
    if (delegation === undefined || delegation.wei === 0n) return []
    return {
      validator: state.addressOf(delegationOf(key).validator),
      amount: delegation.wei,
      lockedUntilMs: BigInt(delegation.lockedUntilMs),
    }
  })
}

export function delegatorSummaryOf(state: CoreState, user: User): DelegatorSummaryReading {
  const pending = state.staking.withdrawals.of(user)
  let pendingWithdrawal = 0n
  for (const [, { wei }] of pending) pendingWithdrawal += wei
  const delegations = delegationsOf(state, user)
  return {
    delegated: delegations.reduce((sum, { amount }) => sum + amount, 0n),
    undelegated: undelegatedOf(state, user),
    pendingWithdrawal,
    pendingWithdrawalCount: BigInt(pending.size),
  }
}

/** Registered validators, by address. */
export function validatorReadings(state: CoreState): readonly ValidatorReading[] {
  const { staking } = state
  const members = new Map(staking.membersNow().map((member) => [member.validator, member]))
  return [...staking.validators.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([validator, profile]) => {
      const member = members.get(validator)
      return {
        validator,
        signer: profile.signer,
        name: profile.name,
        description: profile.description,
        commissionBps: profile.commissionBps,
        stake: staking.stakeOf(validator),
        isJailed: profile.isJailed,
        unjailableAfterMs: profile.isJailed ? profile.unjailableAfterMs : undefined,
        isActive: member !== undefined,
        proposed: member?.proposed ?? 0,
        missed: member?.missed ?? 0,
      }
    })
}
