import { type Hash, type Height, nextSetOf, validatorSetHash } from '@openliquid/primitives'
import type { Replica } from './replica.ts'

/** Hash of the set that the state after an executed height names for the next epoch. */
export function nextSetHashOf(
  { committee, stateRoots }: Pick<Replica, 'committee' | 'stateRoots'>,
  height: Height,
): Hash {
  return validatorSetHash(nextSetOf(committee.set, stateRoots.membersAt(height)))
}
