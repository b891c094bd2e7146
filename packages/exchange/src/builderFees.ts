import type { OrderAction } from '@openliquid/primitives'
import { type ActionFault, fault } from './actions/outcome.ts'
import type { CoreState } from './coreState.ts'
import type { BuilderFee, User } from './records.ts'

// Tenths of a basis point; docs/spec/hyperliquid.md §8.1.
const PERP_DECI_BPS_MAX = 100
export const SPOT_DECI_BPS_MAX = 1_000
export const APPROVALS_MAX = 10

/** The most that a builder may take of an account's fills; sub-accounts go by their master. */
export function approvedDeciBps(state: CoreState, user: User, builder: User): number {
  const approver = state.subAccounts.get(user)?.master ?? user
  const approvals = state.builderApprovals.get(approver) ?? []
  return approvals.find((approval) => approval.builder === builder)?.deciBps ?? 0
}

/** Lets a builder take up to so much, 0 for nothing; says why not, or nothing. */
export function approveBuilder(
  state: CoreState,
  user: User,
  { builder, deciBps }: BuilderFee,
): string | undefined {
  if (deciBps > SPOT_DECI_BPS_MAX) return 'Max builder fee is too high.'
  const others = (state.builderApprovals.get(user) ?? []).filter(
    (approval) => approval.builder !== builder,
  )
  if (deciBps > 0 && others.length >= APPROVALS_MAX) return 'Too many approved builders.'
  const approvals = deciBps === 0 ? others : [...others, { builder, deciBps }]
  const sorted = approvals.toSorted((a, b) => (a.builder < b.builder ? -1 : 1))
  state.builderApprovals.set(user, sorted.length === 0 ? undefined : sorted)
  return undefined
}

/** The fee that an order action names, when its user approved it. */
export function builderFeeOf(
  state: CoreState,
  user: User,
  { builder, orders }: Pick<OrderAction, 'builder' | 'orders'>,
): BuilderFee | undefined | ActionFault {
  if (builder === undefined || builder.f === 0) return undefined
  const { b, f } = builder
  const isPerp = orders.some(({ a }) => state.markets.get(a)?.kind === 'perp')
  if (f > (isPerp ? PERP_DECI_BPS_MAX : SPOT_DECI_BPS_MAX)) {
    return fault('OL_ACTION_BUILDER', 'Builder fee is too high.')
  }
  if (f > approvedDeciBps(state, user, b) || !state.accounts.has(b)) {
    return fault('OL_ACTION_BUILDER', 'Builder fee has not been approved.')
  }
  return { builder: b, deciBps: f }
}

/** A tenth of a basis point is ten millionths. */
export function builderPpm(fee: BuilderFee | undefined): number {
  return 10 * (fee?.deciBps ?? 0)
}
