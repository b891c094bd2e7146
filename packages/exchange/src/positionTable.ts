import { assert } from '@openliquid/primitives'
import type { AccountTable } from './accountTable.ts'
import { type ByteReader, type ByteWriter, corrupt } from './byteCodec.ts'
import { ceilQuotient, ExactSum, exact, floorQuotient, near } from './exactSum.ts'
import { grown, grownLength } from './growth.ts'
import type { Journal, Undoer } from './journal.ts'
import { ASSETS_MAX } from './limits.ts'
import { NO_ROW } from './orderArena.ts'
import { POSITIONS, type Position, type User } from './records.ts'
import { RowIndex } from './rowIndex.ts'
import { CORE_PREFIX, type EntrySink, type StoredTable } from './table.ts'

const EXISTS = 1
const IS_ISOLATED = 2
const IS_CHANGED = 4
/** A number of the row is not a safe integer: the whole position is in `#large`, and NaN in the column. */
const IS_LARGE = 8

/** Above every perp: a key is the owner's handle times this, plus the perp. */
const PERPS = 16_384

/** Numbers that `#record` pushes for a row. */
const COLUMNS = [
  'size',
  'entryNtl',
  'isolatedRawUsd',
  'fundAllTime',
  'fundSinceOpen',
  'fundSinceChange',
] as const
type Column = (typeof COLUMNS)[number]

/** What a row without entry stands for. */
export interface PositionDefaults {
  readonly leverage: number
  readonly isIsolated: boolean
}

/**
 * Positions as rows of columns, one for every user and perp with an entry or with resting orders that may open. Beside
 * what is stored a row knows those orders, so that margin is asked for without looking anywhere else.
 *
 * The cross margin of an account is kept as two sums that follow every change of a row, and are made anew after a mark
 * changed: what the positions are worth, and what the positions and orders need. A sum that is not a safe integer is NaN:
 * then who asks must count with `bigint` (`margin.ts`).
 */
export class PositionTable implements StoredTable, Undoer {
  readonly tag: number = POSITIONS.tag
  readonly #journal: Journal
  readonly #accounts: AccountTable
  readonly #rawUsd: ExactSum
  readonly #defaultsOf: (owner: number, perp: number) => PositionDefaults
  readonly #index = new RowIndex()
  #keys: Float64Array = new Float64Array(64)
  flags: Uint8Array = new Uint8Array(64)
  leverage: Uint8Array = new Uint8Array(64)
  /** Signed lots. */
  size: Float64Array = new Float64Array(64)
  /** 1e-6 USDC, as all below. */
  entryNtl: Float64Array = new Float64Array(64)
  isolatedRawUsd: Float64Array = new Float64Array(64)
  fundAllTime: Float64Array = new Float64Array(64)
  fundSinceOpen: Float64Array = new Float64Array(64)
  fundSinceChange: Float64Array = new Float64Array(64)
  /** Lots of resting orders that may open. */
  buy: Float64Array = new Float64Array(64)
  sell: Float64Array = new Float64Array(64)
  /** The owner's list. A free row is linked through `next`. */
  #next: Int32Array = new Int32Array(64)
  #rowCount = 0
  #freeRow = NO_ROW
  readonly #large = new Map<number, Position>()
  readonly #changed: number[] = []
  /** Rows that may have nothing to say any more: given back with the next drain. */
  readonly #emptied: number[] = []
  /** Ticks by perp. */
  readonly #markPx = new Float64Array(ASSETS_MAX)
  #epoch = 1
  /** Of the last `weigh`: what the account is worth and what it needs after the change. */
  weighedValue = 0
  weighedInitial = 0
  /** Of the last `fill`: 1e-6 USDC. */
  closedPnl = 0
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
    },
  ) {
    this.#journal = journal
    this.#accounts = accounts
    this.#rawUsd = options.rawUsd
    this.#defaultsOf = options.defaultsOf
  }

  /** The row of a user's handle in a perp, or -1. */
  find(owner: number, perp: number): number {
    return owner === NO_ROW ? NO_ROW : this.#index.find(this.#keys, owner * PERPS + perp)
  }

  /** The same, made when it is not there. */
  rowOf(owner: number, perp: number): number {
    const found = this.find(owner, perp)
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
    for (let row = 0; row < this.#rowCount; row++) {
      if (((this.flags[row] as number) & EXISTS) !== 0) seen.add(this.#ownerOf(row))
    }
    for (const handle of seen) yield [this.#accounts.userOf(handle), this.#ofHandle(handle)]
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
    return row === NO_ROW ? 0 : (this.size[row] as number)
  }

  isIsolated(row: number): boolean {
    return ((this.flags[row] as number) & IS_ISOLATED) !== 0
  }

  /** Lots of an owner's resting perp orders that may open. */
  openingOf(owner: User, perp: number): { readonly buy: number; readonly sell: number } {
    const row = this.find(this.#accounts.find(owner), perp)
    if (row === NO_ROW) return { buy: 0, sell: 0 }
    return { buy: this.buy[row] as number, sell: this.sell[row] as number }
  }

  /** Perps in which an owner has an entry or resting orders that may open. */
  perpsOf(owner: User): number[] {
    const perps: number[] = []
    const handle = this.#accounts.find(owner)
    if (handle === NO_ROW) return perps
    for (let row = this.#head(handle); row !== NO_ROW; row = this.#next[row] as number) {
      const isThere = ((this.flags[row] as number) & EXISTS) !== 0
      if (isThere || (this.buy[row] as number) + (this.sell[row] as number) > 0) {
        perps.push(this.#perpOf(row))
      }
    }
    return perps
  }

  /** Follows the resting orders of a user that may open, in lots. */
  addOpening(owner: number, perp: number, isBuy: boolean, change: number): void {
    const row = this.rowOf(owner, perp)
    const lots = isBuy ? this.buy : this.sell
    const sum = (lots[row] as number) + change
    assert(sum >= 0, 'a negative sum of open orders')
    const { initialMargin, marginEpoch } = this.#accounts
    if (marginEpoch[owner] !== this.#epoch) lots[row] = sum
    else {
      const mark = this.#markPx[perp] as number
      const rest = (initialMargin[owner] as number) - this.#initialOf(row, mark)
      lots[row] = sum
      initialMargin[owner] = exact(rest + this.#initialOf(row, mark))
    }
    if (sum === 0) this.#emptied.push(row)
  }

  /** Follows the mark price of a perp. */
  setMarkPx(perp: number, markPx: number): void {
    if (this.#markPx[perp] === markPx) return
    this.#markPx[perp] = markPx
    this.#epoch += 1
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
      leverage = this.leverage[row] as number
      isIsolated = this.isIsolated(row)
      oldSize = this.size[row] as number
      oldBuy = this.buy[row] as number
      oldSell = this.sell[row] as number
    }
    const newSize = oldSize + size
    const value = isIsolated ? 0 : exact(newSize * mark) - exact(oldSize * mark)
    const before = initialOf(isIsolated, mark, leverage, oldSize, oldBuy, oldSell)
    const after = initialOf(isIsolated, mark, leverage, newSize, oldBuy + buy, oldSell + sell)
    this.weighedValue = exact(
      accounts.nearRawUsd(owner) + rawUsd + (accounts.positionValue[owner] as number) + value,
    )
    this.weighedInitial = exact((accounts.initialMargin[owner] as number) - before + after)
  }

  /** Whether the last change weighed leaves the initial margin covered; `false` also when it must be counted with `bigint`. */
  isWeighedCovered(): boolean {
    return this.weighedValue >= this.weighedInitial
  }

  /** The initial margin of an account as it is; NaN asks for `bigint`. */
  initialMarginOf(owner: number): number {
    this.#refresh(owner)
    return this.#accounts.initialMargin[owner] as number
  }

  /** Whether `fill` can take so much (1e-6 USDC) on this row: a cross position whose numbers stay safe integers. */
  canFill(row: number, notional: number): boolean {
    const isPlain = ((this.flags[row] as number) & (IS_ISOLATED | IS_LARGE)) === 0
    return isPlain && (this.entryNtl[row] as number) + notional <= Number.MAX_SAFE_INTEGER
  }

  /**
   * Books a fill on a cross position as `changePosition` does, after `canFill`; the profit goes to `closedPnl`.
   *
   * Opening averages the entry by size, closing keeps the entry price and realises, a flip closes and then opens.
   */
  fill(row: number, isBuy: boolean, lots: number, px: number): void {
    this.#record(row)
    const before = this.size[row] as number
    const entry = this.entryNtl[row] as number
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
    this.#uncount(row)
    this.#countSizes(this.#perpOf(row), before, after)
    this.size[row] = after
    this.entryNtl[row] = entryNtl
    if ((this.fundAllTime[row] as number) !== 0 && before !== after) {
      this.fundSinceChange[row] = 0
      if (Math.sign(before) !== Math.sign(after)) this.fundSinceOpen[row] = 0
    }
    this.flags[row] = (this.flags[row] as number) | EXISTS
    if (after === 0) this.#dropDefault(row)
    this.#count(row)
    this.#mark(row)
  }

  takeBack(): void {
    const journal = this.#journal
    const row = journal.popNumber()
    const key = journal.popNumber()
    const flags = journal.popNumber()
    const leverage = journal.popNumber()
    assert(this.#keys[row] === key, 'a row that went to another position')
    this.#uncount(row)
    const before = this.size[row] as number
    const isolatedBefore = this.#isolatedRawUsdOf(row)
    for (const column of COLUMNS) this[column][row] = journal.popNumber()
    const kept = (this.flags[row] as number) & IS_CHANGED
    this.flags[row] = (flags & ~IS_CHANGED) | kept
    this.leverage[row] = leverage
    if ((flags & IS_LARGE) !== 0) this.#large.set(row, journal.popValue() as Position)
    else this.#large.delete(row)
    this.#countSizes(this.#perpOf(row), before, this.size[row] as number)
    this.#rawUsd.addLarge(this.#isolatedRawUsdOf(row) - isolatedBefore)
    this.#count(row)
    this.#mark(row)
  }

  drain(out: ByteWriter, sink: EntrySink): void {
    for (const row of this.#changed) {
      const flags = this.flags[row] as number
      this.flags[row] = flags & ~IS_CHANGED
      this.#accounts.writeAddress(out.u8(CORE_PREFIX).u8(this.tag), this.#ownerOf(row))
      const key = out.u32(this.#perpOf(row)).take()
      if ((flags & EXISTS) === 0) {
        sink(key, undefined)
        this.#emptied.push(row)
        continue
      }
      const large = this.#large.get(row)
      if (large !== undefined) POSITIONS.write(out, large)
      else {
        out
          .i53(this.size[row] as number)
          .safeInteger(this.entryNtl[row] as number)
          .u32(this.leverage[row] as number)
          .bool((flags & IS_ISOLATED) !== 0)
          .safeInteger(this.isolatedRawUsd[row] as number)
          .safeInteger(this.fundAllTime[row] as number)
          .safeInteger(this.fundSinceOpen[row] as number)
          .safeInteger(this.fundSinceChange[row] as number)
      }
      sink(key, out.take())
    }
    this.#changed.length = 0
    for (const row of this.#emptied) this.#releaseEmpty(row)
    this.#emptied.length = 0
  }

  load(key: ByteReader, value: ByteReader): void {
    const [owner, perp] = POSITIONS.readKey(key)
    key.end()
    const position = POSITIONS.read(value)
    value.end()
    const row = this.rowOf(this.#accounts.handleOf(owner), perp)
    if (((this.flags[row] as number) & EXISTS) !== 0) throw corrupt('an entry stands twice')
    this.#write(row, position)
    this.flags[row] = (this.flags[row] as number) & ~IS_CHANGED
    this.#changed.length = 0
  }

  #ownerOf(row: number): number {
    return Math.floor((this.#keys[row] as number) / PERPS)
  }

  #perpOf(row: number): number {
    // The low bits of a double are those of the perp.
    return (this.#keys[row] as number) & (PERPS - 1)
  }

  #head(owner: number): number {
    return this.#accounts.positionHead[owner] as number
  }

  #ofHandle(handle: number): Map<number, Position> {
    const positions = new Map<number, Position>()
    for (let row = this.#head(handle); row !== NO_ROW; row = this.#next[row] as number) {
      const position = this.#read(row)
      if (position !== undefined) positions.set(this.#perpOf(row), position)
    }
    return positions
  }

  #read(row: number): Position | undefined {
    const flags = this.flags[row] as number
    if ((flags & EXISTS) === 0) return undefined
    if ((flags & IS_LARGE) !== 0) return this.#large.get(row)
    return {
      size: this.size[row] as number,
      entryNtl: BigInt(this.entryNtl[row] as number),
      leverage: this.leverage[row] as number,
      isIsolated: (flags & IS_ISOLATED) !== 0,
      isolatedRawUsd: BigInt(this.isolatedRawUsd[row] as number),
      cumFunding: {
        allTime: BigInt(this.fundAllTime[row] as number),
        sinceOpen: BigInt(this.fundSinceOpen[row] as number),
        sinceChange: BigInt(this.fundSinceChange[row] as number),
      },
    }
  }

  #write(row: number, position: Position | undefined): void {
    this.#uncount(row)
    const before = this.size[row] as number
    const isolatedBefore = this.#isolatedRawUsdOf(row)
    const after = position?.size ?? 0
    if (position !== undefined && before !== after) {
      assert((after === 0) === (position.entryNtl === 0n), 'an entry without size')
    }
    let isLarge = false
    const column = (name: Column, value: bigint): void => {
      const number = near(value)
      this[name][row] = number
      if (Number.isNaN(number)) isLarge = true
    }
    this.size[row] = after
    column('entryNtl', position?.entryNtl ?? 0n)
    column('isolatedRawUsd', position?.isolatedRawUsd ?? 0n)
    column('fundAllTime', position?.cumFunding.allTime ?? 0n)
    column('fundSinceOpen', position?.cumFunding.sinceOpen ?? 0n)
    column('fundSinceChange', position?.cumFunding.sinceChange ?? 0n)
    const { leverage, isIsolated } =
      position ?? this.#defaultsOf(this.#ownerOf(row), this.#perpOf(row))
    this.leverage[row] = leverage
    this.flags[row] =
      ((this.flags[row] as number) & IS_CHANGED) |
      (position === undefined ? 0 : EXISTS) |
      (isIsolated ? IS_ISOLATED : 0) |
      (isLarge ? IS_LARGE : 0)
    if (isLarge && position !== undefined) this.#large.set(row, position)
    else this.#large.delete(row)
    this.#countSizes(this.#perpOf(row), before, after)
    const change = (position?.isolatedRawUsd ?? 0n) - isolatedBefore
    if (change !== 0n) this.#rawUsd.addLarge(change)
    this.#count(row)
    this.#mark(row)
  }

  #isolatedRawUsdOf(row: number): bigint {
    const value = this.isolatedRawUsd[row] as number
    return Number.isNaN(value) ? (this.#large.get(row)?.isolatedRawUsd ?? 0n) : BigInt(value)
  }

  /** A position that says nothing any more is no entry. */
  #dropDefault(row: number): void {
    const { leverage, isIsolated } = this.#defaultsOf(this.#ownerOf(row), this.#perpOf(row))
    const isDefault =
      this.leverage[row] === leverage &&
      this.isIsolated(row) === isIsolated &&
      this.isolatedRawUsd[row] === 0 &&
      this.fundAllTime[row] === 0
    if (isDefault) this.flags[row] = (this.flags[row] as number) & ~EXISTS
  }

  #record(row: number): void {
    const journal = this.#journal
    if (!journal.isOpen) return
    const flags = this.flags[row] as number
    if ((flags & IS_LARGE) !== 0) journal.pushValue(this.#large.get(row))
    // Not by their names in a loop: this is done for every fill.
    journal.pushNumber(this.fundSinceChange[row] as number)
    journal.pushNumber(this.fundSinceOpen[row] as number)
    journal.pushNumber(this.fundAllTime[row] as number)
    journal.pushNumber(this.isolatedRawUsd[row] as number)
    journal.pushNumber(this.entryNtl[row] as number)
    journal.pushNumber(this.size[row] as number)
    journal.pushNumber(this.leverage[row] as number)
    journal.pushNumber(flags)
    journal.pushNumber(this.#keys[row] as number)
    journal.pushNumber(row)
    journal.note(this)
  }

  #mark(row: number): void {
    const flags = this.flags[row] as number
    if ((flags & IS_CHANGED) !== 0) return
    this.flags[row] = flags | IS_CHANGED
    this.#changed.push(row)
  }

  #countSizes(perp: number, before: number, after: number): void {
    if (before === after) return
    sumOf(this.sizes, perp).add(after - before)
    const opened = Math.max(after, 0) - Math.max(before, 0)
    if (opened !== 0) sumOf(this.openInterest, perp).add(opened)
  }

  /** Takes a row out of the sums of its owner, if they are up to date. */
  #uncount(row: number): void {
    this.#addToSums(row, -1)
  }

  #count(row: number): void {
    this.#addToSums(row, 1)
  }

  #addToSums(row: number, sign: 1 | -1): void {
    const accounts = this.#accounts
    const owner = this.#ownerOf(row)
    if (accounts.marginEpoch[owner] !== this.#epoch) return
    const mark = this.#markPx[this.#perpOf(row)] as number
    const value = this.isIsolated(row) ? 0 : exact((this.size[row] as number) * mark)
    accounts.positionValue[owner] = exact((accounts.positionValue[owner] as number) + sign * value)
    accounts.initialMargin[owner] = exact(
      (accounts.initialMargin[owner] as number) + sign * this.#initialOf(row, mark),
    )
  }

  /** What a row needs at a mark, 1e-6 USDC. */
  #initialOf(row: number, mark: number): number {
    return initialOf(
      this.isIsolated(row),
      mark,
      this.leverage[row] as number,
      this.size[row] as number,
      this.buy[row] as number,
      this.sell[row] as number,
    )
  }

  /** Makes the sums of an account anew when a mark changed since. */
  #refresh(owner: number): void {
    const accounts = this.#accounts
    if (accounts.marginEpoch[owner] === this.#epoch) return
    accounts.marginEpoch[owner] = this.#epoch
    accounts.positionValue[owner] = 0
    accounts.initialMargin[owner] = 0
    for (let row = this.#head(owner); row !== NO_ROW; row = this.#next[row] as number) {
      this.#count(row)
    }
  }

  #add(owner: number, perp: number): number {
    const row = this.#take()
    const { leverage, isIsolated } = this.#defaultsOf(owner, perp)
    this.#keys[row] = owner * PERPS + perp
    this.flags[row] = isIsolated ? IS_ISOLATED : 0
    this.leverage[row] = leverage
    for (const column of COLUMNS) this[column][row] = 0
    this.buy[row] = 0
    this.sell[row] = 0
    const head = this.#head(owner)
    this.#next[row] = head
    this.#accounts.positionHead[owner] = row
    this.#index.add(this.#keys, row)
    this.#emptied.push(row)
    return row
  }

  #releaseEmpty(row: number): void {
    const isFree = this.#keys[row] === -1
    const isEntry = ((this.flags[row] as number) & (EXISTS | IS_CHANGED)) !== 0
    if (isFree || isEntry || (this.buy[row] as number) + (this.sell[row] as number) > 0) return
    this.#index.remove(this.#keys, row)
    this.#unlink(this.#ownerOf(row), row)
    this.#keys[row] = -1
    this.#next[row] = this.#freeRow
    this.#freeRow = row
  }

  /** Takes a row out of its owner's list, which is as short as an owner has perps. */
  #unlink(owner: number, row: number): void {
    const after = this.#next[row] as number
    let before = this.#head(owner)
    if (before === row) {
      this.#accounts.positionHead[owner] = after
      return
    }
    while (this.#next[before] !== row) before = this.#next[before] as number
    this.#next[before] = after
  }

  #take(): number {
    const free = this.#freeRow
    if (free !== NO_ROW) {
      this.#freeRow = this.#next[free] as number
      return free
    }
    if (this.#rowCount === this.#keys.length) {
      const length = grownLength(this.#rowCount)
      this.#keys = grown(this.#keys, length)
      this.flags = grown(this.flags, length)
      this.leverage = grown(this.leverage, length)
      for (const column of COLUMNS) this[column] = grown(this[column], length)
      this.buy = grown(this.buy, length)
      this.sell = grown(this.sell, length)
      this.#next = grown(this.#next, length)
    }
    const row = this.#rowCount
    this.#rowCount += 1
    return row
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
  const long = exact(size + buy)
  const short = exact(size - sell)
  const worst = Math.max(long < 0 ? -long : long, short < 0 ? -short : short)
  return ceilQuotient(exact(worst * mark), leverage)
}

/** `amount * part / whole`, rounded down. */
function shareOf(amount: number, part: number, whole: number): number {
  if (part === 0) return 0
  const fast = amount * part
  if (fast <= Number.MAX_SAFE_INTEGER) return floorQuotient(fast, whole)
  return Number((BigInt(amount) * BigInt(part)) / BigInt(whole))
}

function sumOf(sums: Map<number, ExactSum>, perp: number): ExactSum {
  const known = sums.get(perp)
  if (known !== undefined) return known
  const sum = new ExactSum()
  sums.set(perp, sum)
  return sum
}
