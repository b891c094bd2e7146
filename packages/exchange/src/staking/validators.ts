import { type CValidatorAction, hexToBytes, type ValidatorKeysWire } from '@openliquid/primitives'
import {
  type ActionFault,
  type ActionOutcome,
  DONE,
  fault,
  unsupported,
} from '../actions/outcome.ts'
import type { CoreState } from '../coreState.ts'
import { VALIDATORS_REGISTERED_MAX } from '../limits.ts'
import type { User } from '../records.ts'
import {
  addDelegation,
  addUndelegated,
  forgetLeft,
  lockDelegation,
  stakedToken,
  undelegatedOf,
} from './staking.ts'
import type { ValidatorEvent } from './stakingEvents.ts'
import { delegationKey, type Validator } from './stakingRecords.ts'

/** Asks whether both secret keys are held by whoever signed for the account; consensus.md §2.1 type 6. */
export type PossessionVerifier = (claim: {
  readonly address: Uint8Array
  readonly voteKey: Uint8Array
  readonly nodeKey: Uint8Array
  readonly voteProof: Uint8Array
  readonly nodeProof: Uint8Array
}) => boolean

const COMMISSION_BPS_MAX = 10_000
/** Above this no commission may rise any more; docs/spec/hyperliquid.md §9. */
const COMMISSION_RISE_BPS_MAX = 100
const NAME_BYTES_MAX = 64
const DESCRIPTION_BYTES_MAX = 512
const UTF8 = new TextEncoder()

/** Makes the account a validator, which is in a set from the next epoch on; docs/spec/hyperliquid.md §9. */
export function registerValidator(
  state: CoreState,
  user: User,
  { profile, unjailed, initial_wei, keys }: NonNullable<CValidatorAction['register']>,
): ActionOutcome {
  const { staking } = state
  if (stakedToken(state) === undefined) return unsupported('staking')
  if (staking.validators.has(user)) return refused('Validator is already registered.')
  if (staking.validators.size >= VALIDATORS_REGISTERED_MAX) return refused('Too many validators.')
  if (profile.commission_bps > COMMISSION_BPS_MAX) return refused('Invalid commission.')
  const bad =
    checkTexts(profile.name, profile.description, profile.node_ip.Ip) ??
    checkSigner(state, user, profile.signer)
  if (bad !== undefined) return bad
  const wei = BigInt(initial_wei)
  if (wei < staking.rules.selfDelegationMin) return refused('Self-delegation is too low.')
  if (undelegatedOf(state, user) < wei) {
    return fault('OL_ACTION_BALANCE', 'Insufficient staking balance for delegation.')
  }
  if (keys === undefined) return refused('Validator keys with their proofs are required.')
  // Last, because it is the one check that costs: only who has the stake can ask for it.
  const badKeys = checkKeys(state, user, keys)
  if (badKeys !== undefined) return badKeys

  staking.validators.set(user, {
    signer: profile.signer,
    voteKey: keys.vote_key,
    nodeKey: keys.node_key,
    nodeIp: profile.node_ip.Ip,
    name: profile.name,
    description: profile.description,
    delegationsDisabled: profile.delegations_disabled,
    commissionBps: profile.commission_bps,
    isJailed: !unjailed,
    unjailableAfterMs: 0,
    isLeaving: false,
  })
  addUndelegated(state, user, -wei)
  addDelegation(state, user, user, wei)
  lockDelegation(state, user, user, staking.rules.selfLockMs)
  emitValidator(state, user, { change: 'registered' })
  return DONE
}

/** Absent or null fields stay. New keys are in the set of the next epoch, a new signer signs at once. */
export function changeValidator(
  state: CoreState,
  user: User,
  change: NonNullable<CValidatorAction['changeProfile']>,
): ActionOutcome {
  const before = state.staking.validators.get(user)
  if (before === undefined || before.isLeaving) return refused('Validator does not exist.')
  const after = withProfile(before, change)
  const bad = checkTexts(after.name, after.description, after.nodeIp)
  if (bad !== undefined) return bad
  const risen = after.commissionBps > before.commissionBps
  if (after.commissionBps > COMMISSION_BPS_MAX) return refused('Invalid commission.')
  if (risen && after.commissionBps > COMMISSION_RISE_BPS_MAX) {
    return refused('Commission may not rise above 1%.')
  }
  if (after.signer !== before.signer) {
    const badSigner = checkSigner(state, user, after.signer)
    if (badSigner !== undefined) return badSigner
  }
  const badKeys = change.keys === undefined ? undefined : checkKeys(state, user, change.keys)
  if (badKeys !== undefined) return badKeys
  const isFreed = change.unjailed && before.isJailed
  if (isFreed && !mayUnjail(state, before)) return refused('Validator cannot be unjailed yet.')
  state.staking.validators.set(user, { ...after, isJailed: !change.unjailed })
  moveOracleSigner(state, before.signer, after.signer)
  emitValidator(state, user, { change: 'changed' })
  if (isFreed) emitValidator(state, user, { change: 'unjailed' })
  return DONE
}

/** The validator is in no set from the next epoch on; who delegated to it may take the stake back at once. */
export function unregisterValidator(state: CoreState, user: User): ActionOutcome {
  const { staking } = state
  const validator = staking.validators.get(user)
  if (validator === undefined || validator.isLeaving) return refused('Validator does not exist.')
  staking.validators.set(user, { ...validator, isLeaving: true })
  const own = delegationKey(user, user)
  for (const key of staking.delegationsTo(user)) {
    const delegation = staking.delegations.get(key)
    if (delegation === undefined || key === own) continue
    staking.delegations.set(key, { ...delegation, lockedUntilMs: 0 })
  }
  emitValidator(state, user, { change: 'unregistered' })
  forgetLeft(state, user)
  return DONE
}

/** A signer takes its validator out of the sets to come. */
export function jailSelf(state: CoreState, signer: User): ActionOutcome {
  const user = state.staking.validatorOf(signer)
  if (user === undefined) return notASigner()
  jail(state, user, { untilMs: state.now.timestampMs, reason: 'self' })
  return DONE
}

export function unjailSelf(state: CoreState, signer: User): ActionOutcome {
  const { staking } = state
  const user = staking.validatorOf(signer)
  const validator = user === undefined ? undefined : staking.validators.get(user)
  if (user === undefined || validator === undefined) return notASigner()
  if (!validator.isJailed) return refused('Validator is not jailed.')
  if (!mayUnjail(state, validator)) return refused('Validator cannot be unjailed yet.')
  staking.validators.set(user, { ...validator, isJailed: false })
  emitValidator(state, user, { change: 'unjailed' })
  return DONE
}

/** Out of the sets to come until it is unjailed; a later jailing only makes it longer. */
export function jail(
  state: CoreState,
  user: User,
  { untilMs, reason }: { readonly untilMs: number; readonly reason: string },
): void {
  const validator = state.staking.validators.get(user)
  if (validator === undefined) return
  const unjailableAfterMs = Math.max(untilMs, validator.unjailableAfterMs)
  if (validator.isJailed && unjailableAfterMs === validator.unjailableAfterMs) return
  state.staking.validators.set(user, { ...validator, isJailed: true, unjailableAfterMs })
  emitValidator(state, user, { change: 'jailed', reason })
}

export function emitValidator(
  state: CoreState,
  user: User,
  change: Pick<ValidatorEvent, 'change' | 'reason' | 'amount'>,
): void {
  state.emit({
    kind: 'validatorUpdate',
    user: state.addressOf(user),
    time: state.now.timestampMs,
    ...change,
  })
}

function withProfile(
  before: Validator,
  change: NonNullable<CValidatorAction['changeProfile']>,
): Validator {
  return {
    ...before,
    nodeIp: change.node_ip?.Ip ?? before.nodeIp,
    name: change.name ?? before.name,
    description: change.description ?? before.description,
    delegationsDisabled: change.disable_delegations ?? before.delegationsDisabled,
    commissionBps: change.commission_bps ?? before.commissionBps,
    signer: change.signer ?? before.signer,
    voteKey: change.keys?.vote_key ?? before.voteKey,
    nodeKey: change.keys?.node_key ?? before.nodeKey,
  }
}

function mayUnjail(state: CoreState, { unjailableAfterMs }: Validator): boolean {
  return state.now.timestampMs >= unjailableAfterMs
}

function checkTexts(name: string, description: string, ip: string): ActionFault | undefined {
  const isFitting =
    UTF8.encode(name).length <= NAME_BYTES_MAX &&
    UTF8.encode(ip).length <= NAME_BYTES_MAX &&
    UTF8.encode(description).length <= DESCRIPTION_BYTES_MAX
  return isFitting ? undefined : refused('Name or description is too long.')
}

/** A signer signs for one validator, and is neither another's account nor somebody's agent. */
function checkSigner(state: CoreState, user: User, signer: User): ActionFault | undefined {
  const taken = state.staking.validatorOf(signer)
  const isFree =
    (taken === undefined || taken === user) &&
    !state.agents.has(signer) &&
    (signer === user || !state.accounts.has(signer))
  return isFree ? undefined : refused('Signer address is already in use.')
}

/** Keys are unique among all validators, and proven. */
function checkKeys(state: CoreState, user: User, keys: ValidatorKeysWire): ActionFault | undefined {
  for (const [other, { voteKey, nodeKey }] of state.staking.validators.entries()) {
    if (other === user) continue
    if (voteKey === keys.vote_key || nodeKey === keys.node_key) {
      return refused('Validator key is already in use.')
    }
  }
  const isProven = state.verifyPossession?.({
    address: state.addressOf(user),
    voteKey: hexToBytes(keys.vote_key),
    nodeKey: hexToBytes(keys.node_key),
    voteProof: hexToBytes(keys.vote_proof),
    nodeProof: hexToBytes(keys.node_proof),
  })
  return isProven === true ? undefined : refused('Validator keys are not proven.')
}

/** Prices of the running epoch come from the signer of the moment. */
function moveOracleSigner(state: CoreState, from: User, to: User): void {
  if (from === to) return
  const record = state.oracleSigners.get(from)
  if (record === undefined) return
  for (const [bucket] of [...state.oracleSubmissions.of(from)]) {
    state.oracleSubmissions.set(from, bucket, undefined)
  }
  state.oracleSigners.set(from, undefined)
  state.oracleSigners.set(to, record)
}

function notASigner(): ActionFault {
  return refused('Signer is not the signer of a validator.')
}

function refused(text: string): ActionFault {
  return fault('OL_ACTION_STAKING', text)
}
