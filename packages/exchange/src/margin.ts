import type { CoreState } from './coreState.ts'
import { ceilDivide, maxOf, product } from './decimal.ts'
import { maintenanceMargin } from './marginTiers.ts'
import type { PerpMarket } from './market.ts'
import { defaultLeverage } from './position.ts'
import type { User } from './records.ts'

/** The cross account of a user, 1e-6 USDC; docs/spec/hyperliquid.md §6.1, §6.3. */
export interface AccountMargin {
  readonly accountValue: bigint
  /** Of positions and of resting orders that may open. */
  readonly initial: bigint
  readonly maintenance: bigint
  /** Of positions alone. */
  readonly positionInitial: bigint
  readonly positionValue: bigint
}

/** A change that is weighed before it is made. */
export interface MarginChange {
  readonly perp: number
  /** Signed lots that the position would gain. */
  readonly size: number
  /** Lots that the resting orders of each side would gain. */
  readonly buy: number
  readonly sell: number
  readonly rawUsd: bigint
  /** Replaces the leverage of the perp. */
  readonly leverage?: number
}

/** The margin of a user, as it is or as it would be after a change. */
export function accountMargin(state: CoreState, user: User, change?: MarginChange): AccountMargin {
  const positions = state.positions.of(user)
  const { opening } = state.ordersOf(user)
  const sum = {
    accountValue: (state.accounts.get(user)?.rawUsd ?? 0n) + (change?.rawUsd ?? 0n),
    initial: 0n,
    maintenance: 0n,
    positionInitial: 0n,
    positionValue: 0n,
  }
  const add = (perp: number): void => {
    const { mark, size, buy, sell, leverage, market } = exposure(state, user, perp, change)
    const value = product(Math.abs(size), mark)
    const worst = product(Math.max(Math.abs(size + buy), Math.abs(size - sell)), mark)
    sum.accountValue += size < 0 ? -value : value
    sum.initial += ceilDivide(worst, BigInt(leverage))
    sum.maintenance += maintenanceMargin(market.tiers, value)
    sum.positionInitial += ceilDivide(value, BigInt(leverage))
    sum.positionValue += value
  }
  for (const perp of positions.keys()) add(perp)
  for (const perp of opening.keys()) if (!positions.has(perp)) add(perp)
  if (change !== undefined && !positions.has(change.perp) && !opening.has(change.perp)) {
    add(change.perp)
  }
  return sum
}

/** The greatest position value that the position and the resting orders of one perp could reach. */
export function worstPositionValue(state: CoreState, user: User, change: MarginChange): bigint {
  const { mark, size, buy, sell } = exposure(state, user, change.perp, change)
  return product(Math.max(Math.abs(size + buy), Math.abs(size - sell)), mark)
}

export function leverageOf(state: CoreState, user: User, market: PerpMarket): number {
  return (
    state.positions.get(user, market.asset)?.leverage ?? defaultLeverage(market.perp.maxLeverage)
  )
}

/**
 * Whether an account may come from one margin to the other by a fill; §6.3.
 *
 * Either the initial margin is covered afterwards, or the account carries no more risk than before: its maintenance
 * margin doesn't grow, and what it has for every unit of that doesn't shrink.
 */
export function isFillCovered(before: AccountMargin, after: AccountMargin): boolean {
  if (after.accountValue >= after.initial) return true
  if (after.maintenance > before.maintenance) return false
  if (after.accountValue >= before.accountValue) return true
  if (before.accountValue < 0n || after.maintenance === 0n) return false
  return after.accountValue * before.maintenance >= before.accountValue * after.maintenance
}

/** What must stay when money leaves: the initial margin, and a tenth of what the positions are worth; §6.3. */
export function transferMarginRequired(margin: AccountMargin): bigint {
  return maxOf(margin.initial, ceilDivide(margin.positionValue, 10n))
}

/** 1e-6 USDC that may leave the perp account. */
export function withdrawable(margin: AccountMargin): bigint {
  return maxOf(0n, margin.accountValue - transferMarginRequired(margin))
}

interface Exposure {
  readonly market: PerpMarket
  readonly mark: number
  readonly size: number
  readonly buy: number
  readonly sell: number
  readonly leverage: number
}

function exposure(
  state: CoreState,
  user: User,
  perp: number,
  change: MarginChange | undefined,
): Exposure {
  const market = state.perpMarket(perp)
  const position = state.positions.get(user, perp)
  const open = state.ordersOf(user).opening.get(perp)
  const changed = change?.perp === perp ? change : undefined
  return {
    market,
    mark: state.pricesOf(perp).markPx,
    size: (position?.size ?? 0) + (changed?.size ?? 0),
    buy: (open?.buy ?? 0) + (changed?.buy ?? 0),
    sell: (open?.sell ?? 0) + (changed?.sell ?? 0),
    leverage: changed?.leverage ?? position?.leverage ?? defaultLeverage(market.perp.maxLeverage),
  }
}
