import {
  assert,
  type BlockContext,
  bytesToHex,
  hexToBytes,
  type ValidatorSet,
} from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import type { User } from '../records.ts'
import { accrueRewards } from './rewards.ts'
import { forgetLeft, ownDelegation } from './staking.ts'
import type { Validator } from './stakingRecords.ts'
import { jail } from './validators.ts'

/** One who is to validate, by address. */
export interface NextMember {
  readonly address: Uint8Array
  readonly stake: bigint
  readonly voteKey: Uint8Array
  readonly nodeKey: Uint8Array
}

/**
 * Who would validate the next epoch by the state as it is: registered, not jailed, with enough of their own; the
 * greatest stakes, ascending by address. None is none: consensus then keeps the members it has.
 *
 * @see docs/spec/consensus.md §8 reconfiguration
 */
export function nextMembers(state: CoreState): readonly NextMember[] {
  const { rules } = state.staking
  return [...state.staking.validators.entries()]
    .filter(([user, validator]) => isEligible(state, user, validator))
    .map(([user, validator]) => ({ user, validator, stake: state.staking.stakeOf(user) }))
    .sort((a, b) => (a.stake === b.stake ? ascending(a.user, b.user) : a.stake > b.stake ? -1 : 1))
    .slice(0, rules.validatorsMax)
    .sort((a, b) => ascending(a.user, b.user))
    .map(({ user, validator, stake }) => ({
      address: hexToBytes(user, 20),
      stake,
      voteKey: hexToBytes(validator.voteKey),
      nodeKey: hexToBytes(validator.nodeKey, 32),
    }))
}

function isEligible(state: CoreState, user: User, { isJailed, isLeaving }: Validator): boolean {
  if (isJailed || isLeaving || state.staking.stakeOf(user) === 0n) return false
  return ownDelegation(state, user) >= state.staking.rules.selfDelegationMin
}

/**
 * Ends the epoch in its closing block: pays what it earned, and takes over the set that consensus was told of the next
 * one. The state does not choose it again: headers have named it since an earlier height.
 */
export function rotateEpoch(state: CoreState, { epoch, validators }: ValidatorSet): void {
  const { staking } = state
  const { timestampMs } = state.now
  const ending = staking.epoch
  assert(epoch === ending.epoch + 1n, 'epochs follow one another')
  accrueRewards(state)
  const left = staking.membersNow().map(({ validator }) => validator)
  const past = staking.pastEpochs.get(Number(ending.epoch))
  assert(past !== undefined, 'an epoch without members')
  const forgetMs = timestampMs + staking.rules.unbondingMs
  staking.pastEpochs.set(Number(ending.epoch), { ...past, forgetMs })
  staking.epochClock.set(0, { epoch, startMs: timestampMs, windowBlocks: 0 })
  setMembers(
    state,
    validators.map(({ address, stake }) => ({ validator: bytesToHex(address), stake })),
  )
  for (const validator of left) forgetLeft(state, validator)
  state.emit({
    kind: 'epoch',
    epoch: String(epoch),
    validators: staking
      .membersNow()
      .map(({ validator, stake }) => ({ validator, stake: String(stake) })),
  })
}

/** Makes them the members of the running epoch, by index, and their signers those of the oracle. */
export function setMembers(
  state: CoreState,
  members: readonly { readonly validator: User; readonly stake: bigint }[],
): void {
  const { staking } = state
  const size = staking.members.size
  for (let index = members.length; index < size; index++) staking.members.set(index, undefined)
  for (const [index, { validator, stake }] of members.entries()) {
    staking.members.set(index, { validator, stake, proposed: 0, missed: 0, hasVoted: false })
  }
  const validators = members.map(({ validator }) => validator)
  staking.pastEpochs.set(Number(staking.epoch.epoch), { validators, forgetMs: 0 })
  setOracleSigners(state, members)
}

/** Submissions of signers that leave go with them. */
function setOracleSigners(
  state: CoreState,
  members: readonly { readonly validator: User; readonly stake: bigint }[],
): void {
  const signers = new Map<User, { readonly validator: User; readonly stake: bigint }>()
  for (const { validator, stake } of members) {
    const signer = state.staking.validators.get(validator)?.signer
    if (signer !== undefined) signers.set(signer, { validator, stake })
  }
  for (const [signer] of [...state.oracleSigners.entries()]) {
    if (signers.has(signer)) continue
    for (const [bucket] of [...state.oracleSubmissions.of(signer)]) {
      state.oracleSubmissions.set(signer, bucket, undefined)
    }
    state.oracleSigners.set(signer, undefined)
  }
  for (const [signer, record] of signers) state.oracleSigners.set(signer, record)
}

/**
 * Counts who proposed, who missed and who voted, and jails who is not there: by own missed slots, or because no vote at
 * all of a whole window is in a certificate. A single missing vote says nothing: collectors stop at a quorum.
 *
 * @see docs/spec/hyperliquid.md §9
 */
export function countParticipation(state: CoreState, context: BlockContext): void {
  const { staking } = state
  const { rules } = staking
  assert(context.epoch === staking.epoch.epoch, 'a block of the running epoch')
  noteProposal(state, context.proposer)
  for (const index of context.missedSlots) noteMiss(state, index)
  for (const index of context.parentSigners) {
    const member = staking.members.get(index)
    if (member?.hasVoted === false) staking.members.set(index, { ...member, hasVoted: true })
  }
  const windowBlocks = staking.epoch.windowBlocks + 1
  if (windowBlocks < rules.silentBlocks) {
    staking.epochClock.set(0, { ...staking.epoch, windowBlocks })
    return
  }
  staking.epochClock.set(0, { ...staking.epoch, windowBlocks: 0 })
  for (const [index, member] of staking.membersNow().entries()) {
    if (!member.hasVoted) jailAbsent(state, member.validator, 'no vote')
    else staking.members.set(index, { ...member, hasVoted: false })
  }
}

function noteProposal({ staking }: CoreState, index: number): void {
  const member = staking.members.get(index)
  if (member === undefined) return
  staking.members.set(index, { ...member, proposed: member.proposed + 1 })
}

function noteMiss(state: CoreState, index: number): void {
  const { staking } = state
  const member = staking.members.get(index)
  if (member === undefined) return
  const missed = member.missed + 1
  staking.members.set(index, { ...member, missed })
  const isMost = missed > member.proposed
  if (missed >= staking.rules.missedSlotsMin && isMost) {
    jailAbsent(state, member.validator, 'missed slots')
  }
}

function jailAbsent(state: CoreState, validator: User, reason: string): void {
  if (state.staking.validators.get(validator)?.isJailed === true) return
  const untilMs = state.now.timestampMs + state.staking.rules.jailMs
  jail(state, validator, { untilMs, reason })
}

function ascending(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
