import type { CoreState } from './coreState.ts'
import type { PerpMarket } from './market.ts'
import { ORDER_REJECTIONS, type OrderRejection } from './orderRejection.ts'
import { positionSize } from './perpClearinghouse.ts'
import { closableSize } from './position.ts'
import type { User } from './records.ts'

interface Side {
  readonly user: User
  readonly isBuy: boolean
}

/** Why an order that may open is refused while its perp is at its cap, or grows too quickly; docs/spec/hyperliquid.md §6.7. */
export function checkOpenInterest(
  state: CoreState,
  market: PerpMarket,
  order: Side & { readonly px: number; readonly size: number },
): OrderRejection | undefined {
  const { openInterestCap, openInterestIncrease } = market.perp
  if (openInterestCap === 0n && openInterestIncrease === 0n) return undefined
  const size = positionSize(state, order.user, market.asset)
  const closable = closableSize(size, order.isBuy)
  if (growsTooQuickly(state, market, order.size - closable)) {
    return ORDER_REJECTIONS.openInterestIncrease
  }
  if (!isAtCap(state, market, 0)) return undefined
  if (order.size <= closable) return undefined
  if (closable > 0) return ORDER_REJECTIONS.positionFlipAtOpenInterestCap
  const { oraclePx } = state.pricesOf(market.asset)
  const isAggressive = order.isBuy ? order.px > oraclePx : order.px < oraclePx
  return isAggressive
    ? ORDER_REJECTIONS.tooAggressiveAtOpenInterestCap
    : ORDER_REJECTIONS.positionIncreaseAtOpenInterestCap
}

/** Whether a match would raise open interest above the cap: the resting order, older than the cap, has to go. */
export function exceedsOpenInterest(
  state: CoreState,
  market: PerpMarket,
  match: { readonly taker: Side; readonly maker: Side; readonly size: number },
): boolean {
  if (market.perp.openInterestCap === 0n) return false
  const opened = ({ user, isBuy }: Side): number =>
    match.size - Math.min(match.size, closableSize(positionSize(state, user, market.asset), isBuy))
  const growth = Math.min(opened(match.taker), opened(match.maker))
  return growth > 0 && isAtCap(state, market, growth)
}

/** Whether open interest, with so many lots more, is worth more above that of the hour's beginning than it may; own rule. */
function growsTooQuickly(state: CoreState, { asset, perp }: PerpMarket, opened: number): boolean {
  if (perp.openInterestIncrease === 0n || opened <= 0) return false
  const atHour = state.hourOpenInterests.get(asset) ?? 0n
  const grown = openInterestOf(state, asset) - atHour + BigInt(opened)
  return grown * BigInt(state.pricesOf(asset).markPx) > perp.openInterestIncrease
}

/** Remembers what is open in the perps whose growth is bounded, as an hour begins. */
export function markOpenInterests(state: CoreState): void {
  for (const [asset, { openInterestIncrease }] of state.perps.entries()) {
    if (openInterestIncrease === 0n) continue
    const lots = openInterestOf(state, asset)
    if (lots === (state.hourOpenInterests.get(asset) ?? 0n)) continue
    state.hourOpenInterests.set(asset, lots === 0n ? undefined : lots)
  }
}

function openInterestOf(state: CoreState, asset: number): bigint {
  return state.positions.openInterest.get(asset)?.value ?? 0n
}

/** Whether open interest, with so many lots more, is worth more than the cap, or as much without them. */
function isAtCap(state: CoreState, { asset, perp }: PerpMarket, growth: number): boolean {
  if (perp.openInterestCap === 0n) return false
  const lots = openInterestOf(state, asset) + BigInt(growth)
  const value = lots * BigInt(state.pricesOf(asset).markPx)
  return growth > 0 ? value > perp.openInterestCap : value >= perp.openInterestCap
}
