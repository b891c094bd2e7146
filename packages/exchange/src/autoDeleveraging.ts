import { assert } from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import { maxOf, minOf, product } from './decimal.ts'
import { tradeByForce } from './forcedTrade.ts'
import { cancelUnitOrders, emitLiquidation } from './liquidationEvents.ts'
import { accountMargin, isolatedMargin } from './margin.ts'
import type { PerpMarket } from './market.ts'
import type { PreviousMarks } from './oracle.ts'
import { formatPx } from './orderEvents.ts'
import { NO_CAUSE } from './orderPlacement.ts'
import { addRawUsd, positionSize, setPosition } from './perpClearinghouse.ts'
import { fillDirection } from './position.ts'
import { positionOf } from './positions.ts'
import type { Position, User } from './records.ts'
import { failingUnits, perpsOf, type RiskUnit, unitMargin } from './underwater.ts'

/**
 * Closes what a move of the marks has left with less than nothing, at the marks before the move; §6.6.
 *
 * At those marks nobody was in debt, and a trade at them changes nobody's equity at them: so whoever is closed ends with
 * nothing below zero, and a counterparty that the new marks then leave in debt is closed in the same way. Every round
 * closes accounts, so it ends.
 *
 * It runs before anything trades at the new marks.
 */
export function deleverage(state: CoreState, previousMarks: PreviousMarks): void {
  state.causeId = NO_CAUSE
  const queues = new Queues(state)
  let users: Iterable<User> = state.positions.suspects()
  for (;;) {
    const units = failingUnits(state, users, ({ accountValue }) => accountValue < 0n)
    if (units.length === 0) return
    const touched = new Set<User>()
    for (const unit of units) {
      if (unitMargin(state, unit).accountValue < 0n) {
        closeUnit(state, unit, { previousMarks, queues, touched })
      }
    }
    users = touched
  }
}

interface Closing {
  readonly previousMarks: PreviousMarks
  readonly queues: Queues
  readonly touched: Set<User>
}

function closeUnit(state: CoreState, unit: RiskUnit, closing: Closing): void {
  const { user } = unit
  cancelUnitOrders(state, unit)
  emitLiquidation(state, unit)
  for (const perp of perpsOf(state, unit)) {
    const market = state.perpMarket(perp)
    closePosition(state, market, user, closing)
    coverDebt(state, market, user)
  }
  coverCrossDebt(state, user)
}

function closePosition(
  state: CoreState,
  market: PerpMarket,
  user: User,
  { previousMarks, queues, touched }: Closing,
): void {
  const perp = market.asset
  const { markPx } = state.pricesOf(perp)
  const px = previousMarks.get(perp) ?? markPx
  for (;;) {
    const size = positionSize(state, user, perp)
    if (size === 0) return
    const counterparty = queues.next(market, size < 0, user)
    const open = positionSize(state, counterparty, perp)
    const lots = Math.min(Math.abs(size), Math.abs(open))
    tradeByForce(state, market, {
      user,
      counterparty,
      size: lots,
      px,
      dir: {
        user: fillDirection(size, size < 0, lots),
        counterparty: 'Auto-Deleveraging',
      },
      liquidation: {
        liquidatedUser: user,
        markPx: formatPx(market, markPx),
        method: 'backstop',
      },
    })
    coverDebt(state, market, counterparty)
    touched.add(counterparty)
  }
}

/** Who is closed first, by perp and side: ranked once, when the first of them is needed. */
class Queues {
  readonly #state: CoreState
  readonly #queues = new Map<string, { readonly users: readonly User[]; at: number }>()

  constructor(state: CoreState) {
    this.#state = state
  }

  /** The first one who still has a position on the side. */
  next(market: PerpMarket, isLong: boolean, except: User): User {
    const key = `${market.asset}${isLong ? 'L' : 'S'}`
    let queue = this.#queues.get(key)
    if (queue === undefined) {
      queue = { users: rank(this.#state, market, isLong), at: 0 }
      this.#queues.set(key, queue)
    }
    for (;;) {
      const user = queue.users[queue.at]
      assert(user !== undefined, 'a position without counterparties')
      const size = positionSize(this.#state, user, market.asset)
      if (size !== 0 && size > 0 === isLong && user !== except) return user
      queue.at += 1
    }
  }
}

/** Fractions of the index are kept to 1e-9. */
const INDEX_SCALE = 1_000_000_000n
/** Rank of who has nothing behind the position. */
const INDEX_MAX = 1n << 256n

/** Descending by (mark/entry) * (notional/accountValue), for shorts entry/mark; ties by address; §6.6. */
function rank(state: CoreState, market: PerpMarket, isLong: boolean): User[] {
  const ranked: { readonly user: User; readonly index: bigint }[] = []
  for (const user of state.positions.holdersOf(market.asset, isLong)) {
    const position = positionOf(state, user, market)
    ranked.push({ user, index: indexOf(state, market, user, position) })
  }
  ranked.sort((a, b) =>
    a.index === b.index ? (a.user < b.user ? -1 : 1) : a.index > b.index ? -1 : 1,
  )
  return ranked.map(({ user }) => user)
}

function indexOf(state: CoreState, market: PerpMarket, user: User, position: Position): bigint {
  const { size, entryNtl } = position
  const value = product(Math.abs(size), state.pricesOf(market.asset).markPx)
  const { accountValue } = position.isIsolated
    ? isolatedMargin(state, market, position)
    : accountMargin(state, user)
  if (accountValue <= 0n) return INDEX_MAX
  // A long has (value/entry) * (value/accountValue); of a short's (entry/value) * (value/accountValue) the value cancels.
  if (size < 0) return (entryNtl * INDEX_SCALE) / accountValue
  return (value * value * INDEX_SCALE) / (entryNtl * accountValue)
}

/** A closed isolated position must not keep a debt: it becomes one of the cross account's, which is covered next. */
function coverDebt(state: CoreState, market: PerpMarket, user: User): void {
  const position = state.positions.get(user, market.asset)
  if (position === undefined || position.size !== 0 || position.isolatedRawUsd >= 0n) return
  coverBy(state, user, -position.isolatedRawUsd)
  setPosition(state, user, market, { ...position, isolatedRawUsd: 0n })
  addRawUsd(state, user, position.isolatedRawUsd)
}

/** A cross account without positions that is below zero is set to zero. */
function coverCrossDebt(state: CoreState, user: User): void {
  const { rawUsd } = state.account(user)
  if (rawUsd >= 0n || perpsOf(state, { user, perp: undefined }).length > 0) return
  coverBy(state, user, -rawUsd)
}

/** §6.6: residual debt goes to the liquidator vault as far as that has equity, the rest to the fee account. */
function coverBy(state: CoreState, user: User, debt: bigint): void {
  const { liquidatorVault } = state.riskRules
  const fromVault =
    user === liquidatorVault
      ? 0n
      : minOf(debt, maxOf(0n, accountMargin(state, liquidatorVault).accountValue))
  addRawUsd(state, liquidatorVault, -fromVault)
  addRawUsd(state, state.rules.collector, fromVault - debt)
  addRawUsd(state, user, debt)
}
