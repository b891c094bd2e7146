import { assert } from '@openliquid/primitives'
import {
  ACCOUNT_INITIAL_MARGIN,
  ACCOUNT_MARGIN_EPOCH,
  ACCOUNT_POSITION_VALUE,
  type AccountTable,
} from './accountTable.ts'
import { ceilQuotient, exact } from './exactSum.ts'
import { ASSETS_MAX } from './limits.ts'
import { doubleAt, NO_ROW } from './orderArena.ts'
import { BUY, type PositionRows, SELL, SIZE } from './positionRows.ts'

/** What a row without entry stands for. */
export interface PositionDefaults {
  readonly leverage: number
  readonly isIsolated: boolean
}

/** Bit of the flags of a row. */
export const POSITION_IS_ISOLATED = 2

/**
 * The cross margin of an account as two sums that follow every change of its rows, and are made anew after a mark
 * changed: what the positions are worth, and what the positions and orders need. A sum that is not a safe integer is NaN:
 * then who asks must count with `bigint` (`margin.ts`).
 */
export class CrossMargin {
  readonly #accounts: AccountTable
  readonly #rows: PositionRows
  readonly #defaultsOf: (owner: number, perp: number) => PositionDefaults
  /** Ticks by perp. */
  readonly #markPx = new Float64Array(ASSETS_MAX)
  #epoch = 1
  /** Of the last `weigh`: what the account is worth and what it needs after the change. Doubles from the start. */
  weighedValue: number = Number.NaN
  weighedInitial: number = Number.NaN

  constructor(
    accounts: AccountTable,
    rows: PositionRows,
    defaultsOf: (owner: number, perp: number) => PositionDefaults,
  ) {
    this.#accounts = accounts
    this.#rows = rows
    this.#defaultsOf = defaultsOf
  }

  /** Follows the mark price of a perp. */
  setMarkPx(perp: number, markPx: number): void {
    if (this.#markPx[perp] === markPx) return
    this.#markPx[perp] = markPx
    this.#epoch += 1
  }

  /** Ticks. */
  markPxOf(perp: number): number {
    return this.#markPx[perp] as number
  }

  /** Takes a row out of the sums of its owner, if they are up to date. */
  uncount(row: number): void {
    this.#addToSums(row, -1)
  }

  /** Puts a row into the sums of its owner, if they are up to date. */
  count(row: number): void {
    this.#addToSums(row, 1)
  }

  /** Follows the resting orders of a row that may open, in lots; returns what is left of that side. */
  addOpening(owner: number, perp: number, row: number, isBuy: boolean, change: number): number {
    const cells = this.#rows.doubles
    const at = doubleAt(row)
    const side = at + (isBuy ? BUY : SELL)
    const sum = (cells[side] as number) + change
    assert(sum >= 0, 'a negative sum of open orders')
    const accounts = this.#accounts
    if (accounts.word(owner, ACCOUNT_MARGIN_EPOCH) !== this.#epoch) {
      cells[side] = sum
      return sum
    }
    const worst = worstOf(cells, at)
    const mark = this.#markPx[perp] as number
    if (this.#isIsolated(row)) {
      const rest = accounts.double(owner, ACCOUNT_INITIAL_MARGIN) - this.#initialOf(row, mark)
      cells[side] = sum
      accounts.setDouble(owner, ACCOUNT_INITIAL_MARGIN, exact(rest + this.#initialOf(row, mark)))
      return sum
    }
    cells[side] = sum
    const worstAfter = worstOf(cells, at)
    // Half of the orders are on the better side.
    if (worstAfter === worst) return sum
    const leverage = this.#rows.leverage(row)
    const rest = accounts.double(owner, ACCOUNT_INITIAL_MARGIN) - neededBy(worst, mark, leverage)
    const initial = exact(rest + neededBy(worstAfter, mark, leverage))
    accounts.setDouble(owner, ACCOUNT_INITIAL_MARGIN, initial)
    return sum
  }

  /** Whether an order that may open can raise what its row needs: not where it leaves the worse side as it is. */
  mayRaise(row: number, isBuy: boolean, lots: number): boolean {
    if (row === NO_ROW || this.#isIsolated(row)) return true
    const cells = this.#rows.doubles
    const at = doubleAt(row)
    const size = cells[at + SIZE] as number
    const own = isBuy ? size + (cells[at + BUY] as number) : size - (cells[at + SELL] as number)
    return Math.abs(isBuy ? own + lots : own - lots) > worstOf(cells, at)
  }

  /**
   * Weighs a change of an account before it is made, into `weighedValue` and `weighedInitial`; NaN asks for `bigint`.
   *
   * @param rawUsd - change of the cross collateral, 1e-6 USDC
   * @param size - signed lots that the position gains, `buy` and `sell` what its resting orders gain
   */
  weigh(
    owner: number,
    perp: number,
    row: number,
    rawUsd: number,
    size: number,
    buy: number,
    sell: number,
  ): void {
    this.#refresh(owner)
    const accounts = this.#accounts
    const mark = this.#markPx[perp] as number
    let leverage: number
    let isIsolated: boolean
    let oldSize = 0
    let oldBuy = 0
    let oldSell = 0
    if (row === NO_ROW) {
      const defaults = this.#defaultsOf(owner, perp)
      leverage = defaults.leverage
      isIsolated = defaults.isIsolated
    } else {
      const cells = this.#rows.doubles
      const at = doubleAt(row)
      leverage = this.#rows.leverage(row)
      isIsolated = this.#isIsolated(row)
      oldSize = cells[at + SIZE] as number
      oldBuy = cells[at + BUY] as number
      oldSell = cells[at + SELL] as number
    }
    const newSize = oldSize + size
    const value = isIsolated ? 0 : exact(newSize * mark) - exact(oldSize * mark)
    const before = initialOf(isIsolated, mark, leverage, oldSize, oldBuy, oldSell)
    const after = initialOf(isIsolated, mark, leverage, newSize, oldBuy + buy, oldSell + sell)
    this.weighedValue = exact(
      accounts.nearRawUsd(owner) + rawUsd + accounts.double(owner, ACCOUNT_POSITION_VALUE) + value,
    )
    this.weighedInitial = exact(accounts.double(owner, ACCOUNT_INITIAL_MARGIN) - before + after)
  }

  /** Whether the last change weighed leaves the initial margin covered; `false` also when it must be counted with `bigint`. */
  isWeighedCovered(): boolean {
    return this.weighedValue >= this.weighedInitial
  }

  /** The initial margin of an account as it is; NaN asks for `bigint`. */
  initialMarginOf(owner: number): number {
    this.#refresh(owner)
    return this.#accounts.double(owner, ACCOUNT_INITIAL_MARGIN)
  }

  #isIsolated(row: number): boolean {
    return (this.#rows.flags(row) & POSITION_IS_ISOLATED) !== 0
  }

  #addToSums(row: number, sign: 1 | -1): void {
    const accounts = this.#accounts
    const owner = this.#rows.ownerOf(row)
    if (accounts.word(owner, ACCOUNT_MARGIN_EPOCH) !== this.#epoch) return
    const mark = this.#markPx[this.#rows.perpOf(row)] as number
    const value = this.#isIsolated(row) ? 0 : exact(this.#rows.double(row, SIZE) * mark)
    const worth = exact(accounts.double(owner, ACCOUNT_POSITION_VALUE) + sign * value)
    accounts.setDouble(owner, ACCOUNT_POSITION_VALUE, worth)
    const initial = accounts.double(owner, ACCOUNT_INITIAL_MARGIN)
    const needed = exact(initial + sign * this.#initialOf(row, mark))
    accounts.setDouble(owner, ACCOUNT_INITIAL_MARGIN, needed)
  }

  /** What a row needs at a mark, 1e-6 USDC. */
  #initialOf(row: number, mark: number): number {
    const cells = this.#rows.doubles
    const at = doubleAt(row)
    return initialOf(
      this.#isIsolated(row),
      mark,
      this.#rows.leverage(row),
      cells[at + SIZE] as number,
      cells[at + BUY] as number,
      cells[at + SELL] as number,
    )
  }

  /** Makes the sums of an account anew when a mark changed since. */
  #refresh(owner: number): void {
    const accounts = this.#accounts
    if (accounts.word(owner, ACCOUNT_MARGIN_EPOCH) === this.#epoch) return
    accounts.setWord(owner, ACCOUNT_MARGIN_EPOCH, this.#epoch)
    accounts.setDouble(owner, ACCOUNT_POSITION_VALUE, 0)
    accounts.setDouble(owner, ACCOUNT_INITIAL_MARGIN, 0)
    for (let row = this.#rows.first(owner); row !== NO_ROW; row = this.#rows.next(row)) {
      this.count(row)
    }
  }
}

/** What a position and its resting orders need, 1e-6 USDC; docs/spec/hyperliquid.md §6.3. */
function initialOf(
  isIsolated: boolean,
  mark: number,
  leverage: number,
  size: number,
  buy: number,
  sell: number,
): number {
  if (isIsolated) {
    // What filling the orders would move out of the cross account, on the worse side.
    const opened = Math.max(buy - Math.max(-size, 0), sell - Math.max(size, 0), 0)
    return ceilQuotient(exact(opened * mark), leverage)
  }
  return neededBy(Math.max(Math.abs(size + buy), Math.abs(size - sell)), mark, leverage)
}

/** Lots of a cross row at worst: with the resting orders of one side filled. Not exact beyond 2^53. */
function worstOf(cells: Float64Array, at: number): number {
  const size = cells[at + SIZE] as number
  return Math.max(
    Math.abs(size + (cells[at + BUY] as number)),
    Math.abs(size - (cells[at + SELL] as number)),
  )
}

/** What so many lots need, 1e-6 USDC. */
function neededBy(lots: number, mark: number, leverage: number): number {
  return ceilQuotient(exact(exact(lots) * mark), leverage)
}
