import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { ceilDivide, parseUnits } from '../decimal.ts'
import { accountMargin, isolatedMargin, transferMarginRequired } from '../margin.ts'
import type { PerpMarket } from '../market.ts'
import { addRawUsd, setPosition } from '../perpClearinghouse.ts'
import { positionOf } from '../positions.ts'
import type { Position, User } from '../records.ts'
import { type ActionOutcome, DONE, fault } from './outcome.ts'

/** Moves USDC between the cross account and an isolated position; docs/spec/hyperliquid.md §6.3. */
export function applyUpdateIsolatedMargin(
  state: CoreState,
  user: User,
  { asset, ntli }: Extract<Action, { type: 'updateIsolatedMargin' }>,
): ActionOutcome {
  const found = isolatedPosition(state, user, asset)
  if ('code' in found) return found
  if (ntli === 0) return fault('OL_ACTION_MALFORMED', 'Invalid amount.')
  const usd = BigInt(ntli)
  return usd > 0n ? addMargin(state, user, found, usd) : removeMargin(state, user, found, -usd)
}

/** Adds what brings the position down to a leverage; docs/spec/hyperliquid.md §4. */
export function applyTopUpIsolatedOnlyMargin(
  state: CoreState,
  user: User,
  { asset, leverage }: Extract<Action, { type: 'topUpIsolatedOnlyMargin' }>,
): ActionOutcome {
  const found = isolatedPosition(state, user, asset)
  if ('code' in found) return found
  if (!found.market.perp.onlyIsolated) {
    return fault('OL_ACTION_LEVERAGE', 'Asset is not isolated only.')
  }
  const target = parseUnits(leverage, LEVERAGE_DECIMALS)
  if (target === undefined || target === 0n) {
    return fault('OL_ACTION_LEVERAGE', 'Invalid leverage value.')
  }
  const { accountValue, positionValue } = isolatedMargin(state, found.market, found.position)
  const needed = ceilDivide(positionValue * LEVERAGE_SCALE, target) - accountValue
  if (needed <= 0n) {
    return fault('OL_ACTION_LEVERAGE', 'Position leverage is already at or below the target.')
  }
  return addMargin(state, user, found, needed)
}

/** Decimals of a target leverage. */
const LEVERAGE_DECIMALS = 6
const LEVERAGE_SCALE = 1_000_000n

interface Found {
  readonly market: PerpMarket
  readonly position: Position
}

function isolatedPosition(
  state: CoreState,
  user: User,
  asset: number,
): Found | ReturnType<typeof fault> {
  const market = state.markets.get(asset)
  if (market?.kind !== 'perp') return fault('OL_ACTION_ASSET', 'Asset does not exist.')
  const position = positionOf(state, user, market)
  if (position.size === 0 || !position.isIsolated) {
    return fault('OL_ACTION_MARGIN', 'No isolated position to change the margin of.')
  }
  return { market, position }
}

function addMargin(state: CoreState, user: User, found: Found, usd: bigint): ActionOutcome {
  const { accountValue, initial } = accountMargin(state, user)
  if (accountValue - usd < initial) {
    return fault('OL_ACTION_MARGIN', 'Insufficient margin to add to the position.')
  }
  move(state, user, found, usd)
  return DONE
}

function removeMargin(state: CoreState, user: User, found: Found, usd: bigint): ActionOutcome {
  if (found.market.perp.marginMode === 'strictIsolated') {
    return fault('OL_ACTION_MARGIN', 'Margin of this asset cannot be removed.')
  }
  const margin = isolatedMargin(state, found.market, found.position)
  if (margin.accountValue - usd < transferMarginRequired(margin)) {
    return fault('OL_ACTION_MARGIN', 'Insufficient margin to remove from the position.')
  }
  move(state, user, found, -usd)
  return DONE
}

/** Into the position; out of it with a negative amount. */
function move(state: CoreState, user: User, { market, position }: Found, usd: bigint): void {
  const isolatedRawUsd = position.isolatedRawUsd + usd
  setPosition(state, user, market, { ...position, isolatedRawUsd })
  addRawUsd(state, user, -usd)
}
