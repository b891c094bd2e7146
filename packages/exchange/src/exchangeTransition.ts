import { assert, type Hash, type Write } from '@openliquid/primitives'
import { type EntryRows, writesOf } from './entryRows.ts'
import type { EventRecords } from './eventJournal.ts'
import type { ExchangeEvent } from './events.ts'

/** What one block did to the Core. Writes and events are to be read before the next block begins. */
export interface ExchangeTransition {
  readonly coreRoot: Hash
  /** Ordered by key; every key starts with the byte `c`. */
  readonly writes: readonly Write[]
  readonly events: readonly ExchangeEvent[]
}

/** What a block left in memory that the machine uses again for the next one. */
export interface BlockRecords {
  readonly entries: EntryRows
  /** Places of the entries to write, by key. */
  readonly order: Uint32Array
  readonly events: EventRecords
}

/** Makes the objects when somebody asks for them, out of what the machine keeps until the next block begins. */
export class RecordedTransition implements ExchangeTransition {
  readonly coreRoot: Hash
  readonly #lease: RecordLease
  #writes: readonly Write[] | undefined
  #events: readonly ExchangeEvent[] | undefined

  constructor(coreRoot: Hash, lease: RecordLease) {
    this.coreRoot = coreRoot
    this.#lease = lease
  }

  /** @throws {InvariantError} when the next block has begun */
  get writes(): readonly Write[] {
    if (this.#writes === undefined) {
      const { entries, order } = this.#lease.records
      this.#writes = writesOf(entries, order)
    }
    return this.#writes
  }

  /** @throws {InvariantError} when the next block has begun */
  get events(): readonly ExchangeEvent[] {
    this.#events ??= this.#lease.records.events.read()
    return this.#events
  }
}

/** The right to read the records of a block, which ends when the next block begins. */
export class RecordLease {
  #records: BlockRecords | undefined

  constructor(records: BlockRecords) {
    this.#records = records
  }

  get records(): BlockRecords {
    assert(this.#records !== undefined, 'a block was read after the next one began')
    return this.#records
  }

  end(): void {
    this.#records = undefined
  }
}
