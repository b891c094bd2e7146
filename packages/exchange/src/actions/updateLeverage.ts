import type { Action } from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { accountMargin, worstPositionValue } from '../margin.ts'
import { tierAt } from '../marginTiers.ts'
import { setPosition } from '../perpClearinghouse.ts'
import type { User } from '../records.ts'
import { type ActionOutcome, DONE, fault, unsupported } from './outcome.ts'

/** Sets the leverage of one perp; lowering it needs the margin for what is open; docs/spec/hyperliquid.md §6.3. */
export function applyUpdateLeverage(
  state: CoreState,
  user: User,
  { asset, isCross, leverage }: Extract<Action, { type: 'updateLeverage' }>,
): ActionOutcome {
  const market = state.markets.get(asset)
  if (market?.kind !== 'perp') return fault('OL_ACTION_ASSET', 'Asset does not exist.')
  if (!isCross || market.perp.onlyIsolated) return unsupported('isolated margin')
  if (leverage < 1 || leverage > market.perp.maxLeverage) {
    return fault('OL_ACTION_LEVERAGE', 'Invalid leverage value.')
  }
  const change = { perp: asset, size: 0, buy: 0, sell: 0, rawUsd: 0n, leverage }
  const before = accountMargin(state, user)
  const after = accountMargin(state, user, change)
  const tier = tierAt(market.tiers, worstPositionValue(state, user, change))
  if (tier.maxLeverage < leverage) {
    return fault('OL_ACTION_LEVERAGE', 'Leverage exceeds the margin tier of the position.')
  }
  if (after.initial > before.initial && after.accountValue < after.initial) {
    return fault('OL_ACTION_MARGIN', 'Insufficient margin to change leverage.')
  }
  const { size = 0, entryNtl = 0n } = state.positions.get(user, asset) ?? {}
  setPosition(state, user, market, { size, entryNtl, leverage })
  return DONE
}
