import { assert } from '@openliquid/primitives'
import { builderPpm } from './builderFees.ts'
import type { CoreState } from './coreState.ts'
import { discountOf } from './feeDiscounts.ts'
import { feeOf } from './fees.ts'
import type { SpotMarket } from './market.ts'
import type { BuilderFee, SpotBalance, Token, User } from './records.ts'
import { baseWei, quoteWei } from './spotHold.ts'

/** USDC is the first token; docs/spec/hyperliquid.md §1.2. */
export const USDC = 0
/** Wei of spot USDC (1e-8) in one unit of perp USDC (1e-6); §1.1. */
export const USDC_WEI_PER_UNIT = 100n

const MILLION = 1_000_000n

const EMPTY: SpotBalance = { total: 0n, hold: 0n, entryNtl: 0n }

export function spotBalance(state: CoreState, user: User, token: number): SpotBalance {
  return state.spotBalances.get(user, token) ?? EMPTY
}

/** Wei that are not on hold. */
export function spotAvailable(state: CoreState, user: User, token: number): bigint {
  const { total, hold } = spotBalance(state, user, token)
  return total - hold
}

/** Locks wei for a resting order, or frees them with a negative change. */
export function addHold(state: CoreState, user: User, token: number, change: bigint): void {
  const balance = spotBalance(state, user, token)
  setBalance(state, user, token, { ...balance, hold: balance.hold + change })
}

/** Adds wei that were worth `entryNtl` (1e-6 USDC). */
export function credit(
  state: CoreState,
  user: User,
  amount: { readonly token: number; readonly wei: bigint; readonly entryNtl: bigint },
): void {
  const balance = spotBalance(state, user, amount.token)
  setBalance(state, user, amount.token, {
    ...balance,
    total: balance.total + amount.wei,
    entryNtl: balance.entryNtl + (amount.token === USDC ? 0n : amount.entryNtl),
  })
}

/** Takes wei and their share of the entry; returns that share (1e-6 USDC). */
export function debit(
  state: CoreState,
  user: User,
  amount: { readonly token: number; readonly wei: bigint },
): bigint {
  const balance = spotBalance(state, user, amount.token)
  assert(amount.wei <= balance.total, 'more taken than there is')
  if (amount.wei === 0n) return 0n
  const released = (balance.entryNtl * amount.wei) / balance.total
  setBalance(state, user, amount.token, {
    ...balance,
    total: balance.total - amount.wei,
    entryNtl: balance.entryNtl - released,
  })
  return released
}

/** Moves wei between accounts. */
export function transferSpot(
  state: CoreState,
  from: User,
  to: User,
  amount: { readonly token: number; readonly wei: bigint; readonly entryNtl: bigint },
): void {
  debit(state, from, amount)
  credit(state, to, amount)
}

/** A match on spot. The price is the maker's. */
export interface SpotTrade {
  readonly buyer: User
  readonly seller: User
  readonly px: number
  readonly size: number
  readonly buyerFeePpm: number
  readonly sellerFeePpm: number
  /** Shares of those fees that need not be paid, millionths. */
  readonly buyerDiscountPpm: number
  readonly sellerDiscountPpm: number
  /** Takes a share of what the seller receives, on top of the fee; buyers pay none. */
  readonly sellerBuilder?: BuilderFee | undefined
  /** Which side rested and has its funds on hold. */
  readonly makerIsBuyer: boolean
}

export interface SpotTradeEffect {
  /** Wei of base before the trade. */
  readonly buyerStart: bigint
  readonly sellerStart: bigint
  /** Wei of base. */
  readonly buyerFee: bigint
  /** Wei of quote, what the builder took included. */
  readonly sellerFee: bigint
  readonly sellerBuilderFee: bigint
  /** 1e-6 USDC. */
  readonly sellerClosedPnl: bigint
  /** 1e-6 USDC, 0 when the quote is another token. */
  readonly notional: bigint
}

/** Exchanges base for quote; each side's fee is taken from what it receives and goes to the collector; §8.1, §9. */
export function applySpotTrade(
  state: CoreState,
  market: SpotMarket,
  trade: SpotTrade,
): SpotTradeEffect {
  const { collector } = state.rules
  const [base, quote] = [market.base.index, market.quote.index]
  const baseAmount = baseWei(market, trade.size)
  const quoteAmount = quoteWei(market, trade.px, trade.size)
  const entryNtl = quote === USDC ? quoteAmount / USDC_WEI_PER_UNIT : 0n
  const fullBuyerFee = feeOf(baseAmount, trade.buyerFeePpm)
  const buyerFee = fullBuyerFee - discountOf(fullBuyerFee, trade.buyerDiscountPpm)
  const sellerBuilderFee = feeOf(quoteAmount, builderPpm(trade.sellerBuilder))
  const sellerDiscount = discountOf(feeOf(quoteAmount, trade.sellerFeePpm), trade.sellerDiscountPpm)
  const sellerFee =
    feeOf(quoteAmount, trade.sellerFeePpm + builderPpm(trade.sellerBuilder)) - sellerDiscount
  const buyerStart = spotBalance(state, trade.buyer, base).total
  const sellerStart = spotBalance(state, trade.seller, base).total

  if (trade.makerIsBuyer) addHold(state, trade.buyer, quote, -quoteAmount)
  else addHold(state, trade.seller, base, -baseAmount)
  debit(state, trade.buyer, { token: quote, wei: quoteAmount })
  const released = debit(state, trade.seller, { token: base, wei: baseAmount })
  credit(state, trade.buyer, { token: base, wei: baseAmount - buyerFee, entryNtl })
  credit(state, trade.seller, { token: quote, wei: quoteAmount - sellerFee, entryNtl: 0n })
  settleBaseFee(state, base, buyerFee)
  credit(state, collector, { token: quote, wei: sellerFee - sellerBuilderFee, entryNtl: 0n })
  if (trade.sellerBuilder !== undefined) {
    const { builder } = trade.sellerBuilder
    credit(state, builder, { token: quote, wei: sellerBuilderFee, entryNtl: 0n })
  }
  return {
    buyerStart,
    sellerStart,
    buyerFee,
    sellerFee,
    sellerBuilderFee,
    sellerClosedPnl: quote === USDC ? entryNtl - released : 0n,
    notional: entryNtl,
  }
}

/** A fee in a deployed token: the deployer's share, the rest is burned; in another token, the collector's; §9. */
function settleBaseFee(state: CoreState, token: number, wei: bigint): void {
  const deployment = state.deployments.get(token)
  const deployer = state.tokenDeployers.get(token)
  if (deployment === undefined || deployer === undefined) {
    credit(state, state.rules.collector, { token, wei, entryNtl: 0n })
    return
  }
  const share = (wei * BigInt(deployment.feeSharePpm)) / MILLION
  credit(state, deployer, { token, wei: share, entryNtl: 0n })
  burnSupply(state, token, wei - share)
}

/** Takes wei that nobody holds any more out of the supply. */
export function burnSupply(state: CoreState, token: number, wei: bigint): void {
  if (wei === 0n) return
  const supply = (state.supplies.get(token) ?? 0n) - wei
  assert(supply >= 0n, 'more burned than there is')
  state.supplies.set(token, supply)
}

function setBalance(state: CoreState, user: User, token: number, balance: SpotBalance): void {
  assert(balance.hold >= 0n && balance.hold <= balance.total, 'a hold outside its balance')
  state.spotBalances.set(user, token, balance.total === 0n ? undefined : balance)
}

/** What wei of a token are worth at the last price of its USDC pair, 1e-6 USDC; 0 without one. */
export function spotValue(state: CoreState, token: Token, wei: bigint): bigint {
  if (token.index === USDC) return wei / USDC_WEI_PER_UNIT
  const market = usdcMarketOf(state, token.index)
  if (market === undefined) return 0n
  const px = BigInt(state.pricesOf(market.asset).lastPx)
  return (wei * px * market.tickLotWei) / (market.lotWei * USDC_WEI_PER_UNIT)
}

/** The pair with the lowest index that trades a token against USDC. */
function usdcMarketOf(state: CoreState, token: number): SpotMarket | undefined {
  let found: SpotMarket | undefined
  for (const market of state.markets.values()) {
    if (market.kind !== 'spot' || market.base.index !== token || market.quote.index !== USDC)
      continue
    if (found === undefined || market.asset < found.asset) found = market
  }
  return found
}
