import type { CoreState } from './coreState.ts'
import { formatUnits } from './decimal.ts'
import { emitLedgerUpdate } from './ledgerEvents.ts'
import { removeOpen } from './orderCancel.ts'
import { formatSize } from './orderEvents.ts'
import { positionSize } from './perpClearinghouse.ts'
import { USD_DECIMALS } from './tradeEvents.ts'
import { perpsOf, type RiskUnit, unitMargin } from './underwater.ts'

/**
 * Takes the perp orders of a liquidated account out, resting and waiting for their trigger; of an isolated position those
 * of its perp; §6.5.
 */
export function cancelUnitOrders(state: CoreState, { user, perp }: RiskUnit): void {
  const { triggers } = state.ordersOf(user)
  for (const oid of [...state.orders.oidsOf(user), ...triggers.keys()].sort((a, b) => a - b)) {
    const order = state.orders.get(oid) ?? state.triggers.get(oid)
    // A parent may have taken it along.
    if (order === undefined || state.markets.get(order.asset)?.kind !== 'perp') continue
    if (perp === undefined || order.asset === perp) removeOpen(state, order, 'liquidatedCanceled')
  }
}

/** Tells the owner what is being liquidated, before it is. */
export function emitLiquidation(state: CoreState, unit: RiskUnit): void {
  const { accountValue, positionValue } = unitMargin(state, unit)
  emitLedgerUpdate(state, [unit.user], {
    type: 'liquidation',
    liquidatedNtlPos: formatUnits(positionValue, USD_DECIMALS),
    accountValue: formatUnits(accountValue, USD_DECIMALS),
    leverageType: unit.perp === undefined ? 'Cross' : 'Isolated',
    liquidatedPositions: perpsOf(state, unit).map((perp) => {
      const market = state.perpMarket(perp)
      return { coin: market.coin, szi: formatSize(market, positionSize(state, unit.user, perp)) }
    }),
  })
}
