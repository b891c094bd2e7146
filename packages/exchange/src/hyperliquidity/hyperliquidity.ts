import { assert, type SpotDeployAction } from '@openliquid/primitives'
import { activate } from '../actions/activation.ts'
import { type ActionFault, type ActionOutcome, DONE, fault } from '../actions/outcome.ts'
import type { CoreState } from '../coreState.ts'
import {
  HYPERLIQUIDITY_LEVELS_MAX,
  HYPERLIQUIDITY_UPDATES_PER_BLOCK_MAX,
  TOKEN_SUPPLY_WEI_MAX,
} from '../limits.ts'
import { parsePx, parseSize, SPOT_ASSET_MIN, type SpotMarket } from '../market.ts'
import { crosses } from '../matching.ts'
import { removeOrder } from '../orderCancel.ts'
import { executeOrder, NO_CAUSE } from '../orderPlacement.ts'
import type { Order, User } from '../records.ts'
import { spotAvailable, spotBalance, transferSpot, USDC } from '../spotClearinghouse.ts'
import { strategyAccount } from './hyperliquidityState.ts'
import { ladderPxs, type Rung, seedWei, wantedRungs } from './ladder.ts'

/** Who `userGenesis` gives the tokens to that a strategy will sell; nobody signs for it. */
export const HYPERLIQUIDITY_ACCOUNT: User = `0x${'ff'.repeat(20)}`

/**
 * Last step of a deployment: a strategy that quotes the pair from then on, for ever; docs/spec/hyperliquid.md §9.
 *
 * The tokens come from the genesis, the quote of the seeded levels from the deployer. With no orders it does nothing.
 */
export function registerHyperliquidity(
  state: CoreState,
  user: User,
  wanted: NonNullable<SpotDeployAction['registerHyperliquidity']>,
): ActionOutcome {
  const { spot, nOrders: levelCount, nSeededLevels: seeded = 0 } = wanted
  const market = state.markets.get(SPOT_ASSET_MIN + spot)
  if (market?.kind !== 'spot') return refused('Spot pair does not exist.')
  const token = market.base.index
  if (state.tokenDeployers.get(token) !== user || !state.deployments.has(token)) {
    return refused('Only the deployer of the token may do this.')
  }
  if (state.hyperliquidity.strategies.has(spot)) return refused('Pair already has hyperliquidity.')
  if (levelCount === 0) return DONE
  if (market.quote.index !== USDC) return refused('Hyperliquidity is quoted in USDC alone.')
  const [startPx, orderSize] = [parsePx(wanted.startPx, market), parseSize(wanted.orderSz, market)]
  if (startPx === undefined) return refused('Invalid start price.')
  if (orderSize === undefined) return refused('Invalid order size.')
  if (levelCount > HYPERLIQUIDITY_LEVELS_MAX || seeded > levelCount) {
    return refused('Invalid number of orders.')
  }
  const pxs = ladderPxs(market, { startPx, levelCount })
  if (pxs === undefined) return refused('Invalid start price.')
  const seed = seedWei(market, pxs, orderSize, seeded)
  const wei = spotBalance(state, HYPERLIQUIDITY_ACCOUNT, token).total
  const whole = seedWei(market, pxs, orderSize, levelCount)
  if (whole > TOKEN_SUPPLY_WEI_MAX) return refused('Invalid order size.')
  if (wei < BigInt(orderSize) * BigInt(levelCount - seeded) * market.lotWei) {
    return refused('Hyperliquidity has too few tokens for its orders.')
  }
  if (spotAvailable(state, user, USDC) < seed) {
    return fault('OL_ACTION_BALANCE', 'Insufficient balance for seeded levels.')
  }
  const account = strategyAccount(spot)
  activate(state, account)
  transferSpot(state, HYPERLIQUIDITY_ACCOUNT, account, { token, wei, entryNtl: 0n })
  transferSpot(state, user, account, { token: USDC, wei: seed, entryNtl: 0n })
  state.hyperliquidity.strategies.set(spot, { startPx, orderSize, levelCount, updatedMs: 0 })
  return DONE
}

/** Begin-block step ②: strategies whose time has come put their orders where they belong; the others wait a block. */
export function updateHyperliquidity(state: CoreState): void {
  const { due, strategies } = state.hyperliquidity
  const { timestampMs } = state.now
  state.causeId = NO_CAUSE
  for (let count = 0; count < HYPERLIQUIDITY_UPDATES_PER_BLOCK_MAX; count++) {
    const pair = due.next(timestampMs)
    const strategy = pair === undefined ? undefined : strategies.get(pair)
    if (pair === undefined || strategy === undefined) return
    strategies.set(pair, { ...strategy, updatedMs: timestampMs })
    const market = state.markets.get(SPOT_ASSET_MIN + pair)
    assert(market?.kind === 'spot', 'a strategy without its pair')
    const account = strategyAccount(pair)
    const pxs = ladderPxs(market, strategy)
    assert(pxs !== undefined, 'a ladder that was checked')
    const held = {
      base: spotBalance(state, account, market.base.index).total,
      quote: spotBalance(state, account, USDC).total,
    }
    quote(state, market, account, wantedRungs(market, pxs, strategy.orderSize, held))
  }
}

/** Takes out what is not wanted any more, and places what is missing. An order that would trade, or is refused, is left for later. */
function quote(state: CoreState, market: SpotMarket, user: User, rungs: readonly Rung[]): void {
  const present = ordersByPx(state, user)
  const wanted = new Map(rungs.map((rung) => [rung.px, rung]))
  for (const [px, order] of [...present].sort(([a], [b]) => a - b)) {
    const rung = wanted.get(px)
    if (rung !== undefined && rung.isBuy === order.isBuy && rung.size === order.size) continue
    removeOrder(state, order, 'internalCancel')
    present.delete(px)
  }
  for (const { isBuy, px, size } of rungs) {
    const best = market.book.bestPx(!isBuy)
    const wouldTrade = best !== 0 && crosses({ isBuy, px }, best)
    if (present.has(px) || wouldTrade || !market.book.hasRoom(isBuy, px, size)) continue
    executeOrder(state, market, {
      user,
      oid: state.nextOid(),
      isBuy,
      px,
      size,
      kind: 'alo',
      reduceOnly: false,
      cloid: undefined,
      group: 0,
      builder: undefined,
    })
  }
}

function ordersByPx(state: CoreState, user: User): Map<number, Order> {
  const orders = new Map<number, Order>()
  for (const oid of state.orders.oidsOf(user)) {
    const order = state.orders.get(oid)
    if (order !== undefined) orders.set(order.px, order)
  }
  return orders
}

function refused(text: string): ActionFault {
  return fault('OL_ACTION_DEPLOY', text)
}
