import { noteVolume } from './activity.ts'
import type { CoreState } from './coreState.ts'
import { product } from './decimal.ts'
import type { LiquidationJson } from './events.ts'
import { ExactSum } from './exactSum.ts'
import { discountPpmOf } from './feeDiscounts.ts'
import { feeRatesOf, noteFeeVolume } from './feeVolumes.ts'
import type { Market, PerpMarket, SpotMarket } from './market.ts'
import { exceedsOpenInterest } from './openInterest.ts'
import { NO_ROW } from './orderArena.ts'
import { completeGroup, releasePositionTpsl, removeOrder } from './orderCancel.ts'
import { allowsPerpFill, applyPerpFill, closable, type FillSide } from './perpClearinghouse.ts'
import { matchPlain } from './plainMatch.ts'
import { noteReferredTrade } from './profiles/referrals.ts'
import type { BuilderFee, Cloid, Order, User } from './records.ts'
import { applySpotTrade } from './spotClearinghouse.ts'
import { isStablePair, spotRate } from './stablePairs.ts'
import { emitPerpTrade, emitSpotTrade, type Match } from './tradeEvents.ts'

/** The incoming order while it matches. */
export interface Taker {
  readonly user: User
  readonly oid: number
  readonly cloid: Cloid | undefined
  readonly isBuy: boolean
  /** Worst price it takes. */
  readonly px: number
  readonly size: number
  readonly reduceOnly: boolean
  /** TP/SL group; 0 or absent is none. */
  readonly group?: number
  readonly builder?: BuilderFee | undefined
  readonly twapId?: number
  /** Of an order that liquidates: it pays no fee, and its price is what keeps its user out of debt; §6.5. */
  readonly liquidation?: LiquidationJson
}

export interface MatchResult {
  /** Lots that traded. */
  readonly filled: number
  /** Sum of price times size, in the smallest quote unit of §1.1. */
  readonly notional: ExactSum
  /** Why it stopped: nothing left on either side, the taker's margin, or its position is closed. */
  readonly stop: 'done' | 'margin' | 'reduceOnly'
}

const NO_MATCH: MatchResult = { filled: 0, notional: new ExactSum(), stop: 'done' }

/**
 * Trades an order against the book: best price first, at the maker's price; docs/spec/hyperliquid.md §5.
 *
 * A maker that may not trade any more (same address, margin, reduce-only without position) is taken out and matching
 * goes on. Margin is asked for both sides before each match, so no fill leaves an account uncovered.
 */
export function matchOrder(state: CoreState, market: Market, taker: Taker): MatchResult {
  // Its orders wait to be taken out.
  if (state.delisted.size > 0 && state.delisted.has(market.asset)) return NO_MATCH
  const bestPx = market.book.bestPx(!taker.isBuy)
  if (bestPx === 0 || !crosses(taker, bestPx)) return NO_MATCH
  let filled = 0
  let lastPx = 0
  let stop: MatchResult['stop'] = 'done'
  const notional = new ExactSum()
  const owner = state.accounts.handleOf(taker.user)
  const { arena } = state.orders
  while (filled < taker.size) {
    const row = market.book.best(!taker.isBuy)
    if (row === NO_ROW) break
    const px = arena.px(row)
    if (!crosses(taker, px)) break
    if (market.kind === 'perp' && arena.owner(row) !== owner) {
      const lots = matchPlain(state, market, taker, owner, row, taker.size - filled)
      if (lots > 0) {
        filled += lots
        lastPx = px
        notional.add(px * lots)
        continue
      }
    }
    const maker = state.orders.read(row)
    if (maker.user === taker.user) {
      removeOrder(state, maker, 'selfTradeCanceled')
      continue
    }
    const step =
      market.kind === 'perp'
        ? matchPerp(state, market, taker, maker, taker.size - filled)
        : matchSpot(state, market, taker, maker, taker.size - filled)
    if (step === 'makerRemoved') continue
    if (typeof step === 'string') {
      stop = step
      break
    }
    filled += step.size
    lastPx = px
    notional.addLarge(product(px, step.size))
  }
  if (lastPx !== 0) noteLastPx(state, market, lastPx)
  return { filled, notional, stop }
}

/** Whether a price of the other side is one that the order takes. */
export function crosses(
  order: { readonly isBuy: boolean; readonly px: number },
  px: number,
): boolean {
  return order.isBuy ? px <= order.px : px >= order.px
}

type Step = { readonly size: number } | 'makerRemoved' | 'margin' | 'reduceOnly'

function matchPerp(
  state: CoreState,
  market: PerpMarket,
  taker: Taker,
  maker: Order,
  open: number,
): Step {
  let size = Math.min(open, maker.size)
  if (maker.reduceOnly) {
    const makerClosable = closable(state, maker.user, market.asset, maker.isBuy)
    if (makerClosable === 0) {
      removeOrder(state, maker, 'reduceOnlyCanceled')
      return 'makerRemoved'
    }
    size = Math.min(size, makerClosable)
  }
  if (taker.reduceOnly) {
    const takerClosable = closable(state, taker.user, market.asset, taker.isBuy)
    if (takerClosable === 0) return 'reduceOnly'
    size = Math.min(size, takerClosable)
  }

  if (exceedsOpenInterest(state, market, { taker, maker, size })) {
    removeOrder(state, maker, 'openInterestCapCanceled')
    return 'makerRemoved'
  }
  const { perpMakerPpm } = feeRatesOf(state, maker.user)
  const { perpTakerPpm } = feeRatesOf(state, taker.user)
  const makerSide: FillSide = {
    user: maker.user,
    isBuy: maker.isBuy,
    px: maker.px,
    size,
    feePpm: perpMakerPpm,
    discountPpm: discountPpmOf(state, maker.user),
    builder: maker.builder,
    fromOpening: !maker.reduceOnly,
  }
  const takerSide: FillSide = {
    user: taker.user,
    isBuy: taker.isBuy,
    px: maker.px,
    size,
    feePpm: taker.liquidation === undefined ? perpTakerPpm : 0,
    discountPpm: discountPpmOf(state, taker.user),
    builder: taker.builder,
    fromOpening: false,
    keepsMargin: taker.liquidation !== undefined,
  }
  if (!allowsPerpFill(state, market, makerSide)) {
    removeOrder(state, maker, 'marginCanceled')
    return 'makerRemoved'
  }
  if (taker.liquidation === undefined && !allowsPerpFill(state, market, takerSide)) return 'margin'

  reduceMaker(state, maker, size)
  const makerEffect = applyPerpFill(state, market, makerSide)
  const takerEffect = applyPerpFill(state, market, takerSide)
  emitPerpTrade(state, market, matchOf(taker, maker, size), {
    taker: takerEffect,
    maker: makerEffect,
  })
  const notional = product(maker.px, size)
  noteVolume(state, [taker.user, maker.user], notional)
  noteFeeVolume(state, { taker: taker.user, maker: maker.user, notional, isSpot: false })
  for (const [user, { fee, builderFee }] of [
    [maker.user, makerEffect],
    [taker.user, takerEffect],
  ] as const) {
    noteReferredTrade(state, user, { notional, fee: fee - builderFee })
  }
  releasePositionTpsl(state, maker.user, market.asset, maker.group)
  releasePositionTpsl(state, taker.user, market.asset, taker.group ?? 0)
  return { size }
}

function matchSpot(
  state: CoreState,
  market: SpotMarket,
  taker: Taker,
  maker: Order,
  open: number,
): Step {
  const size = Math.min(open, maker.size)
  const isOfStrategy = state.hyperliquidity.accounts.has(maker.user)
  const isStable = isStablePair(state, market)
  const makerPpm = isOfStrategy ? 0 : spotRate(feeRatesOf(state, maker.user).spotMakerPpm, isStable)
  const takerPpm = spotRate(feeRatesOf(state, taker.user).spotTakerPpm, isStable)
  const effect = applySpotTrade(state, market, {
    buyer: taker.isBuy ? taker.user : maker.user,
    seller: taker.isBuy ? maker.user : taker.user,
    px: maker.px,
    size,
    buyerDiscountPpm: discountPpmOf(state, taker.isBuy ? taker.user : maker.user),
    sellerDiscountPpm: discountPpmOf(state, taker.isBuy ? maker.user : taker.user),
    buyerFeePpm: taker.isBuy ? takerPpm : makerPpm,
    sellerFeePpm: taker.isBuy ? makerPpm : takerPpm,
    sellerBuilder: taker.isBuy ? maker.builder : taker.builder,
    makerIsBuyer: maker.isBuy,
  })
  reduceMaker(state, maker, size)
  emitSpotTrade(state, market, matchOf(taker, maker, size), effect)
  const { notional } = effect
  noteVolume(state, [taker.user, maker.user], notional)
  noteFeeVolume(state, { taker: taker.user, maker: maker.user, notional, isSpot: true })
  for (const user of [maker.user, taker.user]) noteReferredTrade(state, user, { notional, fee: 0n })
  return { size }
}

/** Takes the traded lots off the resting order. What it locked was released by the trade itself. */
function reduceMaker(state: CoreState, maker: Order, size: number): void {
  const { orders, events } = state
  const row = orders.find(maker.oid)
  const left = maker.size - size
  if (left > 0) {
    events.resized(row, left)
    orders.resize(row, left)
    return
  }
  events.filled(row, orders.extrasOf(row))
  orders.remove(row)
  completeGroup(state, maker)
}

function noteLastPx(state: CoreState, { asset }: Market, lastPx: number): void {
  const { oraclePx, markPx, lastPx: before } = state.pricesOf(asset)
  if (before !== lastPx) state.prices.set(asset, { oraclePx, markPx, lastPx })
}

function matchOf(taker: Taker, maker: Order, size: number): Match {
  const { liquidation } = taker
  return {
    taker,
    maker,
    px: maker.px,
    size,
    ...(liquidation === undefined ? {} : { liquidation }),
  }
}
