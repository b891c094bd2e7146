import type { CoreState } from './coreState.ts'
import { ceilDivide, maxOf, product } from './decimal.ts'
import { maintenanceMargin } from './marginTiers.ts'
import type { PerpMarket } from './market.ts'
import { closableSize } from './position.ts'
import { positionOf } from './positions.ts'
import type { Position, User } from './records.ts'

/** What something is worth, and what it needs, 1e-6 USDC; docs/spec/hyperliquid.md §6.1, §6.3. */
export interface Margin {
  readonly accountValue: bigint
  readonly initial: bigint
  readonly maintenance: bigint
  readonly positionValue: bigint
}

/** The cross account of a user. Isolated positions are no part of it, only what their orders would take from it. */
export interface AccountMargin extends Margin {
  /** Of positions and of resting orders that may open. */
  readonly initial: bigint
  /** Of positions alone. */
  readonly positionInitial: bigint
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
  const sum = {
    accountValue: (state.accounts.get(user)?.rawUsd ?? 0n) + (change?.rawUsd ?? 0n),
    initial: 0n,
    maintenance: 0n,
    positionInitial: 0n,
    positionValue: 0n,
  }
  const add = (perp: number): void => {
    const exposed = exposure(state, user, perp, change)
    const { mark, size, buy, sell, leverage, market } = exposed
    if (exposed.isIsolated) {
      sum.initial += isolatedReserve(exposed)
      return
    }
    const value = product(Math.abs(size), mark)
    const worst = product(Math.max(Math.abs(size + buy), Math.abs(size - sell)), mark)
    sum.accountValue += size < 0 ? -value : value
    sum.initial += ceilDivide(worst, BigInt(leverage))
    sum.maintenance += maintenanceMargin(market.tiers, value)
    sum.positionInitial += ceilDivide(value, BigInt(leverage))
    sum.positionValue += value
  }
  const perps = state.positions.perpsOf(user)
  for (const perp of perps) add(perp)
  if (change !== undefined && !perps.includes(change.perp)) add(change.perp)
  return sum
}

/** The greatest position value that the position and the resting orders of one perp could reach. */
export function worstPositionValue(state: CoreState, user: User, change: MarginChange): bigint {
  const { mark, size, buy, sell } = exposure(state, user, change.perp, change)
  return product(Math.max(Math.abs(size + buy), Math.abs(size - sell)), mark)
}

export function leverageOf(state: CoreState, user: User, market: PerpMarket): number {
  return positionOf(state, user, market).leverage
}

/** The margin of an isolated position at the mark. */
export function isolatedMargin(state: CoreState, market: PerpMarket, position: Position): Margin {
  const { size, leverage, isolatedRawUsd } = position
  const value = product(Math.abs(size), state.pricesOf(market.asset).markPx)
  return {
    accountValue: isolatedRawUsd + (size < 0 ? -value : value),
    initial: ceilDivide(value, BigInt(leverage)),
    maintenance: maintenanceMargin(market.tiers, value),
    positionValue: value,
  }
}

/**
 * Whether an isolated position may come from one margin to the other by a fill; §6.3.
 *
 * Either its initial margin is covered afterwards, or what it has for every unit of maintenance margin doesn't shrink.
 */
export function isIsolatedFillCovered(before: Margin, after: Margin): boolean {
  if (after.accountValue >= after.initial) return true
  if (before.accountValue < 0n || after.maintenance === 0n) return false
  return after.accountValue * before.maintenance >= before.accountValue * after.maintenance
}

/**
 * Whether an account may come from one margin to the other by a fill; §6.3.
 *
 * Either the initial margin is covered afterwards, or the account carries no more risk than before: its maintenance
 * margin doesn't grow, and what it has for every unit of that doesn't shrink.
 */
export function isFillCovered(before: Margin, after: Margin): boolean {
  if (after.accountValue >= after.initial) return true
  if (after.maintenance > before.maintenance) return false
  if (after.accountValue >= before.accountValue) return true
  if (before.accountValue < 0n || after.maintenance === 0n) return false
  return after.accountValue * before.maintenance >= before.accountValue * after.maintenance
}

/** What must stay when money leaves: the initial margin, and a tenth of what the positions are worth; §6.3. */
export function transferMarginRequired(margin: Margin): bigint {
  return maxOf(margin.initial, ceilDivide(margin.positionValue, 10n))
}

/** 1e-6 USDC that may leave the perp account. */
export function withdrawable(margin: Margin): bigint {
  return maxOf(0n, margin.accountValue - transferMarginRequired(margin))
}

interface Exposure {
  readonly market: PerpMarket
  readonly mark: number
  readonly size: number
  readonly buy: number
  readonly sell: number
  readonly leverage: number
  readonly isIsolated: boolean
}

/** What filling the resting orders of an isolated perp would move out of the cross account, on the worse side. */
function isolatedReserve({ mark, size, buy, sell, leverage }: Exposure): bigint {
  const opened = Math.max(buy - closableSize(size, true), sell - closableSize(size, false), 0)
  return ceilDivide(product(opened, mark), BigInt(leverage))
}

function exposure(
  state: CoreState,
  user: User,
  perp: number,
  change: MarginChange | undefined,
): Exposure {
  const market = state.perpMarket(perp)
  const position = positionOf(state, user, market)
  const open = state.positions.openingOf(user, perp)
  const changed = change?.perp === perp ? change : undefined
  return {
    market,
    mark: state.pricesOf(perp).markPx,
    size: position.size + (changed?.size ?? 0),
    buy: open.buy + (changed?.buy ?? 0),
    sell: open.sell + (changed?.sell ?? 0),
    leverage: changed?.leverage ?? position.leverage,
    isIsolated: position.isIsolated,
  }
}
