import type { CoreState } from './coreState.ts'
import type { PerpMarket } from './market.ts'
import type { Position, User } from './records.ts'

/** What a user has in a perp, or would open with. */
export function positionOf(state: CoreState, user: User, market: PerpMarket): Position {
  return state.positions.get(user, market.asset) ?? state.defaultPositionOf(user, market)
}
