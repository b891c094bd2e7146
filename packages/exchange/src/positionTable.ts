import { assert } from '@openliquid/primitives'
import type { AccountTable } from './accountTable.ts'
import { type ByteReader, corrupt } from './byteCodec.ts'
import { CrossMargin, POSITION_IS_ISOLATED, type PositionDefaults } from './crossMargin.ts'
import type { EntryWriter } from './entryRows.ts'
import { ExactSum, near, shareOf } from './exactSum.ts'
import type { Journal, Undoer } from './journal.ts'
import type { MarginTiers } from './marginTiers.ts'
import { NumberList } from './numberList.ts'
import { doubleAt, NO_ROW } from './orderArena.ts'
import {
  BUY,
  ENTRY_NTL,
  FUND_ALL_TIME,
  FUND_SINCE_CHANGE,
  FUND_SINCE_OPEN,
  ISOLATED_RAW_USD,
  PositionRows,
  SELL,
  SIZE,
} from './positionRows.ts'
import { POSITIONS, type Position, type User } from './records.ts'
import { RiskIndex } from './riskIndex.ts'
import { CORE_PREFIX, type StoredTable } from './table.ts'

// Bits of the flags of a row, beside `POSITION_IS_ISOLATED`.
const EXISTS = 1
const IS_CHANGED = 4
/** A number of the row is not a safe integer: the whole position is in `#large`, and NaN in the cell. */
const IS_LARGE = 8

/**
 * Positions as rows of cells, one for every user and perp with an entry or with resting orders that may open. Beside
 * what is stored a row knows those orders, so that margin is asked for without looking anywhere else.
 */
export class PositionTable implements StoredTable, Undoer {
  readonly tag: number = POSITIONS.tag
  readonly #journal: Journal
  readonly #accounts: AccountTable
  readonly #rawUsd: ExactSum
  readonly #defaultsOf: (owner: number, perp: number) => PositionDefaults
  readonly #rows: PositionRows
  /** What the rows of an account are worth together, and what they need. */
  readonly margin: CrossMargin
  readonly risk: RiskIndex
  readonly #large = new Map<number, Position>()
  readonly #changed = new NumberList()
  /** Rows that may have nothing to say any more: given back with the next drain. */
  readonly #emptied = new NumberList()
  /** Of the last `fill`: 1e-6 USDC. A double from the start. */
  closedPnl: number = Number.NaN
  readonly #fills: Undoer = {
    takeBack: () => {
      const row = this.#popRow()
      this.margin.uncount(row)
      this.#takeFillBack(row)
      this.margin.count(row)
      this.#mark(row)
    },
  }
  /** Signed lots of all positions, and lots of the long ones, by perp. */
  readonly sizes: Map<number, ExactSum> = new Map()
  readonly openInterest: Map<number, ExactSum> = new Map()

  constructor(
    journal: Journal,
    accounts: AccountTable,
    options: {
      /** Sum of the collateral of isolated positions. */
      readonly rawUsd: ExactSum
      readonly defaultsOf: (owner: number, perp: number) => PositionDefaults
      readonly tiersOf: (perp: number) => MarginTiers
    },
  ) {
    this.#journal = journal
    this.#accounts = accounts
    this.#rawUsd = options.rawUsd
    this.#defaultsOf = options.defaultsOf
    this.#rows = new PositionRows(accounts)
    this.margin = new CrossMargin(accounts, this.#rows, options.defaultsOf)
    this.risk = new RiskIndex(accounts, this.#rows, {
      markOf: (perp) => this.margin.markPxOf(perp),
      tiersOf: options.tiersOf,
    })
  }

  /** Takes the memory of so many rows now. */
  reserve(rows: number): void {
    this.#rows.reserve(rows)
  }

  /** The row of a user's handle in a perp, or -1. */
  find(owner: number, perp: number): number {
    return this.#rows.find(owner, perp)
  }

  /** The same, made when it is not there. */
  rowOf(owner: number, perp: number): number {
    const found = this.#rows.find(owner, perp)
    return found === NO_ROW ? this.#add(owner, perp) : found
  }

  get(owner: User, perp: number): Position | undefined {
    const row = this.find(this.#accounts.find(owner), perp)
    return row === NO_ROW ? undefined : this.#read(row)
  }

  /** All of one owner, in no order that means anything. */
  of(owner: User): ReadonlyMap<number, Position> {
    const handle = this.#accounts.find(owner)
    return handle === NO_ROW ? new Map() : this.#ofHandle(handle)
  }

  /** In no order that means anything. */
  *owners(): IterableIterator<[User, ReadonlyMap<number, Position>]> {
    const seen = new Set<number>()
    for (let row = 0; row < this.#rows.count; row++) {
      if ((this.#rows.flags(row) & EXISTS) !== 0) seen.add(this.#rows.ownerOf(row))
    }
    for (const handle of seen) yield [this.#accounts.userOf(handle), this.#ofHandle(handle)]
  }

  /** Users who are long in a perp, or short, in no order that means anything. */
  *holdersOf(perp: number, isLong: boolean): IterableIterator<User> {
    const rows = this.#rows
    for (let row = 0; row < rows.count; row++) {
      if (rows.keyOf(row) === -1 || rows.perpOf(row) !== perp) continue
      const size = rows.double(row, SIZE)
      if (isLong ? size > 0 : size < 0) yield this.#accounts.userOf(rows.ownerOf(row))
    }
  }

  /** Users with an open position by perp, in no order that means anything: one look at all rows. */
  holdersByPerp(): Map<number, User[]> {
    const holders = new Map<number, User[]>()
    const rows = this.#rows
    for (let row = 0; row < rows.count; row++) {
      if (rows.keyOf(row) === -1 || rows.double(row, SIZE) === 0) continue
      const [perp, user] = [rows.perpOf(row), this.#accounts.userOf(rows.ownerOf(row))]
      const users = holders.get(perp)
      if (users === undefined) holders.set(perp, [user])
      else users.push(user)
    }
    return holders
  }

  /** All users who may be below maintenance margin, and few others, in no order that means anything. */
  suspects(): User[] {
    return this.risk.suspects().map((handle) => this.#accounts.userOf(handle))
  }

  set(owner: User, perp: number, position: Position | undefined): void {
    const handle = this.#accounts.handleOf(owner)
    if (position === undefined && this.find(handle, perp) === NO_ROW) return
    const row = this.rowOf(handle, perp)
    this.#record(row)
    this.#write(row, position)
  }

  /** Signed lots of a row; no row has none. */
  sizeOf(row: number): number {
    return row === NO_ROW ? 0 : this.#rows.double(row, SIZE)
  }

  leverageOf(row: number): number {
    return this.#rows.leverage(row)
  }

  /** Lots of the resting orders of one side that may open; no row has none. */
  openingOn(row: number, isBuy: boolean): number {
    return row === NO_ROW ? 0 : this.#rows.double(row, isBuy ? BUY : SELL)
  }

  /** Lots of an owner's resting perp orders that may open. */
  openingOf(owner: User, perp: number): { readonly buy: number; readonly sell: number } {
    const row = this.find(this.#accounts.find(owner), perp)
    return { buy: this.openingOn(row, true), sell: this.openingOn(row, false) }
  }

  /** Perps in which an owner has an entry or resting orders that may open. */
  perpsOf(owner: User): number[] {
    const perps: number[] = []
    const handle = this.#accounts.find(owner)
    if (handle === NO_ROW) return perps
    const rows = this.#rows
    for (let row = rows.first(handle); row !== NO_ROW; row = rows.next(row)) {
      if ((rows.flags(row) & EXISTS) !== 0 || this.#opens(row)) {
        perps.push(rows.perpOf(row))
      }
    }
    return perps
  }

  /** Follows the resting orders of a user that may open, in lots. */
  addOpening(owner: number, perp: number, isBuy: boolean, change: number): void {
    const row = this.rowOf(owner, perp)
    if (this.margin.addOpening(owner, perp, row, isBuy, change) === 0) this.#emptied.push(row)
  }

  /** Whether `fill` can take so much (1e-6 USDC) on this row: a cross position whose numbers stay safe integers. */
  canFill(row: number, notional: number): boolean {
    const isPlain = (this.#rows.flags(row) & (POSITION_IS_ISOLATED | IS_LARGE)) === 0
    return isPlain && this.#rows.double(row, ENTRY_NTL) + notional <= Number.MAX_SAFE_INTEGER
  }

  /**
   * Books a fill on a cross position as `changePosition` does, after `canFill`; the profit goes to `closedPnl`.
   *
   * Opening averages the entry by size, closing keeps the entry price and realises, a flip closes and then opens.
   */
  fill(row: number, isBuy: boolean, lots: number, px: number): void {
    const rows = this.#rows
    const cells = rows.doubles
    const at = doubleAt(row)
    const isFunded = cells[at + FUND_ALL_TIME] !== 0
    if (isFunded) this.#record(row)
    else this.#recordFill(row)
    const before = cells[at + SIZE] as number
    const entry = cells[at + ENTRY_NTL] as number
    const after = before + (isBuy ? lots : -lots)
    assert(Number.isSafeInteger(after), 'a position beyond 2^53 lots')
    let entryNtl: number
    if (before === 0 || before > 0 === isBuy) {
      entryNtl = entry + px * lots
      this.closedPnl = 0
    } else {
      const open = Math.abs(before)
      const closed = Math.min(lots, open)
      const kept = shareOf(entry, open - closed, open)
      const proceeds = px * closed
      this.closedPnl = isBuy ? entry - kept - proceeds : proceeds - entry + kept
      entryNtl = lots > open ? px * (lots - open) : kept
    }
    this.margin.uncount(row)
    this.#countSizes(rows.perpOf(row), before, after)
    cells[at + SIZE] = after
    cells[at + ENTRY_NTL] = entryNtl
    if (isFunded && before !== after) {
      rows.funding[2 * row + FUND_SINCE_CHANGE] = 0
      if (Math.sign(before) !== Math.sign(after)) rows.funding[2 * row + FUND_SINCE_OPEN] = 0
    }
    rows.setFlags(row, rows.flags(row) | EXISTS)
    if (after === 0) this.#dropDefault(row)
    this.margin.count(row)
    this.#mark(row)
  }

  takeBack(): void {
    const journal = this.#journal
    const rows = this.#rows
    const row = this.#popRow()
    this.margin.uncount(row)
    const isolatedBefore = this.#isolatedRawUsdOf(row)
    this.#takeFillBack(row)
    const cells = rows.doubles
    cells[doubleAt(row) + ISOLATED_RAW_USD] = journal.popNumber()
    cells[doubleAt(row) + FUND_ALL_TIME] = journal.popNumber()
    rows.funding[2 * row + FUND_SINCE_OPEN] = journal.popNumber()
    rows.funding[2 * row + FUND_SINCE_CHANGE] = journal.popNumber()
    rows.setLeverage(row, journal.popNumber())
    if ((rows.flags(row) & IS_LARGE) !== 0) this.#large.set(row, journal.popValue() as Position)
    else this.#large.delete(row)
    this.#rawUsd.addLarge(this.#isolatedRawUsdOf(row) - isolatedBefore)
    this.margin.count(row)
    this.#mark(row)
  }

  drain(out: EntryWriter): void {
    const rows = this.#rows
    const changed = this.#changed
    for (let i = 0; i < changed.length; i++) {
      const row = changed.at(i)
      const flags = rows.flags(row)
      rows.setFlags(row, flags & ~IS_CHANGED)
      this.#accounts.writeAddress(out.u8(CORE_PREFIX).u8(this.tag), rows.ownerOf(row))
      out.u32(rows.perpOf(row)).endKey()
      if ((flags & EXISTS) === 0) {
        out.remove()
        this.#emptied.push(row)
        continue
      }
      const large = this.#large.get(row)
      if (large !== undefined) POSITIONS.write(out, large)
      else {
        const cells = rows.doubles
        const at = doubleAt(row)
        out
          .i53(cells[at + SIZE] as number)
          .safeInteger(cells[at + ENTRY_NTL] as number)
          .u32(rows.leverage(row))
          .bool((flags & POSITION_IS_ISOLATED) !== 0)
          .safeInteger(cells[at + ISOLATED_RAW_USD] as number)
          .safeInteger(cells[at + FUND_ALL_TIME] as number)
          .safeInteger(rows.funding[2 * row + FUND_SINCE_OPEN] as number)
          .safeInteger(rows.funding[2 * row + FUND_SINCE_CHANGE] as number)
      }
      out.endValue()
    }
    this.#changed.clear()
    const emptied = this.#emptied
    for (let i = 0; i < emptied.length; i++) this.#releaseEmpty(emptied.at(i))
    emptied.clear()
  }

  load(key: ByteReader, value: ByteReader): void {
    const [owner, perp] = POSITIONS.readKey(key)
    key.end()
    const position = POSITIONS.read(value)
    value.end()
    const row = this.rowOf(this.#accounts.handleOf(owner), perp)
    const rows = this.#rows
    if ((rows.flags(row) & EXISTS) !== 0) throw corrupt('an entry stands twice')
    this.#write(row, position)
    rows.setFlags(row, rows.flags(row) & ~IS_CHANGED)
    this.#changed.clear()
  }

  #ofHandle(handle: number): Map<number, Position> {
    const rows = this.#rows
    const positions = new Map<number, Position>()
    for (let row = rows.first(handle); row !== NO_ROW; row = rows.next(row)) {
      const position = this.#read(row)
      if (position !== undefined) positions.set(rows.perpOf(row), position)
    }
    return positions
  }

  #read(row: number): Position | undefined {
    const rows = this.#rows
    const flags = rows.flags(row)
    if ((flags & EXISTS) === 0) return undefined
    if ((flags & IS_LARGE) !== 0) return this.#large.get(row)
    const cells = rows.doubles
    const at = doubleAt(row)
    return {
      size: cells[at + SIZE] as number,
      entryNtl: BigInt(cells[at + ENTRY_NTL] as number),
      leverage: rows.leverage(row),
      isIsolated: (flags & POSITION_IS_ISOLATED) !== 0,
      isolatedRawUsd: BigInt(cells[at + ISOLATED_RAW_USD] as number),
      cumFunding: {
        allTime: BigInt(cells[at + FUND_ALL_TIME] as number),
        sinceOpen: BigInt(rows.funding[2 * row + FUND_SINCE_OPEN] as number),
        sinceChange: BigInt(rows.funding[2 * row + FUND_SINCE_CHANGE] as number),
      },
    }
  }

  #write(row: number, position: Position | undefined): void {
    const rows = this.#rows
    this.margin.uncount(row)
    const cells = rows.doubles
    const at = doubleAt(row)
    const before = cells[at + SIZE] as number
    const isolatedBefore = this.#isolatedRawUsdOf(row)
    const after = position?.size ?? 0
    if (position !== undefined && before !== after) {
      assert((after === 0) === (position.entryNtl === 0n), 'an entry without size')
    }
    let isLarge = false
    const put = (column: Float64Array, place: number, value: bigint): void => {
      const number = near(value)
      column[place] = number
      if (Number.isNaN(number)) isLarge = true
    }
    cells[at + SIZE] = after
    put(cells, at + ENTRY_NTL, position?.entryNtl ?? 0n)
    put(cells, at + ISOLATED_RAW_USD, position?.isolatedRawUsd ?? 0n)
    put(cells, at + FUND_ALL_TIME, position?.cumFunding.allTime ?? 0n)
    put(rows.funding, 2 * row + FUND_SINCE_OPEN, position?.cumFunding.sinceOpen ?? 0n)
    put(rows.funding, 2 * row + FUND_SINCE_CHANGE, position?.cumFunding.sinceChange ?? 0n)
    const { leverage, isIsolated } =
      position ?? this.#defaultsOf(rows.ownerOf(row), rows.perpOf(row))
    rows.setLeverage(row, leverage)
    rows.setFlags(
      row,
      (rows.flags(row) & IS_CHANGED) |
        (position === undefined ? 0 : EXISTS) |
        (isIsolated ? POSITION_IS_ISOLATED : 0) |
        (isLarge ? IS_LARGE : 0),
    )
    if (isLarge && position !== undefined) this.#large.set(row, position)
    else this.#large.delete(row)
    this.#countSizes(rows.perpOf(row), before, after)
    const change = (position?.isolatedRawUsd ?? 0n) - isolatedBefore
    if (change !== 0n) this.#rawUsd.addLarge(change)
    this.margin.count(row)
    this.#mark(row)
  }

  #isolatedRawUsdOf(row: number): bigint {
    const value = this.#rows.double(row, ISOLATED_RAW_USD)
    return Number.isNaN(value) ? (this.#large.get(row)?.isolatedRawUsd ?? 0n) : BigInt(value)
  }

  /** A position that says nothing any more is no entry. */
  #dropDefault(row: number): void {
    const rows = this.#rows
    const { leverage, isIsolated } = this.#defaultsOf(rows.ownerOf(row), rows.perpOf(row))
    const flags = rows.flags(row)
    const isDefault =
      rows.leverage(row) === leverage &&
      ((flags & POSITION_IS_ISOLATED) !== 0) === isIsolated &&
      rows.double(row, ISOLATED_RAW_USD) === 0 &&
      rows.double(row, FUND_ALL_TIME) === 0
    if (isDefault) rows.setFlags(row, flags & ~EXISTS)
  }

  #record(row: number): void {
    const journal = this.#journal
    if (!journal.isOpen) return
    const rows = this.#rows
    if ((rows.flags(row) & IS_LARGE) !== 0) journal.pushValue(this.#large.get(row))
    journal.pushNumber(rows.leverage(row))
    journal.pushNumber(rows.funding[2 * row + FUND_SINCE_CHANGE] as number)
    journal.pushNumber(rows.funding[2 * row + FUND_SINCE_OPEN] as number)
    journal.pushNumber(rows.double(row, FUND_ALL_TIME))
    journal.pushNumber(rows.double(row, ISOLATED_RAW_USD))
    this.#pushFill(row)
    journal.note(this)
  }

  /** What a fill changes where there was no funding. */
  #recordFill(row: number): void {
    if (!this.#journal.isOpen) return
    this.#pushFill(row)
    this.#journal.note(this.#fills)
  }

  #pushFill(row: number): void {
    const journal = this.#journal
    const rows = this.#rows
    journal.pushNumber(rows.double(row, ENTRY_NTL))
    journal.pushNumber(rows.double(row, SIZE))
    journal.pushNumber(rows.flags(row))
    journal.pushNumber(rows.keyOf(row))
    journal.pushNumber(row)
  }

  /** The row that the change on top of the journal is of. */
  #popRow(): number {
    const row = this.#journal.popNumber()
    const key = this.#journal.popNumber()
    assert(this.#rows.keyOf(row) === key, 'a row that went to another position')
    return row
  }

  /** What a fill changed, without the sums of the owner. */
  #takeFillBack(row: number): void {
    const journal = this.#journal
    const rows = this.#rows
    const flags = journal.popNumber()
    rows.setFlags(row, (flags & ~IS_CHANGED) | (rows.flags(row) & IS_CHANGED))
    const size = journal.popNumber()
    this.#countSizes(rows.perpOf(row), rows.double(row, SIZE), size)
    rows.doubles[doubleAt(row) + SIZE] = size
    rows.doubles[doubleAt(row) + ENTRY_NTL] = journal.popNumber()
  }

  #mark(row: number): void {
    const rows = this.#rows
    this.#accounts.touch(rows.ownerOf(row))
    const before = rows.flags(row)
    if ((before & IS_CHANGED) !== 0) return
    rows.setFlags(row, before | IS_CHANGED)
    this.#changed.push(row)
  }

  #countSizes(perp: number, before: number, after: number): void {
    if (before === after) return
    sumOf(this.sizes, perp).add(after - before)
    const opened = Math.max(after, 0) - Math.max(before, 0)
    if (opened !== 0) sumOf(this.openInterest, perp).add(opened)
  }

  #opens(row: number): boolean {
    return this.#rows.double(row, BUY) + this.#rows.double(row, SELL) > 0
  }

  #add(owner: number, perp: number): number {
    const rows = this.#rows
    const row = rows.add(owner, perp)
    const { leverage, isIsolated } = this.#defaultsOf(owner, perp)
    rows.setFlags(row, isIsolated ? POSITION_IS_ISOLATED : 0)
    rows.setLeverage(row, leverage)
    this.#emptied.push(row)
    return row
  }

  #releaseEmpty(row: number): void {
    const isFree = this.#rows.keyOf(row) === -1
    const isEntry = (this.#rows.flags(row) & (EXISTS | IS_CHANGED)) !== 0
    if (isFree || isEntry || this.#opens(row)) return
    this.risk.release(row)
    this.#rows.release(row)
  }
}

function sumOf(sums: Map<number, ExactSum>, perp: number): ExactSum {
  const known = sums.get(perp)
  if (known !== undefined) return known
  const sum = new ExactSum()
  sums.set(perp, sum)
  return sum
}
