import type { CoreState } from './coreState.ts'
import { product } from './decimal.ts'
import { feeOf } from './fees.ts'
import { accountMargin, isFillCovered, leverageOf, type MarginChange } from './margin.ts'
import type { PerpMarket } from './market.ts'
import { changePosition, closableSize, defaultLeverage } from './position.ts'
import type { Position, User } from './records.ts'

/** One side of a match. */
export interface FillSide {
  readonly user: User
  readonly isBuy: boolean
  readonly px: number
  readonly size: number
  readonly feePpm: number
  /** The fill comes out of a resting order that may open. */
  readonly fromOpening: boolean
}

/** What a fill did to its side, for the fill event. Integers in the units of the market. */
export interface FillEffect {
  readonly startSize: number
  readonly closedPnl: bigint
  readonly fee: bigint
}

export function positionSize(state: CoreState, user: User, perp: number): number {
  return state.positions.get(user, perp)?.size ?? 0
}

/** Lots that an order of this side could close for its user now. */
export function closable(state: CoreState, user: User, perp: number, isBuy: boolean): number {
  return closableSize(positionSize(state, user, perp), isBuy)
}

/** Whether the margin of §6.3 allows a fill: asked for both sides before each match. */
export function allowsPerpFill(state: CoreState, market: PerpMarket, side: FillSide): boolean {
  const size = positionSize(state, side.user, market.asset) + signed(side)
  if (!Number.isSafeInteger(size)) return false
  const after = accountMargin(state, side.user, fillChange(market, side))
  if (after.accountValue >= after.initial) return true
  return isFillCovered(accountMargin(state, side.user), after)
}

/** Books one side of a match: position, collateral, and the fee to the collector. */
export function applyPerpFill(state: CoreState, market: PerpMarket, side: FillSide): FillEffect {
  const perp = market.asset
  const leverage = leverageOf(state, side.user, market)
  const position = state.positions.get(side.user, perp) ?? { size: 0, entryNtl: 0n, leverage }
  const { size, entryNtl, closedPnl } = changePosition(position, side)
  setPosition(state, side.user, market, { size, entryNtl, leverage })

  const notional = product(side.px, side.size)
  const fee = feeOf(notional, side.feePpm)
  addRawUsd(state, side.user, (side.isBuy ? -notional : notional) - fee)
  addRawUsd(state, state.rules.collector, fee)
  return { startSize: position.size, closedPnl, fee }
}

/** Stores a position; one that says nothing any more is removed. */
export function setPosition(
  state: CoreState,
  user: User,
  market: PerpMarket,
  position: Position,
): void {
  const isDefault =
    position.size === 0 && position.leverage === defaultLeverage(market.perp.maxLeverage)
  state.positions.set(user, market.asset, isDefault ? undefined : position)
}

export function addRawUsd(state: CoreState, user: User, change: bigint): void {
  if (change === 0n) return
  const account = state.account(user)
  state.accounts.set(user, { ...account, rawUsd: account.rawUsd + change })
}

function fillChange(market: PerpMarket, side: FillSide): MarginChange {
  const notional = product(side.px, side.size)
  const taken = side.fromOpening ? -side.size : 0
  return {
    perp: market.asset,
    size: signed(side),
    buy: side.isBuy ? taken : 0,
    sell: side.isBuy ? 0 : taken,
    rawUsd: (side.isBuy ? -notional : notional) - feeOf(notional, side.feePpm),
  }
}

function signed({ isBuy, size }: FillSide): number {
  return isBuy ? size : -size
}
