import type { CoreState } from '../coreState.ts'
import { ceilDivide, product } from '../decimal.ts'
import { accountMargin, leverageOf, withdrawable } from '../margin.ts'
import { slippagePx } from '../market.ts'
import { matchOrder } from '../matching.ts'
import { removeOrder } from '../orderCancel.ts'
import { emitStatus, ORDER_DETAILS } from '../orderEvents.ts'
import { positionSize } from '../perpClearinghouse.ts'
import type { Order, User } from '../records.ts'

/** Share of every position that one round closes; docs/spec/hyperliquid.md §9. */
const ROUND_PERCENT = 20
/** Rounds after which nothing more is tried: a fifth of what is left each time leaves less than half a percent. */
const ROUNDS_MAX = 24
const SLIPPAGE_PERCENT = 10

/**
 * Makes `usd` withdrawable: takes out orders in ascending order of their margin, then closes a fifth of all positions
 * again and again. Returns whether it came to that.
 */
export function freeMargin(state: CoreState, vault: User, usd: bigint): boolean {
  const isFree = (): boolean => withdrawable(accountMargin(state, vault)) >= usd
  for (const order of ordersByMargin(state, vault)) {
    if (isFree()) return true
    // A parent may have taken it along.
    const open = state.orders.get(order.oid)
    if (open !== undefined) removeOrder(state, open, 'vaultWithdrawalCanceled')
  }
  for (let round = 0; round < ROUNDS_MAX && !isFree(); round++) {
    if (!closePart(state, vault, (lots) => Math.ceil((lots * ROUND_PERCENT) / 100))) break
  }
  return isFree()
}

/** Closes a part of every position, rounded up to a lot. */
export function closeShare(
  state: CoreState,
  vault: User,
  { part, whole }: { readonly part: bigint; readonly whole: bigint },
): void {
  closePart(state, vault, (lots) => Number(ceilDivide(BigInt(lots) * part, whole)))
}

/** Returns whether anything traded. */
function closePart(state: CoreState, vault: User, partOf: (lots: number) => number): boolean {
  let hasTraded = false
  for (const perp of [...state.positions.of(vault).keys()].sort((a, b) => a - b)) {
    const size = positionSize(state, vault, perp)
    if (size === 0) continue
    if (closeLots(state, vault, { perp, size, lots: partOf(Math.abs(size)) }) > 0) hasTraded = true
  }
  return hasTraded
}

function closeLots(
  state: CoreState,
  user: User,
  { perp, size, lots }: { readonly perp: number; readonly size: number; readonly lots: number },
): number {
  const market = state.perpMarket(perp)
  const isBuy = size < 0
  const { markPx } = state.pricesOf(perp)
  const px = slippagePx(market, markPx, { isBuy, slippagePercent: SLIPPAGE_PERCENT })
  const oid = state.nextOid()
  const taker = { user, oid, cloid: undefined, isBuy, px, size: lots, reduceOnly: true }
  const { filled } = matchOrder(state, market, taker)
  const left = lots - filled
  const order = {
    ...taker,
    asset: perp,
    size: left,
    origSize: lots,
    timeInForce: 'gtc',
    timestampMs: state.now.timestampMs,
    group: 0,
    builder: undefined,
  } as const
  const details = { ...ORDER_DETAILS.market, orderType: 'Vault Close' }
  emitStatus(state, order, left === 0 ? 'filled' : 'canceled', { details })
  return filled
}

/** Resting orders that hold margin, the least first. */
function ordersByMargin(state: CoreState, vault: User): Order[] {
  const marginOf = (order: Order): bigint => {
    const leverage = leverageOf(state, vault, state.perpMarket(order.asset))
    return ceilDivide(product(order.size, state.pricesOf(order.asset).markPx), BigInt(leverage))
  }
  return state.orders
    .oidsOf(vault)
    .flatMap((oid) => state.orders.get(oid) ?? [])
    .filter(({ reduceOnly }) => !reduceOnly)
    .map((order) => ({ order, margin: marginOf(order) }))
    .sort((a, b) =>
      a.margin === b.margin ? a.order.oid - b.order.oid : a.margin < b.margin ? -1 : 1,
    )
    .map(({ order }) => order)
}
