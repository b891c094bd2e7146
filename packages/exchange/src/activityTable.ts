import { ACTIVITIES, type Activity } from './accountRecords.ts'
import type { AccountTable } from './accountTable.ts'
import { type ByteReader, corrupt } from './byteCodec.ts'
import type { EntryWriter } from './entryRows.ts'
import { exact, near } from './exactSum.ts'
import { grown } from './growth.ts'
import type { Journal, Undoer } from './journal.ts'
import { NumberList } from './numberList.ts'
import { NO_ROW } from './orderArena.ts'
import type { User } from './records.ts'
import { CORE_PREFIX, type StoredTable } from './table.ts'

const EXISTS = 1
const IS_CHANGED = 2

/** What addresses did so far, as columns by the handles of `AccountTable`: every trade adds to two of them. */
export class ActivityTable implements StoredTable, Undoer {
  readonly tag: number = ACTIVITIES.tag
  readonly #journal: Journal
  readonly #accounts: AccountTable
  #flags: Uint8Array = new Uint8Array(64)
  /** NaN where a double could not hold it, and then in `#large`. */
  #volume: Float64Array = new Float64Array(64)
  readonly #large = new Map<number, bigint>()
  #requests: Float64Array = new Float64Array(64)
  #reserved: Float64Array = new Float64Array(64)
  #overdrawnMs: Float64Array = new Float64Array(64)
  readonly #changed = new NumberList()

  readonly #volumes: Undoer = { takeBack: () => void this.#takeVolumeBack() }

  constructor(journal: Journal, accounts: AccountTable) {
    this.#journal = journal
    this.#accounts = accounts
  }

  get(user: User): Activity | undefined {
    const handle = this.#accounts.find(user)
    return handle === NO_ROW ? undefined : this.#read(handle)
  }

  /** In no order that means anything. */
  *entries(): IterableIterator<[User, Activity]> {
    for (let handle = 0; handle < this.#flags.length; handle++) {
      const activity = this.#read(handle)
      if (activity !== undefined) yield [this.#accounts.userOf(handle), activity]
    }
  }

  set(user: User, activity: Activity): void {
    const handle = this.#accounts.handleOf(user)
    this.#reach(handle)
    this.#record(handle)
    this.#flags[handle] = (this.#flags[handle] as number) | EXISTS
    this.#setVolume(handle, activity.volume)
    this.#requests[handle] = activity.requests
    this.#reserved[handle] = activity.reserved
    this.#overdrawnMs[handle] = activity.overdrawnMs
    this.#mark(handle)
  }

  /** What an address traded, 1e-6 USDC; NaN when it is not a safe integer. */
  nearVolumeOf(handle: number): number {
    return handle < this.#volume.length ? (this.#volume[handle] as number) : 0
  }

  /** Adds to what an address traded, 1e-6 USDC, a safe integer. */
  addVolume(handle: number, change: number): void {
    this.#reach(handle)
    this.#recordVolume(handle)
    const volume = exact((this.#volume[handle] as number) + change)
    if (Number.isNaN(volume)) this.#setVolume(handle, this.#volumeOf(handle) + BigInt(change))
    else this.#volume[handle] = volume
    this.#flags[handle] = (this.#flags[handle] as number) | EXISTS
    this.#mark(handle)
  }

  takeBack(): void {
    const journal = this.#journal
    const handle = this.#takeVolumeBack()
    this.#overdrawnMs[handle] = journal.popNumber()
    this.#reserved[handle] = journal.popNumber()
    this.#requests[handle] = journal.popNumber()
  }

  /** Returns whose volume it was. */
  #takeVolumeBack(): number {
    const journal = this.#journal
    const handle = journal.popNumber()
    const exists = journal.popNumber() & EXISTS
    const volume = journal.popNumber()
    const isLarge = Number.isNaN(volume)
    this.#setVolume(handle, isLarge ? (journal.popValue() as bigint) : BigInt(volume))
    this.#flags[handle] = ((this.#flags[handle] as number) & ~EXISTS) | exists
    this.#mark(handle)
    return handle
  }

  drain(out: EntryWriter): void {
    const changed = this.#changed
    for (let i = 0; i < changed.length; i++) {
      const handle = changed.at(i)
      this.#flags[handle] = (this.#flags[handle] as number) & ~IS_CHANGED
      this.#accounts.writeAddress(out.u8(CORE_PREFIX).u8(this.tag), handle)
      out.endKey()
      if (((this.#flags[handle] as number) & EXISTS) === 0) {
        out.remove()
        continue
      }
      const volume = this.#volume[handle] as number
      if (Number.isNaN(volume)) out.integer(this.#volumeOf(handle))
      else out.safeInteger(volume)
      out
        .u53(this.#requests[handle] as number)
        .u53(this.#reserved[handle] as number)
        .u53(this.#overdrawnMs[handle] as number)
      out.endValue()
    }
    this.#changed.clear()
  }

  load(key: ByteReader, value: ByteReader): void {
    const user = ACTIVITIES.readKey(key)
    key.end()
    const activity = ACTIVITIES.read(value)
    value.end()
    if (this.get(user) !== undefined) throw corrupt('an entry stands twice')
    this.set(user, activity)
    const handle = this.#accounts.handleOf(user)
    this.#flags[handle] = (this.#flags[handle] as number) & ~IS_CHANGED
    this.#changed.clear()
  }

  #read(handle: number): Activity | undefined {
    if (handle >= this.#flags.length || ((this.#flags[handle] as number) & EXISTS) === 0) {
      return undefined
    }
    return {
      volume: this.#volumeOf(handle),
      requests: this.#requests[handle] as number,
      reserved: this.#reserved[handle] as number,
      overdrawnMs: this.#overdrawnMs[handle] as number,
    }
  }

  #volumeOf(handle: number): bigint {
    const volume = this.#volume[handle] as number
    return Number.isNaN(volume) ? (this.#large.get(handle) as bigint) : BigInt(volume)
  }

  #setVolume(handle: number, volume: bigint): void {
    const value = near(volume)
    this.#volume[handle] = value
    if (Number.isNaN(value)) this.#large.set(handle, volume)
    else this.#large.delete(handle)
  }

  #record(handle: number): void {
    const journal = this.#journal
    if (!journal.isOpen) return
    journal.pushNumber(this.#requests[handle] as number)
    journal.pushNumber(this.#reserved[handle] as number)
    journal.pushNumber(this.#overdrawnMs[handle] as number)
    this.#pushVolume(handle)
    journal.note(this)
  }

  /** What a trade changes: the rest of an entry stays. */
  #recordVolume(handle: number): void {
    if (!this.#journal.isOpen) return
    this.#pushVolume(handle)
    this.#journal.note(this.#volumes)
  }

  #pushVolume(handle: number): void {
    const journal = this.#journal
    const volume = this.#volume[handle] as number
    if (Number.isNaN(volume)) journal.pushValue(this.#large.get(handle))
    journal.pushNumber(volume)
    journal.pushNumber(this.#flags[handle] as number)
    journal.pushNumber(handle)
  }

  #mark(handle: number): void {
    const flags = this.#flags[handle] as number
    if ((flags & IS_CHANGED) !== 0) return
    this.#flags[handle] = flags | IS_CHANGED
    this.#changed.push(handle)
  }

  /** Makes the columns reach as far as the accounts. */
  #reach(handle: number): void {
    if (handle < this.#flags.length) return
    const length = this.#accounts.capacity
    this.#flags = grown(this.#flags, length)
    this.#volume = grown(this.#volume, length)
    this.#requests = grown(this.#requests, length)
    this.#reserved = grown(this.#reserved, length)
    this.#overdrawnMs = grown(this.#overdrawnMs, length)
  }
}
