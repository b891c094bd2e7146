import type { Hex } from '../types/ids.ts'
import { VALIDATORS_MAX } from '../types/limits.ts'
import type { ValidatorInfo, ValidatorSet } from '../types/validator.ts'
import { bytesToHex } from './hex.ts'

/**
 * The set of the epoch after `current`: the members the application names, or the old ones where it names none or a
 * set that cannot be used.
 *
 * @param members - by address; `index` is given anew
 * @see docs/spec/consensus.md §8 reconfiguration
 */
export function nextSetOf(
  current: ValidatorSet,
  members: readonly Omit<ValidatorInfo, 'index'>[] | undefined,
): ValidatorSet {
  const validators = members !== undefined && isUsableSet(members) ? members : current.validators
  return {
    epoch: current.epoch + 1n,
    validators: validators.map((member, index) => ({ ...member, index })),
    totalStake: validators.reduce((sum, { stake }) => sum + stake, 0n),
  }
}

/** Whether they can be a set: not empty, not too many, all with stake, addresses ascending, no key twice. */
export function isUsableSet(members: readonly Omit<ValidatorInfo, 'index'>[]): boolean {
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
