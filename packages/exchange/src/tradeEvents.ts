import type { CoreState } from './coreState.ts'
import { formatUnits } from './decimal.ts'
import type { FillEvent, LiquidationJson } from './events.ts'
import type { Market, PerpMarket, SpotMarket } from './market.ts'
import { formatPx, formatSize, sideLetter } from './orderEvents.ts'
import type { FillEffect } from './perpClearinghouse.ts'
import { fillDirection } from './position.ts'
import type { Cloid, User } from './records.ts'
import type { SpotTradeEffect } from './spotClearinghouse.ts'

/** Decimals of perp USDC; docs/spec/hyperliquid.md §1.1. */
export const USD_DECIMALS = 6

interface MatchedOrder {
  readonly user: User
  readonly oid: number
  readonly cloid: Cloid | undefined
  readonly isBuy: boolean
  readonly twapId?: number
}

/** Two orders that traded, at the maker's price. */
export interface Match {
  readonly taker: MatchedOrder
  readonly maker: MatchedOrder
  readonly px: number
  readonly size: number
  readonly tid: number
  readonly liquidation?: LiquidationJson
}

/** What differs between the fills of one trade. */
interface FillFields {
  readonly startPosition: string
  readonly dir: string
  readonly closedPnl: string
  readonly fee: string
  readonly feeToken: string
  readonly builderFee?: string
}

export function emitPerpTrade(
  state: CoreState,
  market: PerpMarket,
  match: Match,
  effects: { readonly taker: FillEffect; readonly maker: FillEffect },
): void {
  emitTrade(state, market, match)
  for (const role of ['taker', 'maker'] as const) {
    const { startSize, closedPnl, fee, builderFee } = effects[role]
    emitFill(state, market, match, role, {
      startPosition: formatSize(market, startSize),
      dir: fillDirection(startSize, match[role].isBuy, match.size),
      closedPnl: formatUnits(closedPnl, USD_DECIMALS),
      fee: formatUnits(fee, USD_DECIMALS),
      feeToken: 'USDC',
      ...(builderFee === 0n ? {} : { builderFee: formatUnits(builderFee, USD_DECIMALS) }),
    })
  }
}

/** A trade that met no order book: fills for both sides, and nothing for the public feed. */
export function emitForcedTrade(
  state: CoreState,
  market: PerpMarket,
  match: Match,
  sides: {
    readonly taker: FillEffect & { readonly dir: string }
    readonly maker: FillEffect & { readonly dir: string }
  },
): void {
  for (const role of ['taker', 'maker'] as const) {
    const { startSize, closedPnl, fee, dir } = sides[role]
    emitFill(state, market, match, role, {
      startPosition: formatSize(market, startSize),
      dir,
      closedPnl: formatUnits(closedPnl, USD_DECIMALS),
      fee: formatUnits(fee, USD_DECIMALS),
      feeToken: 'USDC',
    })
  }
}

export function emitSpotTrade(
  state: CoreState,
  market: SpotMarket,
  match: Match,
  effect: SpotTradeEffect,
): void {
  const { base, quote } = market
  emitTrade(state, market, match)
  for (const role of ['taker', 'maker'] as const) {
    emitFill(
      state,
      market,
      match,
      role,
      match[role].isBuy
        ? {
            startPosition: formatUnits(effect.buyerStart, base.weiDecimals),
            dir: 'Buy',
            closedPnl: '0.0',
            fee: formatUnits(effect.buyerFee, base.weiDecimals),
            feeToken: base.name,
          }
        : {
            startPosition: formatUnits(effect.sellerStart, base.weiDecimals),
            dir: 'Sell',
            closedPnl: formatUnits(effect.sellerClosedPnl, USD_DECIMALS),
            fee: formatUnits(effect.sellerFee, quote.weiDecimals),
            feeToken: quote.name,
            ...(effect.sellerBuilderFee === 0n
              ? {}
              : { builderFee: formatUnits(effect.sellerBuilderFee, quote.weiDecimals) }),
          },
    )
  }
}

function emitTrade(state: CoreState, market: Market, match: Match): void {
  const { taker, maker } = match
  const [buyer, seller] = taker.isBuy ? [taker.user, maker.user] : [maker.user, taker.user]
  state.emit({
    kind: 'trade',
    trade: {
      coin: market.coin,
      side: sideLetter(taker.isBuy),
      px: formatPx(market, match.px),
      sz: formatSize(market, match.size),
      time: state.now.timestampMs,
      hash: state.cause,
      tid: match.tid,
      users: [buyer, seller],
    },
  })
}

function emitFill(
  state: CoreState,
  market: Market,
  match: Match,
  role: 'taker' | 'maker',
  fields: FillFields,
): void {
  const { user, oid, cloid, isBuy } = match[role]
  const fill: FillEvent['fill'] = {
    coin: market.coin,
    px: formatPx(market, match.px),
    sz: formatSize(market, match.size),
    side: sideLetter(isBuy),
    time: state.now.timestampMs,
    startPosition: fields.startPosition,
    dir: fields.dir,
    closedPnl: fields.closedPnl,
    hash: state.cause,
    oid,
    crossed: role === 'taker',
    fee: fields.fee,
    ...(fields.builderFee === undefined ? {} : { builderFee: fields.builderFee }),
    tid: match.tid,
    feeToken: fields.feeToken,
    twapId: match[role].twapId ?? null,
    ...(cloid === undefined ? {} : { cloid }),
    ...(match.liquidation === undefined ? {} : { liquidation: match.liquidation }),
  }
  state.emit({ kind: 'fill', user: state.addressOf(user), fill })
}
