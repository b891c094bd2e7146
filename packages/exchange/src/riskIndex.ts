import type { AccountTable } from './accountTable.ts'
import { POSITION_IS_ISOLATED } from './crossMargin.ts'
import { exact } from './exactSum.ts'
import { PX_TICKS_MAX } from './limits.ts'
import { type MarginTiers, maintenanceNear } from './marginTiers.ts'
import { MarkBands } from './markBands.ts'
import { NO_ROW } from './orderArena.ts'
import { ISOLATED_RAW_USD, type PositionRows, SIZE } from './positionRows.ts'

/** What of a bound is used: the rest is more than doubles can be wrong by. */
const USED_SHARE = 1 - 2 ** -30

/**
 * Finds the accounts that may be below maintenance margin without looking at the others; docs/spec/hyperliquid.md §6.5.
 *
 * An account that was looked at and is safe stays so until it changes itself or the mark of one of its positions comes
 * so far against it: by a share of the mark such that all of its positions together could not lose more than it has to
 * spare. Rows wait in bands of those marks. Nothing of it is state: who asks gets all accounts that are below, and some
 * that are not, and decides for itself.
 */
export class RiskIndex {
  readonly #accounts: AccountTable
  readonly #rows: PositionRows
  readonly #markOf: (perp: number) => number
  readonly #tiersOf: (perp: number) => MarginTiers
  readonly #bands = new MarkBands()
  /** Accounts looked at so far: what finding them costs. */
  looks = 0

  constructor(
    accounts: AccountTable,
    rows: PositionRows,
    options: {
      readonly markOf: (perp: number) => number
      readonly tiersOf: (perp: number) => MarginTiers
    },
  ) {
    this.#accounts = accounts
    this.#rows = rows
    this.#markOf = options.markOf
    this.#tiersOf = options.tiersOf
  }

  /** Handles of all accounts that are below maintenance margin in one of their units, in no order that means anything. */
  suspects(): readonly number[] {
    const { touched } = this.#accounts
    this.#bands.take(this.#markOf, (row) => this.#accounts.touch(this.#rows.ownerOf(row)))
    let kept = 0
    for (const handle of touched) {
      this.looks += 1
      if (this.#settle(handle)) this.#accounts.untouch(handle)
      else touched[kept++] = handle
    }
    touched.length = kept
    return touched
  }

  /** A row goes to somebody else. */
  release(row: number): void {
    this.#bands.remove(row)
  }

  /** Puts the positions of an account that is safe where the marks will find them; `false` when it is not sure to be. */
  #settle(owner: number): boolean {
    const rows = this.#rows
    let isSafe = true
    let slack = this.#accounts.nearRawUsd(owner)
    let exposure = 0
    for (let row = rows.first(owner); row !== NO_ROW; row = rows.next(row)) {
      this.#bands.remove(row)
      const size = rows.double(row, SIZE)
      if (size === 0) continue
      const own = this.#slackOf(row)
      const exposed = this.#exposureOf(row)
      if (this.#isIsolated(row)) {
        const ownSlack = exact(rows.double(row, ISOLATED_RAW_USD) + own)
        if (ownSlack >= 0) this.#wait(row, ownSlack / exposed)
        else isSafe = false
        continue
      }
      slack = exact(slack + own)
      exposure += exposed
    }
    if (exposure === 0) return isSafe
    // Not so for NaN.
    if (!(slack >= 0)) return false
    for (let row = rows.first(owner); row !== NO_ROW; row = rows.next(row)) {
      if (rows.double(row, SIZE) !== 0 && !this.#isIsolated(row)) this.#wait(row, slack / exposure)
    }
    return isSafe
  }

  /**
   * What a position is worth less its maintenance margin, and less what rounding may add to that margin when the mark
   * moves: a unit, and one for each tier. 1e-6 USDC; NaN where a double could not hold it.
   */
  #slackOf(row: number): number {
    const perp = this.#rows.perpOf(row)
    const tiers = this.#tiersOf(perp)
    const value = exact(this.#rows.double(row, SIZE) * this.#markOf(perp))
    return exact(value - maintenanceNear(tiers, Math.abs(value)) - tiers.length - 1)
  }

  /** What a position loses at most, and needs more, when its mark moves by all of itself: a margin ratio is half at most. */
  #exposureOf(row: number): number {
    const value = this.#rows.double(row, SIZE) * this.#markOf(this.#rows.perpOf(row))
    return value < 0 ? -1.5 * value : value
  }

  /** Until the mark has moved by a share of itself against the position. */
  #wait(row: number, share: number): void {
    const perp = this.#rows.perpOf(row)
    const isLong = this.#rows.double(row, SIZE) > 0
    const move = share * USED_SHARE * this.#markOf(perp)
    const px = isLong
      ? Math.max(0, Math.ceil(this.#markOf(perp) - move))
      : Math.min(2 * PX_TICKS_MAX, Math.floor(this.#markOf(perp) + move))
    this.#bands.add(row, perp, isLong, px)
  }

  #isIsolated(row: number): boolean {
    return (this.#rows.flags(row) & POSITION_IS_ISOLATED) !== 0
  }
}
