import {
  bytesToHex,
  type Hash,
  type Height,
  type Hex,
  VALIDATORS_MAX,
  type ValidatorInfo,
  type ValidatorSet,
  validatorSetHash,
} from '@openliquid/primitives'
import type { Replica } from './replica.ts'

/**
 * The set of the epoch after `current`: the members the application names, or the old ones where it names none or a
 * set that cannot be used.
 *
 * @param members - by address; `index` is given anew
 * @see docs/spec/consensus.md §8 reconfiguration
 */
export function nextSetOf(
  current: ValidatorSet,
  members: readonly ValidatorInfo[] | undefined,
): ValidatorSet {
  const validators = members !== undefined && isUsable(members) ? members : current.validators
  return {
    epoch: current.epoch + 1n,
    validators: validators.map((member, index) => ({ ...member, index })),
    totalStake: validators.reduce((sum, { stake }) => sum + stake, 0n),
  }
}

/** Hash of the set that the state after an executed height names for the next epoch. */
export function nextSetHashOf(
  { committee, stateRoots }: Pick<Replica, 'committee' | 'stateRoots'>,
  height: Height,
): Hash {
  return validatorSetHash(nextSetOf(committee.set, stateRoots.membersAt(height)))
}

/** §2: not empty, not too many, everyone with stake, addresses ascending, no key twice. */
export function isUsable(members: readonly ValidatorInfo[]): boolean {
  if (members.length === 0 || members.length > VALIDATORS_MAX) return false
  const keys = new Set<Hex>()
  let below: Hex = '0x'
  for (const { address, stake, voteKey, nodeKey } of members) {
    const key = bytesToHex(address)
    if (stake <= 0n || key <= below) return false
    below = key
    keys.add(`${bytesToHex(voteKey)}v` as Hex).add(`${bytesToHex(nodeKey)}n` as Hex)
  }
  return keys.size === 2 * members.length
}
