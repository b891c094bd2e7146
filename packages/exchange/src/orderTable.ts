import { assert } from '@openliquid/primitives'
import { ACCOUNT_ORDER_COUNT, ACCOUNT_ORDER_HEAD, type AccountTable } from './accountTable.ts'
import { type ByteReader, type ByteWriter, corrupt } from './byteCodec.ts'
import type { EntryWriter } from './entryRows.ts'
import type { Journal, Undoer } from './journal.ts'
import type { Market } from './market.ts'
import { NumberList } from './numberList.ts'
import {
  doubleAt,
  NO_ROW,
  ORDER_ASSET,
  ORDER_FLAGS,
  ORDER_HAS_EXTRAS,
  ORDER_IS_ALO,
  ORDER_IS_BUY,
  ORDER_IS_CHANGED,
  ORDER_IS_REDUCE_ONLY,
  ORDER_IS_REMOVED,
  ORDER_IS_STORED,
  ORDER_ORIG_SIZE,
  ORDER_OWN_NEXT,
  ORDER_OWN_PREVIOUS,
  ORDER_OWNER,
  ORDER_PX,
  ORDER_SIZE,
  ORDER_TIMESTAMP_MS,
  type OrderArena,
  type OrderRowExtras,
  wordAt,
} from './orderArena.ts'
import type { OrderKind } from './orderEvents.ts'
import { ORDERS, type Order, type User } from './records.ts'
import { CORE_PREFIX, type StoredTable } from './table.ts'

// What a journal entry is about.
const INSERTED = 0
const REMOVED = 1
const RESIZED = 2

/** What follows the orders: books, sums and names. Taking a change back is a change too. */
export interface OrderHooks {
  readonly marketOf: (asset: number) => Market
  /** The row gained so many lots; it is in the arena before and after. */
  readonly sizeChanged: (market: Market, row: number, change: number) => void
  /** Of rows with extras: their names came or went. */
  readonly named: (row: number, isThere: boolean) => void
}

/** What an order is when it comes: `size` is what it came with. */
export interface NewOrder extends OrderRowExtras {
  readonly oid: number
  readonly user: User
  readonly isBuy: boolean
  readonly px: number
  readonly size: number
  readonly kind: OrderKind
  readonly reduceOnly: boolean
}

/** Resting orders: rows of the arena that the books share, with what makes them state. */
export class OrderTable implements StoredTable, Undoer {
  readonly tag: number = ORDERS.tag
  readonly arena: OrderArena
  readonly #journal: Journal
  readonly #accounts: AccountTable
  readonly #hooks: OrderHooks
  readonly #changed = new NumberList()
  /** Ids of stored orders that are gone since the last block. */
  readonly #deleted = new NumberList()
  /** Rows that the running action took out: it may be taken back. */
  readonly #removed = new NumberList()

  constructor(arena: OrderArena, journal: Journal, accounts: AccountTable, hooks: OrderHooks) {
    this.arena = arena
    this.#journal = journal
    this.#accounts = accounts
    this.#hooks = hooks
    journal.onEnd(() => this.#releaseRemoved())
  }

  get size(): number {
    return this.arena.count - this.#removed.length
  }

  /** The row of an order, or -1. */
  find(oid: number): number {
    return this.arena.find(oid)
  }

  get(oid: number): Order | undefined {
    const row = this.arena.find(oid)
    return row === NO_ROW ? undefined : this.read(row)
  }

  has(oid: number): boolean {
    return this.arena.find(oid) !== NO_ROW
  }

  /** In no order that means anything. */
  *entries(): IterableIterator<[number, Order]> {
    for (const row of this.arena.rows()) yield [this.arena.oid(row), this.read(row)]
  }

  /** An order as a record of its own. */
  read(row: number): Order {
    const arena = this.arena
    const flags = arena.flags(row)
    const extras = this.extrasOf(row)
    return {
      oid: arena.oid(row),
      user: this.#accounts.userOf(arena.owner(row)),
      asset: arena.asset(row),
      isBuy: (flags & ORDER_IS_BUY) !== 0,
      px: arena.px(row),
      size: arena.size(row),
      origSize: arena.double(row, ORDER_ORIG_SIZE),
      timeInForce: (flags & ORDER_IS_ALO) !== 0 ? 'alo' : 'gtc',
      reduceOnly: (flags & ORDER_IS_REDUCE_ONLY) !== 0,
      cloid: extras?.cloid,
      timestampMs: arena.double(row, ORDER_TIMESTAMP_MS),
      group: extras?.group ?? 0,
      builder: extras?.builder,
    }
  }

  extrasOf(row: number): OrderRowExtras | undefined {
    const has = (this.arena.flags(row) & ORDER_HAS_EXTRAS) !== 0
    return has ? this.arena.extras.get(row) : undefined
  }

  /** TP/SL group of an order, 0 for none. */
  groupOf(row: number): number {
    return this.extrasOf(row)?.group ?? 0
  }

  /** How many orders of a user rest. */
  countOf(user: User): number {
    const owner = this.#accounts.find(user)
    return owner === NO_ROW ? 0 : this.#accounts.word(owner, ACCOUNT_ORDER_COUNT)
  }

  /** Ids of the resting orders of a user, in no order that means anything. */
  oidsOf(user: User): number[] {
    const oids: number[] = []
    const owner = this.#accounts.find(user)
    if (owner === NO_ROW) return oids
    const { arena } = this
    let row = this.#accounts.word(owner, ACCOUNT_ORDER_HEAD)
    for (; row !== NO_ROW; row = arena.ownNext(row)) oids.push(arena.oid(row))
    return oids
  }

  /** Puts a new order into its book, with so many lots still open. */
  insert(order: NewOrder, asset: number, size: number, timestampMs: number): number {
    const arena = this.arena
    const row = arena.take()
    const { cloid, group, builder } = order
    const hasExtras = cloid !== undefined || group !== 0 || builder !== undefined
    arena.setOid(row, order.oid)
    const { doubles } = arena
    const at = doubleAt(row)
    doubles[at + ORDER_PX] = order.px
    doubles[at + ORDER_SIZE] = size
    doubles[at + ORDER_ORIG_SIZE] = order.size
    doubles[at + ORDER_TIMESTAMP_MS] = timestampMs
    const { words } = arena
    const from = wordAt(row)
    words[from + ORDER_OWNER] = this.#accounts.handleOf(order.user)
    words[from + ORDER_ASSET] = asset
    words[from + ORDER_FLAGS] =
      (order.isBuy ? ORDER_IS_BUY : 0) |
      (order.kind === 'alo' ? ORDER_IS_ALO : 0) |
      (order.reduceOnly ? ORDER_IS_REDUCE_ONLY : 0) |
      (hasExtras ? ORDER_HAS_EXTRAS : 0)
    if (hasExtras) arena.extras.set(row, { cloid, group, builder })
    this.#link(row)
    this.#note(INSERTED, row)
    this.#mark(row)
    return row
  }

  remove(row: number): void {
    this.#unlink(row)
    if (!this.#journal.isOpen) {
      this.#release(row)
      return
    }
    this.arena.setFlags(row, this.arena.flags(row) | ORDER_IS_REMOVED)
    this.#removed.push(row)
    this.#note(REMOVED, row)
  }

  /** Gives an order a new open size; its place in the queue stays. */
  resize(row: number, size: number): void {
    if (this.#journal.isOpen) this.#journal.pushNumber(this.arena.size(row))
    this.#resize(row, size)
    this.#note(RESIZED, row)
  }

  takeBack(): void {
    const journal = this.#journal
    const arena = this.arena
    const row = journal.popNumber()
    switch (journal.popNumber()) {
      case INSERTED:
        this.#unlink(row)
        this.#release(row)
        return
      case REMOVED:
        assert(this.#removed.pop() === row, 'an order put back out of turn')
        arena.setFlags(row, arena.flags(row) & ~ORDER_IS_REMOVED)
        this.#link(row)
        return
      default:
        this.#resize(row, journal.popNumber())
    }
  }

  drain(out: EntryWriter): void {
    const deleted = this.#deleted
    for (let i = 0; i < deleted.length; i++) {
      const oid = deleted.at(i)
      ORDERS.writeKey(out.u8(CORE_PREFIX).u8(this.tag), oid)
      out.endKey()
      out.remove()
    }
    this.#deleted.clear()
    const { arena } = this
    const changed = this.#changed
    for (let i = 0; i < changed.length; i++) {
      const row = changed.at(i)
      const flags = arena.flags(row)
      // A row that was given back, and perhaps taken again, is looked at once.
      if ((flags & ORDER_IS_CHANGED) === 0) continue
      arena.setFlags(row, (flags & ~ORDER_IS_CHANGED) | ORDER_IS_STORED)
      out.u8(CORE_PREFIX).u8(this.tag).u53(arena.oid(row)).endKey()
      if ((flags & ORDER_HAS_EXTRAS) !== 0) ORDERS.write(out, this.read(row))
      else this.#writePlain(out, row)
      out.endValue()
    }
    this.#changed.clear()
  }

  /** As `ORDERS.write`, of a row without extras. */
  #writePlain(out: ByteWriter, row: number): void {
    const arena = this.arena
    const { doubles } = arena
    const at = doubleAt(row)
    const { words } = arena
    const from = wordAt(row)
    const flags = words[from + ORDER_FLAGS] as number
    this.#accounts.writeAddress(out.u53(arena.oid(row)), words[from + ORDER_OWNER] as number)
    out
      .u32(words[from + ORDER_ASSET] as number)
      .bool((flags & ORDER_IS_BUY) !== 0)
      .u53(doubles[at + ORDER_PX] as number)
      .u53(doubles[at + ORDER_SIZE] as number)
      .u53(doubles[at + ORDER_ORIG_SIZE] as number)
      .bool((flags & ORDER_IS_ALO) !== 0)
      .bool((flags & ORDER_IS_REDUCE_ONLY) !== 0)
      .u53(doubles[at + ORDER_TIMESTAMP_MS] as number)
      .u53(0)
      .bool(false)
      .bool(false)
  }

  load(key: ByteReader, value: ByteReader): void {
    const oid = ORDERS.readKey(key)
    key.end()
    const order = ORDERS.read(value)
    value.end()
    if (order.oid !== oid) throw corrupt('an order under the id of another')
    if (this.has(oid)) throw corrupt('an entry stands twice')
    const { asset, size, timestampMs, origSize, timeInForce } = order
    const row = this.insert(
      { ...order, size: origSize, kind: timeInForce },
      asset,
      size,
      timestampMs,
    )
    this.arena.setFlags(row, (this.arena.flags(row) & ~ORDER_IS_CHANGED) | ORDER_IS_STORED)
    this.#changed.clear()
  }

  #resize(row: number, size: number): void {
    const change = size - this.arena.size(row)
    const market = this.#hooks.marketOf(this.arena.asset(row))
    market.book.resize(row, size)
    this.#hooks.sizeChanged(market, row, change)
    this.#mark(row)
  }

  /** Puts a row into its book, the index, the owner's list, the sums and the names. */
  #link(row: number): void {
    const arena = this.arena
    const accounts = this.#accounts
    const market = this.#hooks.marketOf(arena.asset(row))
    market.book.insert(row)
    arena.index(row)
    const { words } = arena
    const at = wordAt(row)
    const owner = words[at + ORDER_OWNER] as number
    const head = accounts.word(owner, ACCOUNT_ORDER_HEAD)
    words[at + ORDER_OWN_NEXT] = head
    words[at + ORDER_OWN_PREVIOUS] = NO_ROW
    if (head !== NO_ROW) arena.setWord(head, ORDER_OWN_PREVIOUS, row)
    accounts.setWord(owner, ACCOUNT_ORDER_HEAD, row)
    accounts.setWord(owner, ACCOUNT_ORDER_COUNT, accounts.word(owner, ACCOUNT_ORDER_COUNT) + 1)
    if ((arena.flags(row) & ORDER_HAS_EXTRAS) !== 0) this.#hooks.named(row, true)
    this.#hooks.sizeChanged(market, row, arena.size(row))
  }

  #unlink(row: number): void {
    const arena = this.arena
    const accounts = this.#accounts
    const market = this.#hooks.marketOf(arena.asset(row))
    market.book.remove(row)
    arena.unindex(row)
    const { words } = arena
    const at = wordAt(row)
    const owner = words[at + ORDER_OWNER] as number
    const before = words[at + ORDER_OWN_PREVIOUS] as number
    const after = words[at + ORDER_OWN_NEXT] as number
    if (before === NO_ROW) accounts.setWord(owner, ACCOUNT_ORDER_HEAD, after)
    else arena.setWord(before, ORDER_OWN_NEXT, after)
    if (after !== NO_ROW) arena.setWord(after, ORDER_OWN_PREVIOUS, before)
    accounts.setWord(owner, ACCOUNT_ORDER_COUNT, accounts.word(owner, ACCOUNT_ORDER_COUNT) - 1)
    if ((arena.flags(row) & ORDER_HAS_EXTRAS) !== 0) this.#hooks.named(row, false)
    this.#hooks.sizeChanged(market, row, -arena.size(row))
  }

  #release(row: number): void {
    const arena = this.arena
    if ((arena.flags(row) & ORDER_IS_STORED) !== 0) {
      this.#deleted.push(arena.oid(row))
    }
    arena.release(row)
  }

  #releaseRemoved(): void {
    const removed = this.#removed
    if (removed.length === 0) return
    for (let i = 0; i < removed.length; i++) this.#release(removed.at(i))
    removed.clear()
  }

  #note(change: number, row: number): void {
    if (!this.#journal.isOpen) return
    this.#journal.pushNumber(change)
    this.#journal.pushNumber(row)
    this.#journal.note(this)
  }

  #mark(row: number): void {
    const flags = this.arena.flags(row)
    if ((flags & ORDER_IS_CHANGED) !== 0) return
    this.arena.setFlags(row, flags | ORDER_IS_CHANGED)
    this.#changed.push(row)
  }
}
