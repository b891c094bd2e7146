import type { CoreState } from './coreState.ts'
import { exact } from './exactSum.ts'
import { nearFeeOf } from './fees.ts'
import { feeRatesOf, hasFeeTiers, noteFeeVolume } from './feeVolumes.ts'
import type { PerpMarket } from './market.ts'
import type { Taker } from './matching.ts'
import { ORDER_HAS_EXTRAS, ORDER_IS_REDUCE_ONLY, type OrderRowExtras } from './orderArena.ts'
import { releasePositionTpsl } from './orderCancel.ts'

/**
 * The frequent match of a perp, on columns and doubles alone: two cross accounts that keep their initial margin, no
 * builder, no discount, no reduce-only order, no TP/SL group, no liquidation, no cap, and numbers below 2^53.
 *
 * @returns the lots that traded, or 0 when the match is another one: then `matching.ts` decides, by the same rules
 */
export function matchPlain(
  state: CoreState,
  market: PerpMarket,
  taker: Taker,
  owner: number,
  row: number,
  open: number,
): number {
  if (state.generalOnly) return 0
  if (taker.reduceOnly || taker.builder !== undefined || taker.liquidation !== undefined) return 0
  if (market.perp.openInterestCap !== 0n) return 0
  const { accounts, positions, orders, events } = state
  const { arena } = orders
  const { margin } = positions
  const flags = arena.flags(row)
  if ((flags & ORDER_IS_REDUCE_ONLY) !== 0) return 0
  const extras = (flags & ORDER_HAS_EXTRAS) === 0 ? undefined : orders.extrasOf(row)
  if (extras !== undefined && !isNamedOnly(extras)) return 0

  const { asset } = market
  const { isBuy } = taker
  const maker = arena.owner(row)
  const { feeTerms } = state
  if (feeTerms.isSpecial(maker) || feeTerms.isSpecial(owner)) return 0
  const px = arena.px(row)
  const left = arena.size(row)
  const size = Math.min(open, left)
  const notional = exact(px * size)
  const makerRow = positions.rowOf(maker, asset)
  const takerRow = positions.rowOf(owner, asset)
  if (!positions.canFill(makerRow, notional) || !positions.canFill(takerRow, notional)) return 0
  const isTiered = hasFeeTiers(state)
  const makerRates = isTiered ? feeRatesOf(state, accounts.userOf(maker)) : state.rules
  const makerFee = nearFeeOf(notional, makerRates.perpMakerPpm)
  const takerFee = nearFeeOf(notional, feeRatesOf(state, taker.user).perpTakerPpm)
  const cash = isBuy ? notional : -notional
  const lots = isBuy ? size : -size
  // The maker's fill comes out of its resting order, which may open.
  margin.weigh(maker, asset, makerRow, cash - makerFee, -lots, isBuy ? 0 : -size, isBuy ? -size : 0)
  if (!margin.isWeighedCovered()) return 0
  margin.weigh(owner, asset, takerRow, -cash - takerFee, lots, 0, 0)
  if (!margin.isWeighedCovered()) return 0

  const makerOid = arena.oid(row)
  if (size === left) {
    events.filled(row, extras)
    orders.remove(row)
  } else {
    events.resized(row, left - size)
    orders.resize(row, left - size)
  }
  const makerStart = positions.sizeOf(makerRow)
  positions.fill(makerRow, !isBuy, size, px)
  const makerPnl = positions.closedPnl
  accounts.addRawUsd(maker, cash - makerFee)
  const takerStart = positions.sizeOf(takerRow)
  positions.fill(takerRow, isBuy, size, px)
  accounts.addRawUsd(owner, -cash - takerFee)
  accounts.addRawUsd(state.collector, makerFee + takerFee)
  events.traded(asset, px, size, taker, owner, state.causeId)
  events.tradedTaker(takerStart, positions.closedPnl, takerFee)
  events.tradedMaker(maker, makerOid, extras?.cloid, makerStart, makerPnl, makerFee)
  state.activities.addVolume(owner, notional)
  state.activities.addVolume(maker, notional)
  if (isTiered) {
    noteFeeVolume(state, {
      taker: taker.user,
      maker: accounts.userOf(maker),
      notional: BigInt(notional),
      isSpot: false,
    })
  }
  if (state.triggers.size > 0) {
    releasePositionTpsl(state, accounts.userOf(maker), asset, 0)
    releasePositionTpsl(state, taker.user, asset, taker.group ?? 0)
  }
  return size
}

function isNamedOnly({ builder, group }: OrderRowExtras): boolean {
  return builder === undefined && group === 0
}
