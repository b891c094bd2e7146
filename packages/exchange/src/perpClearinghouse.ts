import { builderPpm } from './builderFees.ts'
import type { CoreState } from './coreState.ts'
import { ceilDivide, maxOf, product } from './decimal.ts'
import { discountOf } from './feeDiscounts.ts'
import { feeOf } from './fees.ts'
import {
  accountMargin,
  isFillCovered,
  isIsolatedFillCovered,
  isolatedMargin,
  type MarginChange,
} from './margin.ts'
import type { PerpMarket } from './market.ts'
import { changePosition, closableSize, cumFundingAfter, isDefaultPosition } from './position.ts'
import { positionOf } from './positions.ts'
import type { BuilderFee, Position, User } from './records.ts'

/** One side of a match. */
export interface FillSide {
  readonly user: User
  readonly isBuy: boolean
  readonly px: number
  readonly size: number
  /** To the collector; the builder's comes on top. */
  readonly feePpm: number
  /** The share of that which its user need not pay, millionths. */
  readonly discountPpm?: number
  readonly builder?: BuilderFee | undefined
  /** The fill comes out of a resting order that may open. */
  readonly fromOpening: boolean
  /** What closes a part of an isolated position leaves its margin there; so liquidation makes it safer. */
  readonly keepsMargin?: boolean
}

/** What a fill did to its side, for the fill event. Integers in the units of the market. */
export interface FillEffect {
  readonly startSize: number
  readonly closedPnl: bigint
  /** What the builder took included. */
  readonly fee: bigint
  readonly builderFee: bigint
}

/** What a fill makes of an account. */
interface FillOutcome extends FillEffect {
  readonly before: Position
  readonly after: Position
  /** Change of the cross collateral, 1e-6 USDC. */
  readonly rawUsd: bigint
}

export function positionSize(state: CoreState, user: User, perp: number): number {
  const { positions, accounts } = state
  return positions.sizeOf(positions.find(accounts.find(user), perp))
}

/** Lots that an order of this side could close for its user now. */
export function closable(state: CoreState, user: User, perp: number, isBuy: boolean): number {
  return closableSize(positionSize(state, user, perp), isBuy)
}

/** Whether the margin of §6.3 allows a fill: asked for both sides before each match. */
export function allowsPerpFill(state: CoreState, market: PerpMarket, side: FillSide): boolean {
  const size = positionSize(state, side.user, market.asset) + signed(side)
  if (!Number.isSafeInteger(size)) return false
  const { before, after, rawUsd } = fillOutcome(state, market, side)
  if (after.isIsolated) {
    const isCovered = isIsolatedFillCovered(
      isolatedMargin(state, market, before),
      isolatedMargin(state, market, after),
    )
    if (!isCovered) return false
    if (rawUsd >= 0n) return true
  }
  const margin = accountMargin(state, side.user, fillChange(market, side, rawUsd))
  if (margin.accountValue >= margin.initial) return true
  return isFillCovered(accountMargin(state, side.user), margin)
}

/** Books one side of a match: position, collateral, and the fee to the collector. */
export function applyPerpFill(state: CoreState, market: PerpMarket, side: FillSide): FillEffect {
  const { after, rawUsd, startSize, closedPnl, fee, builderFee } = fillOutcome(state, market, side)
  setPosition(state, side.user, market, after)
  addRawUsd(state, side.user, rawUsd)
  addRawUsd(state, state.rules.collector, fee - builderFee)
  if (side.builder !== undefined) addRawUsd(state, side.builder.builder, builderFee)
  return { startSize, closedPnl, fee, builderFee }
}

/** Stores a position; one that says nothing any more is removed. */
export function setPosition(
  state: CoreState,
  user: User,
  market: PerpMarket,
  position: Position,
): void {
  const isAbsent = isDefaultPosition(position, market.perp)
  state.positions.set(user, market.asset, isAbsent ? undefined : position)
}

export function addRawUsd(state: CoreState, user: User, change: bigint): void {
  if (change === 0n) return
  const account = state.account(user)
  state.accounts.set(user, { ...account, rawUsd: account.rawUsd + change })
}

function fillOutcome(state: CoreState, market: PerpMarket, side: FillSide): FillOutcome {
  const before = positionOf(state, side.user, market)
  const { size, entryNtl, closedPnl } = changePosition(before, side)
  const notional = product(side.px, side.size)
  const fee = totalFee(notional, side)
  const builderFee = feeOf(notional, builderPpm(side.builder))
  const collateral = before.isIsolated
    ? isolatedCollateral(state, market, side, { before, fee })
    : { isolatedRawUsd: 0n, rawUsd: cash(side, side.size) - fee }
  return {
    before,
    after: {
      size,
      entryNtl,
      leverage: before.leverage,
      isIsolated: before.isIsolated,
      isolatedRawUsd: collateral.isolatedRawUsd,
      cumFunding: cumFundingAfter(before.cumFunding, { from: before.size, to: size }),
    },
    rawUsd: collateral.rawUsd,
    startSize: before.size,
    closedPnl,
    fee,
    builderFee,
  }
}

/** The collector's fee less its discount, and the builder's. */
function totalFee(notional: bigint, { feePpm, discountPpm = 0, builder }: FillSide): bigint {
  const discount = discountPpm === 0 ? 0n : discountOf(feeOf(notional, feePpm), discountPpm)
  return feeOf(notional, feePpm + builderPpm(builder)) - discount
}

/**
 * Where the money of a fill goes when the position is isolated; docs/spec/hyperliquid.md §6.3.
 *
 * What closes takes its fee and its share of the margin out, what opens takes notional / leverage in, and at least what
 * its lots need at the mark. A loss beyond the share of what closes stays in the position.
 */
function isolatedCollateral(
  state: CoreState,
  market: PerpMarket,
  side: FillSide,
  { before, fee }: { readonly before: Position; readonly fee: bigint },
): { readonly isolatedRawUsd: bigint; readonly rawUsd: bigint } {
  const open = Math.abs(before.size)
  const closed = Math.min(side.size, closableSize(before.size, side.isBuy))
  const opened = side.size - closed
  let { isolatedRawUsd } = before
  let rawUsd = 0n
  let openingFee = fee
  if (closed > 0) {
    const closingFee = opened === 0 ? fee : totalFee(product(side.px, closed), side)
    openingFee -= closingFee
    const kept = ceilDivide(isolatedRawUsd * BigInt(open - closed), BigInt(open))
    isolatedRawUsd += cash(side, closed) - closingFee
    const stays = side.keepsMargin === true && closed < open
    const released = stays ? 0n : maxOf(0n, isolatedRawUsd - kept)
    isolatedRawUsd -= released
    rawUsd += released
  }
  if (opened > 0) {
    const margin = openingMargin(state, market, side, { opened, leverage: before.leverage })
    isolatedRawUsd += cash(side, opened) + margin
    rawUsd -= margin + openingFee
  }
  return { isolatedRawUsd, rawUsd }
}

function openingMargin(
  state: CoreState,
  market: PerpMarket,
  side: FillSide,
  { opened, leverage }: { readonly opened: number; readonly leverage: number },
): bigint {
  const notional = product(side.px, opened)
  const value = product(state.pricesOf(market.asset).markPx, opened)
  const loss = maxOf(0n, side.isBuy ? notional - value : value - notional)
  const divisor = BigInt(leverage)
  return maxOf(ceilDivide(notional, divisor), ceilDivide(value, divisor) + loss)
}

function fillChange(market: PerpMarket, side: FillSide, rawUsd: bigint): MarginChange {
  const taken = side.fromOpening ? -side.size : 0
  return {
    perp: market.asset,
    size: signed(side),
    buy: side.isBuy ? taken : 0,
    sell: side.isBuy ? 0 : taken,
    rawUsd,
  }
}

/** What a fill of so many lots brings, 1e-6 USDC; negative when it costs. */
function cash({ isBuy, px }: FillSide, size: number): bigint {
  const notional = product(px, size)
  return isBuy ? -notional : notional
}

function signed({ isBuy, size }: FillSide): number {
  return isBuy ? size : -size
}
