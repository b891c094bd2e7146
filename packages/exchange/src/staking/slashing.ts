import { bytesToHex, type Misbehavior, uintToBytes } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import type { User } from '../records.ts'
import {
  addDelegation,
  addSupply,
  addUndelegated,
  delegatorsOf,
  formatStake,
  undelegatedOf,
} from './staking.ts'
import type { PenaltyKey } from './stakingRecords.ts'
import { emitValidator, jail } from './validators.ts'

const MILLION = 1_000_000n
/** Kinds that are one act: two signatures where there may be one; docs/spec/consensus.md §8 evidence. */
const EQUIVOCATION = 0
const CONFLICTING_TIMEOUTS = 1
const CLASS_OF: Readonly<Record<Misbehavior['kind'], number>> = {
  duplicateVote: EQUIVOCATION,
  duplicateProposal: EQUIVOCATION,
  conflictingQCs: EQUIVOCATION,
  lockRegression: EQUIVOCATION,
  conflictingTimeouts: CONFLICTING_TIMEOUTS,
}

/**
 * Begin-block step ②: punishes what the block's evidence proves, once per act: burns a share of everything delegated to
 * the validator and of its own staking balance and withdrawals, and jails it.
 */
export function punish(state: CoreState, misbehavior: readonly Misbehavior[]): void {
  for (const fault of misbehavior) punishOne(state, fault)
}

/** Begin-block step ②: epochs and penalties that no evidence can name any more. */
export function forgetFaults({ staking, now }: CoreState): void {
  for (;;) {
    const epoch = staking.forgottenEpochs.next(now.timestampMs)
    if (epoch === undefined) break
    staking.pastEpochs.set(epoch, undefined)
  }
  for (;;) {
    const key = staking.forgottenPenalties.next(now.timestampMs)
    if (key === undefined) break
    staking.penalties.set(key, undefined)
  }
}

function punishOne(state: CoreState, { kind, validator: index, epoch, view }: Misbehavior): void {
  const { staking } = state
  const { rules } = staking
  const validator = staking.pastEpochs.get(Number(epoch))?.validators[index]
  // Too old, or of nobody: consensus has checked it, but this must hold by itself.
  if (validator === undefined) return
  const faultClass = CLASS_OF[kind]
  const key = penaltyKey(validator, epoch, view, faultClass)
  if (staking.penalties.has(key)) return
  const { timestampMs } = state.now
  staking.penalties.set(key, timestampMs + rules.unbondingMs)
  const isEquivocation = faultClass === EQUIVOCATION
  const sharePpm = isEquivocation ? rules.equivocationPpm : rules.conflictingTimeoutsPpm
  const burned = slash(state, validator, BigInt(sharePpm))
  emitValidator(state, validator, { change: 'slashed', reason: kind, amount: formatStake(burned) })
  const jailMs = isEquivocation ? rules.unbondingMs : rules.jailMs
  jail(state, validator, { untilMs: timestampMs + jailMs, reason: kind })
}

/** Burns a share, rounded down for each owner; returns what was burned, 1e-8 HYPE. */
function slash(state: CoreState, validator: User, sharePpm: bigint): bigint {
  const { staking } = state
  const shareOf = (wei: bigint): bigint => (wei * sharePpm) / MILLION
  let burned = 0n
  for (const { user, delegation } of delegatorsOf(state, validator)) {
    const wei = shareOf(delegation.wei)
    if (wei > 0n) addDelegation(state, user, validator, -wei)
    burned += wei
  }
  // What a validator took back does not save it; what others took back in time is theirs.
  const own = shareOf(undelegatedOf(state, validator))
  addUndelegated(state, validator, -own)
  burned += own
  for (const [place, withdrawal] of [...staking.withdrawals.of(validator)]) {
    const wei = shareOf(withdrawal.wei)
    staking.withdrawals.set(validator, place, { ...withdrawal, wei: withdrawal.wei - wei })
    burned += wei
  }
  addSupply(state, -burned)
  return burned
}

function penaltyKey(validator: User, epoch: bigint, view: bigint, faultClass: number): PenaltyKey {
  const rest = [uintToBytes(epoch, 8), uintToBytes(view, 8), Uint8Array.of(faultClass)]
  return validator + rest.map((bytes) => bytesToHex(bytes).slice(2)).join('')
}
