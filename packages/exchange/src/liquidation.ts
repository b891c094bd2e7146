import { assert } from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import { product } from './decimal.ts'
import { tradeByForce } from './forcedTrade.ts'
import { cancelUnitOrders, emitLiquidation } from './liquidationEvents.ts'
import type { Margin } from './margin.ts'
import { maintenanceMargin, tierAt } from './marginTiers.ts'
import { type PerpMarket, roundPx } from './market.ts'
import { matchOrder } from './matching.ts'
import { emitStatus, formatPx, ORDER_DETAILS } from './orderEvents.ts'
import { NO_CAUSE } from './orderPlacement.ts'
import { addRawUsd, positionSize } from './perpClearinghouse.ts'
import { failingUnits, perpsOf, type RiskUnit, unitMargin } from './underwater.ts'

/** Share of a great position that one step sends to the market. */
const STEP_PERCENT = 20
/** How long after a step the rest of the account is sent whole. */
const COOLDOWN_MS = 30_000

/**
 * Begin-block step ⑥: liquidates who is below maintenance margin at the mark, in ascending (health, address) order; §6.5.
 *
 * Nobody is in debt when it starts, and its own trades leave nobody in debt: market orders end at the price where the
 * account has nothing left, the backstop takes over what is there.
 */
export function liquidate(state: CoreState): void {
  const { timestampMs } = state.now
  for (const [user, untilMs] of [...state.liquidationCooldowns.entries()]) {
    if (untilMs <= timestampMs) state.liquidationCooldowns.set(user, undefined)
  }
  const units = failingUnits(state, state.positions.suspects(), isLiquidatable)
  if (units.length === 0) return
  state.causeId = NO_CAUSE
  for (const unit of units) {
    // An earlier liquidation may have traded with this one.
    if (isLiquidatable(unitMargin(state, unit))) liquidateUnit(state, unit)
  }
}

/** Accounts that are below maintenance margin as a whole or in an isolated position, in the order of liquidation. */
export function liquidatableUsers(state: CoreState): readonly string[] {
  const units = failingUnits(state, state.positions.suspects(), isLiquidatable)
  return [...new Set(units.map(({ user }) => user))]
}

function isLiquidatable({ accountValue, maintenance }: Margin): boolean {
  return accountValue < maintenance
}

/** Less than two thirds of the maintenance margin is left. */
function needsBackstop(state: CoreState, unit: RiskUnit): boolean {
  if (unit.user === state.riskRules.liquidatorVault) return false
  const { accountValue, maintenance } = unitMargin(state, unit)
  return 3n * accountValue < 2n * maintenance
}

function liquidateUnit(state: CoreState, unit: RiskUnit): void {
  cancelUnitOrders(state, unit)
  emitLiquidation(state, unit)
  if (!needsBackstop(state, unit)) sendToMarket(state, unit)
  if (needsBackstop(state, unit)) handOver(state, unit)
}

/** Market phase: the position with the greatest maintenance margin first, until the account is safe. */
function sendToMarket(state: CoreState, unit: RiskUnit): void {
  const isWhole = state.liquidationCooldowns.has(unit.user)
  let isStepped = false
  const perps = perpsOf(state, unit)
    .map((perp) => ({ perp, maintenance: maintenanceOf(state, unit, perp) }))
    .sort((a, b) =>
      a.maintenance === b.maintenance ? a.perp - b.perp : a.maintenance > b.maintenance ? -1 : 1,
    )
  for (const { perp } of perps) {
    const margin = unitMargin(state, unit)
    if (!isLiquidatable(margin)) break
    const market = state.perpMarket(perp)
    const size = Math.abs(positionSize(state, unit.user, perp))
    const value = product(size, state.pricesOf(perp).markPx)
    const isStep = !isWhole && value > state.riskRules.partialNtl
    const lots = isStep ? Math.ceil((size * STEP_PERCENT) / 100) : size
    const filled = placeLiquidation(state, market, unit, { lots, margin })
    if (isStep && filled > 0) isStepped = true
  }
  if (isStepped) {
    state.liquidationCooldowns.set(unit.user, state.now.timestampMs + COOLDOWN_MS)
  }
}

function maintenanceOf(state: CoreState, { user }: RiskUnit, perp: number): bigint {
  const value = product(Math.abs(positionSize(state, user, perp)), state.pricesOf(perp).markPx)
  return maintenanceMargin(state.perpMarket(perp).tiers, value)
}

/** Sends an immediate order of type LiquidationMarket; returns the lots that traded. */
function placeLiquidation(
  state: CoreState,
  market: PerpMarket,
  { user }: RiskUnit,
  { lots, margin }: { readonly lots: number; readonly margin: Margin },
): number {
  const size = positionSize(state, user, market.asset)
  const { markPx } = state.pricesOf(market.asset)
  const isBuy = size < 0
  const px = bankruptcyPx(market, { size, markPx, equity: margin.accountValue })
  const oid = state.nextOid()
  const { filled } = matchOrder(state, market, {
    user,
    oid,
    cloid: undefined,
    isBuy,
    px,
    size: lots,
    reduceOnly: true,
    liquidation: { liquidatedUser: user, markPx: formatPx(market, markPx), method: 'market' },
  })
  const left = lots - filled
  const order = {
    oid,
    user,
    asset: market.asset,
    isBuy,
    px,
    size: left,
    origSize: lots,
    timeInForce: 'gtc',
    reduceOnly: true,
    cloid: undefined,
    timestampMs: state.now.timestampMs,
    group: 0,
    builder: undefined,
  } as const
  emitStatus(state, order, left === 0 ? 'filled' : 'canceled', { details: ORDER_DETAILS.market })
  return filled
}

/**
 * The worst price of a liquidation: where closing all of the position leaves the account nothing, rounded toward the
 * mark to a price that orders may have, and no further from the mark than its maintenance margin ratio; §6.5.
 */
export function bankruptcyPx(
  market: PerpMarket,
  {
    size,
    markPx,
    equity,
  }: {
    /** Signed lots, not 0. */
    readonly size: number
    readonly markPx: number
    /** 1e-6 USDC. */
    readonly equity: bigint
  },
): number {
  assert(size !== 0 && equity >= 0n, 'a bankruptcy price without position or of a debt')
  const lots = Math.abs(size)
  const { maxLeverage } = tierAt(market.tiers, product(lots, markPx))
  const furthest = Math.floor(markPx / (2 * maxLeverage))
  const affordable = equity / BigInt(lots)
  const distance = affordable < BigInt(furthest) ? Number(affordable) : furthest
  return size > 0
    ? roundPx(markPx - distance, market, 'up')
    : roundPx(markPx + distance, market, 'down')
}

/**
 * Backstop: positions and what is left of the margin pass to the liquidator vault at the mark. What the vault could not
 * hold in 2^53 lots stays where it is, until ADL closes it.
 */
function handOver(state: CoreState, unit: RiskUnit): void {
  const { user } = unit
  const { liquidatorVault } = state.riskRules
  const { accountValue } = unitMargin(state, unit)
  assert(accountValue >= 0n, 'a debt for the liquidator vault')
  const perps = perpsOf(state, unit)
  const isHeldWhole = perps.every((perp) =>
    Number.isSafeInteger(
      positionSize(state, liquidatorVault, perp) + positionSize(state, user, perp),
    ),
  )
  if (!isHeldWhole) return
  for (const perp of perps) {
    const market = state.perpMarket(perp)
    const { markPx } = state.pricesOf(perp)
    const size = positionSize(state, user, perp)
    const side = size > 0 ? 'Long' : 'Short'
    const mode = unit.perp === undefined ? 'Cross' : 'Isolated'
    tradeByForce(state, market, {
      user,
      counterparty: liquidatorVault,
      size: Math.abs(size),
      px: markPx,
      dir: {
        user: `Liquidated ${mode} ${side}`,
        counterparty: size > 0 ? 'Open Long' : 'Open Short',
      },
      liquidation: {
        liquidatedUser: user,
        markPx: formatPx(market, markPx),
        method: 'backstop',
      },
    })
  }
  addRawUsd(state, user, -accountValue)
  addRawUsd(state, liquidatorVault, accountValue)
}
