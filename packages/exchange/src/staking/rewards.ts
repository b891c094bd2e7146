import type { CoreState } from '../coreState.ts'
import { minOf } from '../decimal.ts'
import { utcDay } from '../feeSchedule.ts'
import type { User } from '../records.ts'
import { addDelegation, addSupply, delegatorsOf, earningWei, formatStake } from './staking.ts'
import { delegationKey, delegationOf, NO_DELEGATION } from './stakingRecords.ts'

const MINUTE_MS = 60_000
const MINUTES_OF_YEAR = 525_600n
const MILLION = 1_000_000n
const BPS = 10_000n
/** The stake that the yearly rate is given for, 1e-8 HYPE; docs/spec/hyperliquid.md §9. */
const REFERENCE_STAKE = 400_000_000n * 100_000_000n
/** Of the square root. */
const ROOT_SCALE = 1_000_000_000n

/**
 * What a stake earns in whole minutes where `total` is staked: `rewardPpm · sqrt(400e6 HYPE / total)` a year, rounded
 * down; docs/spec/hyperliquid.md §9.
 */
export function rewardOf(
  wei: bigint,
  { total, minutes, rewardPpm }: { total: bigint; minutes: bigint; rewardPpm: bigint },
): bigint {
  if (total === 0n) return 0n
  const root = squareRoot((REFERENCE_STAKE * ROOT_SCALE * ROOT_SCALE) / total)
  return (wei * rewardPpm * root * minutes) / (MILLION * ROOT_SCALE * MINUTES_OF_YEAR)
}

/** The greatest integer whose square is not greater. */
export function squareRoot(value: bigint): bigint {
  if (value < 2n) return value
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

/** At the end of an epoch: what every delegation to a member that is not jailed earned, less commission. */
export function accrueRewards(state: CoreState): void {
  const { staking } = state
  const { epoch, startMs } = staking.epoch
  const elapsedMs = state.now.timestampMs - startMs
  const minutes = BigInt(Math.floor(elapsedMs / MINUTE_MS))
  const rewardPpm = BigInt(staking.rules.rewardPpm)
  let left = staking.emissions.get(0) ?? 0n
  const members = staking.membersNow()
  const total = members.reduce((sum, { stake }) => sum + stake, 0n)
  let paid = 0n
  for (const { validator } of members) {
    const profile = staking.validators.get(validator)
    if (profile === undefined || profile.isJailed) continue
    let commissions = 0n
    for (const { user, delegation } of delegatorsOf(state, validator)) {
      const earning = earningWei(delegation, epoch)
      const reward = minOf(rewardOf(earning, { total, minutes, rewardPpm }), left)
      if (reward === 0n) continue
      left -= reward
      paid += reward
      const isOwn = user === validator
      const commission = isOwn ? 0n : (reward * BigInt(profile.commissionBps)) / BPS
      commissions += commission
      accrue(state, user, validator, { accruedWei: reward - commission, commissionWei: 0n })
    }
    if (commissions > 0n) {
      accrue(state, validator, validator, { accruedWei: 0n, commissionWei: commissions })
    }
  }
  if (paid === 0n) return
  staking.emissions.set(0, left)
  addSupply(state, paid)
}

/** Begin-block step ② of the first block of a UTC day: what accrued is delegated where it was earned. */
export function payRewards(state: CoreState, previousMs: number): void {
  const { staking, now } = state
  if (utcDay(previousMs) === utcDay(now.timestampMs)) return
  const accrued = [...staking.delegations.entries()]
    .filter(([, { accruedWei, commissionWei }]) => accruedWei + commissionWei > 0n)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [key, delegation] of accrued) {
    const { user, validator } = delegationOf(key)
    const { accruedWei, commissionWei } = delegation
    staking.delegations.set(key, { ...delegation, accruedWei: 0n, commissionWei: 0n })
    addDelegation(state, user, validator, accruedWei + commissionWei)
    emitReward(state, user, 'delegation', accruedWei)
    emitReward(state, user, 'commission', commissionWei)
  }
}

function accrue(
  state: CoreState,
  user: User,
  validator: User,
  reward: { readonly accruedWei: bigint; readonly commissionWei: bigint },
): void {
  const { delegations } = state.staking
  const key = delegationKey(user, validator)
  const delegation = delegations.get(key)
  delegations.set(key, {
    ...(delegation ?? NO_DELEGATION),
    accruedWei: (delegation?.accruedWei ?? 0n) + reward.accruedWei,
    commissionWei: (delegation?.commissionWei ?? 0n) + reward.commissionWei,
  })
}

function emitReward(
  state: CoreState,
  user: User,
  source: 'delegation' | 'commission',
  wei: bigint,
): void {
  if (wei === 0n) return
  state.emit({
    kind: 'delegatorReward',
    user: state.addressOf(user),
    time: state.now.timestampMs,
    source,
    totalAmount: formatStake(wei),
  })
}
