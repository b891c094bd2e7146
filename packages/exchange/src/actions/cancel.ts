import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { BATCH_MAX } from '../limits.ts'
import { findOpen, removeOpen } from '../orderCancel.ts'
import { MISSING_ORDER } from '../orderRejection.ts'
import type { CancelResult } from '../receipt.ts'
import type { User } from '../records.ts'
import { type ActionOutcome, fault } from './outcome.ts'

/** Cancels by order id. Only the owner's orders exist for it. */
export function applyCancel(
  state: CoreState,
  user: User,
  { cancels }: Extract<Action, { type: 'cancel' }>,
): ActionOutcome {
  return cancelBatch(cancels, ({ a, o }) => cancelOid(state, user, a, o))
}

export function applyCancelByCloid(
  state: CoreState,
  user: User,
  { cancels }: Extract<Action, { type: 'cancelByCloid' }>,
): ActionOutcome {
  return cancelBatch(cancels, ({ asset, cloid }) => cancelCloid(state, user, asset, cloid))
}

export function cancelOid(state: CoreState, user: User, asset: number, oid: number): CancelResult {
  const order = findOpen(state, user, asset, oid)
  if (order === undefined) return { error: MISSING_ORDER }
  removeOpen(state, order, 'canceled')
  return 'success'
}

export function cancelCloid(
  state: CoreState,
  user: User,
  asset: number,
  cloid: string,
): CancelResult {
  const oid = state.ordersOf(user).byCloid.get(cloid)
  return oid === undefined ? { error: MISSING_ORDER } : cancelOid(state, user, asset, oid)
}

function cancelBatch<T>(cancels: readonly T[], cancel: (item: T) => CancelResult): ActionOutcome {
  if (cancels.length === 0) return fault('OL_ACTION_MALFORMED', 'Empty cancel batch.')
  if (cancels.length > BATCH_MAX) return fault('OL_ACTION_MALFORMED', 'Cancel batch too large.')
  return { type: 'cancel', data: { statuses: cancels.map(cancel) } }
}
