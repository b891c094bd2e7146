import type { CoreState } from './coreState.ts'
import { accountMargin, isolatedMargin, type Margin } from './margin.ts'
import type { User } from './records.ts'

/** A cross account, or one isolated position: what is liquidated as a whole; docs/spec/hyperliquid.md §6.5. */
export interface RiskUnit {
  readonly user: User
  /** The isolated perp; `undefined` is the cross account. */
  readonly perp: number | undefined
}

/** The margin of a unit as it is now; an isolated position that is gone needs nothing. */
export function unitMargin(state: CoreState, { user, perp }: RiskUnit): Margin {
  if (perp === undefined) return accountMargin(state, user)
  const position = state.positions.get(user, perp)
  if (position === undefined) return NOTHING
  return isolatedMargin(state, state.perpMarket(perp), position)
}

const NOTHING: Margin = { accountValue: 0n, initial: 0n, maintenance: 0n, positionValue: 0n }

/** Units of the given users that fail, in ascending (health, address) order; the cross account before its positions. */
export function failingUnits(
  state: CoreState,
  users: Iterable<User>,
  fails: (margin: Margin) => boolean,
): RiskUnit[] {
  const found: (RiskUnit & { readonly margin: Margin })[] = []
  for (const user of users) {
    for (const unit of unitsOf(state, user)) {
      const margin = unitMargin(state, unit)
      if (fails(margin)) found.push({ ...unit, margin })
    }
  }
  return found.sort(
    (a, b) =>
      compareHealth(a.margin, b.margin) ||
      compareText(a.user, b.user) ||
      (a.perp ?? -1) - (b.perp ?? -1),
  )
}

/** The open positions of a unit, ascending by perp. */
export function perpsOf(state: CoreState, { user, perp }: RiskUnit): number[] {
  if (perp !== undefined) return [perp]
  return [...state.positions.of(user)]
    .filter(([, { size, isIsolated }]) => size !== 0 && !isIsolated)
    .map(([asset]) => asset)
    .sort((a, b) => a - b)
}

function unitsOf(state: CoreState, user: User): RiskUnit[] {
  const units: RiskUnit[] = []
  let hasCross = false
  for (const [perp, { size, isIsolated }] of state.positions.of(user)) {
    if (size === 0) continue
    if (isIsolated) units.push({ user, perp })
    else hasCross = true
  }
  if (hasCross) units.push({ user, perp: undefined })
  return units
}

/** By equity over maintenance margin, without dividing. An open position always has a maintenance margin. */
function compareHealth(a: Margin, b: Margin): number {
  const [left, right] = [a.accountValue * b.maintenance, b.accountValue * a.maintenance]
  return left < right ? -1 : left > right ? 1 : 0
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
