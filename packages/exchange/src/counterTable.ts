import { type ByteReader, corrupt } from './byteCodec.ts'
import type { EntryWriter } from './entryRows.ts'
import type { Journal, Undoer } from './journal.ts'
import { COUNTERS, type Counters, type Singleton } from './records.ts'
import { CORE_PREFIX, type StoredTable } from './table.ts'

/** The one entry of counters, as plain numbers: every order takes one. */
export class CounterTable implements StoredTable, Undoer {
  readonly tag: number = COUNTERS.tag
  readonly #journal: Journal
  #isThere = false
  #isChanged = false
  #oid = 0
  #coreWriterSequence = 0
  #twapId = 0

  /** A number that was given out is undone without a record of it: every order takes one. */
  readonly #oidUndoer: Undoer = {
    takeBack: () => {
      this.#oid -= 1
    },
  }

  constructor(journal: Journal) {
    this.#journal = journal
  }

  get size(): number {
    return this.#isThere ? 1 : 0
  }

  get(_key: Singleton): Counters | undefined {
    if (!this.#isThere) return undefined
    return {
      oid: this.#oid,
      coreWriterSequence: this.#coreWriterSequence,
      twapId: this.#twapId,
    }
  }

  entries(): [Singleton, Counters][] {
    const counters = this.get(0)
    return counters === undefined ? [] : [[0, counters]]
  }

  set(_key: Singleton, counters: Counters): void {
    this.#record()
    this.#isThere = true
    this.#oid = counters.oid
    this.#coreWriterSequence = counters.coreWriterSequence
    this.#twapId = counters.twapId
  }

  /** Gives out the next order id. */
  nextOid(): number {
    if (this.#journal.isOpen) this.#journal.note(this.#oidUndoer)
    this.#isChanged = true
    const oid = this.#oid
    this.#oid = oid + 1
    return oid
  }

  takeBack(): void {
    this.#twapId = this.#journal.popNumber()
    this.#coreWriterSequence = this.#journal.popNumber()
    this.#oid = this.#journal.popNumber()
  }

  drain(out: EntryWriter): void {
    const counters = this.get(0)
    if (!this.#isChanged || counters === undefined) return
    this.#isChanged = false
    COUNTERS.writeKey(out.u8(CORE_PREFIX).u8(this.tag), 0)
    out.endKey()
    COUNTERS.write(out, counters)
    out.endValue()
  }

  load(key: ByteReader, value: ByteReader): void {
    COUNTERS.readKey(key)
    key.end()
    const counters = COUNTERS.read(value)
    value.end()
    if (this.#isThere) throw corrupt('an entry stands twice')
    this.set(0, counters)
    this.#isChanged = false
  }

  #record(): void {
    this.#isChanged = true
    if (!this.#journal.isOpen) return
    this.#journal.pushNumber(this.#oid)
    this.#journal.pushNumber(this.#coreWriterSequence)
    this.#journal.pushNumber(this.#twapId)
    this.#journal.note(this)
  }
}
