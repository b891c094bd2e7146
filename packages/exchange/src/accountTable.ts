import { type Address, bytesToHex, hexToBytes } from '@openliquid/primitives'
import { ADDRESS_BYTES, AddressIndex } from './addressIndex.ts'
import { type ByteReader, type ByteWriter, corrupt } from './byteCodec.ts'
import type { EntryWriter } from './entryRows.ts'
import { type ExactSum, exact, near } from './exactSum.ts'
import { grown, grownLength } from './growth.ts'
import type { Journal, Undoer } from './journal.ts'
import { NumberList } from './numberList.ts'
import { NO_ROW } from './orderArena.ts'
import { ACCOUNTS, type Account, type User } from './records.ts'
import { CORE_PREFIX, type StoredTable } from './table.ts'

const EXISTS = 1
const USES_BIG_BLOCKS = 2
const IS_CHANGED = 4
const IS_TOUCHED = 8

// An account is a record of 48 bytes, so that what an order or a match asks of it comes with one or two accesses to
// memory. Places in `doubles`, from six times the handle on: safe integers, or NaN.
/** 1e-6 USDC; NaN where a double could not hold it, and then in `#large`. */
const RAW_USD = 0
/** What the cross margin is made of, 1e-6 USDC; kept by `CrossMargin`. */
export const ACCOUNT_POSITION_VALUE = 1
export const ACCOUNT_INITIAL_MARGIN = 2
// Places in `words`, from twelve times the handle on, behind the doubles.
export const ACCOUNT_MARGIN_EPOCH = 6
/** First row of its positions, or -1; kept by `PositionRows`. */
export const ACCOUNT_POSITION_HEAD = 7
/** First of its resting orders, or -1, and how many there are; kept by `OrderTable`. */
export const ACCOUNT_ORDER_HEAD = 8
export const ACCOUNT_ORDER_COUNT = 9
const FLAGS = 10

const RECORD_DOUBLES = 6
const ACCOUNTS_FIRST = 64

/**
 * Accounts as rows of columns. The row of a user is its handle: given out once, when something first asks for it, and
 * never again to anyone else, so other columns link to it. Handles are not state: a loaded machine has others.
 */
export class AccountTable implements StoredTable, Undoer {
  readonly tag: number = ACCOUNTS.tag
  readonly #journal: Journal
  /** Sum of all collateral. */
  readonly #total: ExactSum
  readonly #handles = new Map<User, number>()
  readonly #byAddress = new AddressIndex()
  readonly #users: User[] = []
  #lastUser: User = ''
  #lastHandle = NO_ROW
  /** Addresses one after another. */
  #addresses: Uint8Array = new Uint8Array(ACCOUNTS_FIRST * ADDRESS_BYTES)
  /** The same memory twice; another one after a new handle was given out. */
  doubles: Float64Array = new Float64Array(ACCOUNTS_FIRST * RECORD_DOUBLES)
  words: Int32Array = new Int32Array(this.doubles.buffer)
  readonly #large = new Map<number, bigint>()
  readonly #changed = new NumberList()
  /** Handles of accounts that changed, themselves or their positions, since `RiskIndex` found them safe. */
  readonly touched: number[] = []
  #size = 0

  constructor(journal: Journal, total: ExactSum) {
    this.#journal = journal
    this.#total = total
  }

  /** Accounts that exist. */
  get size(): number {
    return this.#size
  }

  /** Handles that the columns have room for. */
  get capacity(): number {
    return this.doubles.length / RECORD_DOUBLES
  }

  /** The handle of a user, who need not have an account. */
  handleOf(user: User): number {
    // The orders of a batch ask for the same user again and again.
    if (user === this.#lastUser) return this.#lastHandle
    const handle = this.#handles.get(user) ?? this.#add(user)
    this.#lastUser = user
    this.#lastHandle = handle
    return handle
  }

  /** The handle of a user if one was given out, else -1. */
  find(user: User): number {
    return user === this.#lastUser ? this.#lastHandle : (this.#handles.get(user) ?? NO_ROW)
  }

  /** The user of an address. */
  userAt(address: Address): User {
    const handle = this.#byAddress.find(this.#addresses, address)
    return handle === NO_ROW ? bytesToHex(address) : this.#keep(handle)
  }

  /** The same user as the string that is kept already: one copy in memory, and compared by being the same. */
  known(user: User): User {
    const handle = this.find(user)
    return handle === NO_ROW ? user : this.#keep(handle)
  }

  userOf(handle: number): User {
    return this.#users[handle] as User
  }

  addressOf(handle: number): Address {
    return this.#addresses.slice(handle * ADDRESS_BYTES, (handle + 1) * ADDRESS_BYTES)
  }

  /** Writes the address of a user. */
  writeAddress(out: ByteWriter, handle: number): void {
    out.part(this.#addresses, handle * ADDRESS_BYTES, ADDRESS_BYTES)
  }

  has(user: User): boolean {
    const handle = this.find(user)
    return handle !== NO_ROW && this.exists(handle)
  }

  exists(handle: number): boolean {
    return (this.word(handle, FLAGS) & EXISTS) !== 0
  }

  get(user: User): Account | undefined {
    const handle = this.find(user)
    return handle === NO_ROW ? undefined : this.#read(handle)
  }

  /** In no order that means anything. */
  *entries(): IterableIterator<[User, Account]> {
    for (const [user, handle] of this.#handles) {
      const account = this.#read(handle)
      if (account !== undefined) yield [user, account]
    }
  }

  set(user: User, account: Account | undefined): void {
    const handle = this.handleOf(user)
    this.#record(handle)
    this.#write(handle, account)
  }

  /** A number of an account, by its place in the record. */
  double(handle: number, place: number): number {
    return this.doubles[6 * handle + place] as number
  }

  setDouble(handle: number, place: number, value: number): void {
    this.doubles[6 * handle + place] = value
  }

  word(handle: number, place: number): number {
    return this.words[12 * handle + place] as number
  }

  setWord(handle: number, place: number, value: number): void {
    this.words[12 * handle + place] = value
  }

  /** Collateral as a double, or NaN when it is not a safe integer. */
  nearRawUsd(handle: number): number {
    return this.double(handle, RAW_USD)
  }

  /** Changes the collateral of an account by a safe integer. */
  addRawUsd(handle: number, change: number): void {
    if (change === 0) return
    this.#record(handle)
    const before = this.double(handle, RAW_USD)
    const after = exact(before + change)
    if (Number.isNaN(after)) this.#setRawUsd(handle, this.#rawUsdOf(handle) + BigInt(change))
    else {
      this.setDouble(handle, RAW_USD, after)
      this.#total.add(change)
    }
    this.#mark(handle)
  }

  /** Something that the margin of an account depends on has changed. */
  touch(handle: number): void {
    const flags = this.word(handle, FLAGS)
    if ((flags & IS_TOUCHED) !== 0) return
    this.setWord(handle, FLAGS, flags | IS_TOUCHED)
    this.touched.push(handle)
  }

  /** The account is safe: its handle leaves `touched`, which is the caller's to do. */
  untouch(handle: number): void {
    this.setWord(handle, FLAGS, this.word(handle, FLAGS) & ~IS_TOUCHED)
  }

  takeBack(): void {
    const journal = this.#journal
    const handle = journal.popNumber()
    const flags = journal.popNumber()
    const rawUsd = journal.popNumber()
    const value = Number.isNaN(rawUsd) ? (journal.popValue() as bigint) : BigInt(rawUsd)
    const usingBigBlocks = (flags & USES_BIG_BLOCKS) !== 0
    this.#write(handle, (flags & EXISTS) === 0 ? undefined : { rawUsd: value, usingBigBlocks })
  }

  drain(out: EntryWriter): void {
    const changed = this.#changed
    for (let i = 0; i < changed.length; i++) {
      const handle = changed.at(i)
      this.setWord(handle, FLAGS, this.word(handle, FLAGS) & ~IS_CHANGED)
      this.writeAddress(out.u8(CORE_PREFIX).u8(this.tag), handle)
      out.endKey()
      if (!this.exists(handle)) {
        out.remove()
        continue
      }
      const rawUsd = this.double(handle, RAW_USD)
      if (Number.isNaN(rawUsd)) out.integer(this.#rawUsdOf(handle))
      else out.safeInteger(rawUsd)
      out.bool((this.word(handle, FLAGS) & USES_BIG_BLOCKS) !== 0)
      out.endValue()
    }
    this.#changed.clear()
  }

  load(key: ByteReader, value: ByteReader): void {
    const handle = this.handleOf(ACCOUNTS.readKey(key))
    key.end()
    const account = ACCOUNTS.read(value)
    value.end()
    if (this.exists(handle)) throw corrupt('an entry stands twice')
    this.#write(handle, account)
    this.setWord(handle, FLAGS, this.word(handle, FLAGS) & ~IS_CHANGED)
    this.#changed.clear()
  }

  #read(handle: number): Account | undefined {
    if (!this.exists(handle)) return undefined
    return {
      rawUsd: this.#rawUsdOf(handle),
      usingBigBlocks: (this.word(handle, FLAGS) & USES_BIG_BLOCKS) !== 0,
    }
  }

  #write(handle: number, account: Account | undefined): void {
    const before = this.word(handle, FLAGS)
    const exists = account !== undefined
    this.#size += Number(exists) - (before & EXISTS)
    this.#setRawUsd(handle, account?.rawUsd ?? 0n)
    const kept = before & ~(EXISTS | USES_BIG_BLOCKS)
    const usesBigBlocks = account?.usingBigBlocks === true ? USES_BIG_BLOCKS : 0
    this.setWord(handle, FLAGS, kept | (exists ? EXISTS : 0) | usesBigBlocks)
    this.#mark(handle)
  }

  #rawUsdOf(handle: number): bigint {
    const value = this.double(handle, RAW_USD)
    return Number.isNaN(value) ? (this.#large.get(handle) as bigint) : BigInt(value)
  }

  #setRawUsd(handle: number, rawUsd: bigint): void {
    this.#total.addLarge(rawUsd - this.#rawUsdOf(handle))
    const value = near(rawUsd)
    this.setDouble(handle, RAW_USD, value)
    if (Number.isNaN(value)) this.#large.set(handle, rawUsd)
    else this.#large.delete(handle)
  }

  #record(handle: number): void {
    const journal = this.#journal
    if (!journal.isOpen) return
    const rawUsd = this.double(handle, RAW_USD)
    if (Number.isNaN(rawUsd)) journal.pushValue(this.#large.get(handle))
    journal.pushNumber(rawUsd)
    journal.pushNumber(this.word(handle, FLAGS))
    journal.pushNumber(handle)
    journal.note(this)
  }

  #mark(handle: number): void {
    this.touch(handle)
    const flags = this.word(handle, FLAGS)
    if ((flags & IS_CHANGED) !== 0) return
    this.setWord(handle, FLAGS, flags | IS_CHANGED)
    this.#changed.push(handle)
  }

  /** Remembers who was asked for last. */
  #keep(handle: number): User {
    this.#lastUser = this.userOf(handle)
    this.#lastHandle = handle
    return this.#lastUser
  }

  #add(user: User): number {
    const handle = this.#users.length
    if (handle === this.capacity) {
      const length = grownLength(handle)
      this.#addresses = grown(this.#addresses, length * ADDRESS_BYTES)
      this.doubles = grown(this.doubles, length * RECORD_DOUBLES)
      this.words = new Int32Array(this.doubles.buffer, 0, 2 * this.doubles.length)
    }
    this.#users.push(user)
    this.#addresses.set(hexToBytes(user, ADDRESS_BYTES), handle * ADDRESS_BYTES)
    this.#handles.set(user, handle)
    this.#byAddress.add(this.#addresses, handle)
    this.setWord(handle, ACCOUNT_ORDER_HEAD, NO_ROW)
    this.setWord(handle, ACCOUNT_POSITION_HEAD, NO_ROW)
    return handle
  }
}
