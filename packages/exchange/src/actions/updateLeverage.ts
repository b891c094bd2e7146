import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { ceilDivide } from '../decimal.ts'
import { accountMargin, isolatedMargin, worstPositionValue } from '../margin.ts'
import { tierAt } from '../marginTiers.ts'
import type { PerpMarket } from '../market.ts'
import { setPosition } from '../perpClearinghouse.ts'
import { positionOf } from '../positions.ts'
import type { Position, User } from '../records.ts'
import { type ActionFault, type ActionOutcome, DONE, fault } from './outcome.ts'

/**
 * Sets margin mode and leverage of one perp; docs/spec/hyperliquid.md §6.3.
 *
 * Lowering the leverage needs the margin for what is open; the mode changes only while nothing is.
 */
export function applyUpdateLeverage(
  state: CoreState,
  user: User,
  { asset, isCross, leverage }: Extract<Action, { type: 'updateLeverage' }>,
): ActionOutcome {
  const market = state.markets.get(asset)
  if (market?.kind !== 'perp') return fault('OL_ACTION_ASSET', 'Asset does not exist.')
  if (leverage < 1 || leverage > market.perp.maxLeverage) {
    return fault('OL_ACTION_LEVERAGE', 'Invalid leverage value.')
  }
  const position = positionOf(state, user, market)
  const next = { ...position, leverage, isIsolated: !isCross }
  const refused =
    next.isIsolated === position.isIsolated
      ? checkLeverage(state, user, market, { position, leverage })
      : checkMode(state, user, market, position)
  if (refused !== undefined) return refused
  setPosition(state, user, market, next)
  return DONE
}

function checkMode(
  state: CoreState,
  user: User,
  { asset, perp }: PerpMarket,
  position: Position,
): ActionFault | undefined {
  if (perp.onlyIsolated && position.isIsolated) {
    return fault('OL_ACTION_LEVERAGE', 'Asset only supports isolated margin.')
  }
  if (position.size !== 0) {
    return fault('OL_ACTION_LEVERAGE', 'Cannot switch leverage type with open position.')
  }
  const { buy, sell } = state.positions.openingOf(user, asset)
  if (buy + sell > 0) {
    return fault('OL_ACTION_LEVERAGE', 'Cannot switch leverage type with open orders.')
  }
  return undefined
}

function checkLeverage(
  state: CoreState,
  user: User,
  market: PerpMarket,
  { position, leverage }: { readonly position: Position; readonly leverage: number },
): ActionFault | undefined {
  const change = { perp: market.asset, size: 0, buy: 0, sell: 0, rawUsd: 0n, leverage }
  const tier = tierAt(market.tiers, worstPositionValue(state, user, change))
  if (tier.maxLeverage < leverage) {
    return fault('OL_ACTION_LEVERAGE', 'Leverage exceeds the margin tier of the position.')
  }
  const before = accountMargin(state, user)
  const after = accountMargin(state, user, change)
  const insufficient = fault('OL_ACTION_MARGIN', 'Insufficient margin to change leverage.')
  if (after.initial > before.initial && after.accountValue < after.initial) return insufficient
  if (!position.isIsolated || leverage >= position.leverage) return undefined
  const { accountValue, positionValue } = isolatedMargin(state, market, position)
  return accountValue < ceilDivide(positionValue, BigInt(leverage)) ? insufficient : undefined
}
