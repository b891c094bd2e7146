import { type Address, bytesToHex, concatBytes, sha256, uintToBytes } from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import { formatUnits } from './decimal.ts'
import type { FillEvent, LiquidationJson, TradeEvent } from './events.ts'
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
  readonly twapId?: number | undefined
}

/** Two orders that traded, at the maker's price. */
export interface Match {
  readonly taker: MatchedOrder
  readonly maker: MatchedOrder
  readonly px: number
  readonly size: number
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
    emitFill(state, market, match, role, perpFillFields(market, match, role, effects[role]))
  }
}

/** One side of a trade as `perpTradeEvents` takes it. */
interface ToldSide extends MatchedOrder, FillEffect {
  readonly address: Address
}

/** The events of a match on a perp: the trade, and the fill of each side. */
export function perpTradeEvents(
  market: Market,
  match: Match & { readonly taker: ToldSide; readonly maker: ToldSide },
  origin: EventOrigin,
): [TradeEvent, FillEvent, FillEvent] {
  const fill = (role: 'taker' | 'maker'): FillEvent =>
    fillEvent(
      market,
      match,
      role,
      { user: match[role].address, ...origin },
      perpFillFields(market, match, role, match[role]),
    )
  return [tradeEvent(market, match, origin), fill('taker'), fill('maker')]
}

function perpFillFields(
  market: Market,
  match: Match,
  role: 'taker' | 'maker',
  { startSize, closedPnl, fee, builderFee }: FillEffect,
): FillFields {
  return {
    startPosition: formatSize(market, startSize),
    dir: fillDirection(startSize, match[role].isBuy, match.size),
    closedPnl: formatUnits(closedPnl, USD_DECIMALS),
    fee: formatUnits(fee, USD_DECIMALS),
    feeToken: 'USDC',
    ...(builderFee === 0n ? {} : { builderFee: formatUnits(builderFee, USD_DECIMALS) }),
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

/** When and by what a trade came. */
interface EventOrigin {
  readonly time: number
  /** Id of the transaction. */
  readonly hash: string
}

function emitTrade(state: CoreState, market: Market, match: Match): void {
  state.emit(tradeEvent(market, match, { time: state.now.timestampMs, hash: state.cause }))
}

function emitFill(
  state: CoreState,
  market: Market,
  match: Match,
  role: 'taker' | 'maker',
  fields: FillFields,
): void {
  const user = state.addressOf(match[role].user)
  const origin = { user, time: state.now.timestampMs, hash: state.cause }
  state.emit(fillEvent(market, match, role, origin, fields))
}

function tradeEvent(market: Market, match: Match, { time, hash }: EventOrigin): TradeEvent {
  const { taker, maker } = match
  const [buyer, seller] = taker.isBuy ? [taker.user, maker.user] : [maker.user, taker.user]
  return {
    kind: 'trade',
    trade: {
      coin: market.coin,
      side: sideLetter(taker.isBuy),
      px: formatPx(market, match.px),
      sz: formatSize(market, match.size),
      time,
      hash,
      tid: tradeId(match),
      users: [buyer, seller],
    },
  }
}

function fillEvent(
  market: Market,
  match: Match,
  role: 'taker' | 'maker',
  { user, time, hash }: EventOrigin & { readonly user: Address },
  fields: FillFields,
): FillEvent {
  const { oid, cloid, isBuy, twapId } = match[role]
  return {
    kind: 'fill',
    user,
    fill: {
      coin: market.coin,
      px: formatPx(market, match.px),
      sz: formatSize(market, match.size),
      side: sideLetter(isBuy),
      time,
      startPosition: fields.startPosition,
      dir: fields.dir,
      closedPnl: fields.closedPnl,
      hash,
      oid,
      crossed: role === 'taker',
      fee: fields.fee,
      ...(fields.builderFee === undefined ? {} : { builderFee: fields.builderFee }),
      tid: tradeId(match),
      feeToken: fields.feeToken,
      twapId: twapId ?? null,
      ...(cloid === undefined ? {} : { cloid }),
      ...(match.liquidation === undefined ? {} : { liquidation: match.liquidation }),
    },
  }
}

/** 50 bits of SHA-256 over the two order ids, buyer first; §10.1. */
function tradeId({ taker, maker }: Match): number {
  const [buyOid, sellOid] = taker.isBuy ? [taker.oid, maker.oid] : [maker.oid, taker.oid]
  const digest = sha256(concatBytes(uintToBytes(buyOid, 8), uintToBytes(sellOid, 8)))
  return Number(BigInt(bytesToHex(digest.subarray(0, 7))) >> 6n)
}
