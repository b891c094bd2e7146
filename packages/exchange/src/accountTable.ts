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
  #addresses: Uint8Array = new Uint8Array(64 * ADDRESS_BYTES)
  /** 1e-6 USDC; NaN where a double could not hold it, and then in `#large`. */
  #rawUsd: Float64Array = new Float64Array(64)
  readonly #large = new Map<number, bigint>()
  #flags: Uint8Array = new Uint8Array(64)
  readonly #changed = new NumberList()
  /** Handles of accounts that changed, themselves or their positions, since `RiskIndex` found them safe. */
  readonly touched: number[] = []
  #size = 0
  /** First resting order and how many there are, first position row: kept by their tables. */
  orderHead: Int32Array = new Int32Array(64)
  orderCount: Int32Array = new Int32Array(64)
  positionHead: Int32Array = new Int32Array(64)
  /** What the cross margin of an account is made of; kept by `PositionTable`. */
  marginEpoch: Int32Array = new Int32Array(64)
  positionValue: Float64Array = new Float64Array(64)
  initialMargin: Float64Array = new Float64Array(64)

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
    return this.#flags.length
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
    return ((this.#flags[handle] as number) & EXISTS) !== 0
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

  /** Collateral as a double, or NaN when it is not a safe integer. */
  nearRawUsd(handle: number): number {
    return this.#rawUsd[handle] as number
  }

  /** Changes the collateral of an account by a safe integer. */
  addRawUsd(handle: number, change: number): void {
    if (change === 0) return
    this.#record(handle)
    const before = this.#rawUsd[handle] as number
    const after = exact(before + change)
    if (Number.isNaN(after)) this.#setRawUsd(handle, this.#rawUsdOf(handle) + BigInt(change))
    else {
      this.#rawUsd[handle] = after
      this.#total.add(change)
    }
    this.#mark(handle)
  }

  /** Something that the margin of an account depends on has changed. */
  touch(handle: number): void {
    const flags = this.#flags[handle] as number
    if ((flags & IS_TOUCHED) !== 0) return
    this.#flags[handle] = flags | IS_TOUCHED
    this.touched.push(handle)
  }

  /** The account is safe: its handle leaves `touched`, which is the caller's to do. */
  untouch(handle: number): void {
    this.#flags[handle] = (this.#flags[handle] as number) & ~IS_TOUCHED
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
      this.#flags[handle] = (this.#flags[handle] as number) & ~IS_CHANGED
      this.writeAddress(out.u8(CORE_PREFIX).u8(this.tag), handle)
      out.endKey()
      if (!this.exists(handle)) {
        out.remove()
        continue
      }
      const rawUsd = this.#rawUsd[handle] as number
      if (Number.isNaN(rawUsd)) out.integer(this.#rawUsdOf(handle))
      else out.safeInteger(rawUsd)
      out.bool(((this.#flags[handle] as number) & USES_BIG_BLOCKS) !== 0)
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
    this.#flags[handle] = (this.#flags[handle] as number) & ~IS_CHANGED
    this.#changed.clear()
  }

  #read(handle: number): Account | undefined {
    if (!this.exists(handle)) return undefined
    return {
      rawUsd: this.#rawUsdOf(handle),
      usingBigBlocks: ((this.#flags[handle] as number) & USES_BIG_BLOCKS) !== 0,
    }
  }

  #write(handle: number, account: Account | undefined): void {
    const before = this.#flags[handle] as number
    const exists = account !== undefined
    this.#size += Number(exists) - (before & EXISTS)
    this.#setRawUsd(handle, account?.rawUsd ?? 0n)
    const kept = before & ~(EXISTS | USES_BIG_BLOCKS)
    this.#flags[handle] =
      kept | (exists ? EXISTS : 0) | (account?.usingBigBlocks === true ? USES_BIG_BLOCKS : 0)
    this.#mark(handle)
  }

  #rawUsdOf(handle: number): bigint {
    const value = this.#rawUsd[handle] as number
    return Number.isNaN(value) ? (this.#large.get(handle) as bigint) : BigInt(value)
  }

  #setRawUsd(handle: number, rawUsd: bigint): void {
    this.#total.addLarge(rawUsd - this.#rawUsdOf(handle))
    const value = near(rawUsd)
    this.#rawUsd[handle] = value
    if (Number.isNaN(value)) this.#large.set(handle, rawUsd)
    else this.#large.delete(handle)
  }

  #record(handle: number): void {
    const journal = this.#journal
    if (!journal.isOpen) return
    const rawUsd = this.#rawUsd[handle] as number
    if (Number.isNaN(rawUsd)) journal.pushValue(this.#large.get(handle))
    journal.pushNumber(rawUsd)
    journal.pushNumber(this.#flags[handle] as number)
    journal.pushNumber(handle)
    journal.note(this)
  }

  #mark(handle: number): void {
    this.touch(handle)
    const flags = this.#flags[handle] as number
    if ((flags & IS_CHANGED) !== 0) return
    this.#flags[handle] = flags | IS_CHANGED
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
    if (handle === this.#flags.length) {
      const length = grownLength(handle)
      this.#addresses = grown(this.#addresses, length * ADDRESS_BYTES)
      this.#rawUsd = grown(this.#rawUsd, length)
      this.#flags = grown(this.#flags, length)
      this.orderHead = grown(this.orderHead, length)
      this.orderCount = grown(this.orderCount, length)
      this.positionHead = grown(this.positionHead, length)
      this.marginEpoch = grown(this.marginEpoch, length)
      this.positionValue = grown(this.positionValue, length)
      this.initialMargin = grown(this.initialMargin, length)
    }
    this.#users.push(user)
    this.#addresses.set(hexToBytes(user, ADDRESS_BYTES), handle * ADDRESS_BYTES)
    this.#handles.set(user, handle)
    this.#byAddress.add(this.#addresses, handle)
    this.orderHead[handle] = NO_ROW
    this.positionHead[handle] = NO_ROW
    return handle
  }
}
