import type { CoreState } from './coreState.ts'
import type { PerpMarket } from './market.ts'
import { defaultPosition } from './position.ts'
import type { Position, User } from './records.ts'

/** What a user has in a perp, or would open with. The liquidator vault is never isolated. */
export function positionOf(state: CoreState, user: User, { asset, perp }: PerpMarket): Position {
  const position = state.positions.get(user, asset)
  if (position !== undefined) return position
  const untouched = defaultPosition(perp)
  const isVault = perp.onlyIsolated && user === state.riskRules.liquidatorVault
  return isVault ? { ...untouched, isIsolated: false } : untouched
}
