import type { LogRecord } from '@openliquid/consensus'
import { assert } from '@openliquid/primitives'
import type { Prng } from './prng.ts'

/** The log of one node: what was synced survives a crash, of the rest any prefix may. */
export class VirtualDisk {
  #records: LogRecord[] = []
  #syncedCount = 0

  append(records: readonly LogRecord[], { sync }: { readonly sync: boolean }): void {
    this.#records.push(...records)
    if (sync) this.#syncedCount = this.#records.length
    assert(this.#syncedCount <= this.#records.length, 'nothing is synced that was not written')
  }

  /** Loses some of what was not synced. */
  crash(prng: Prng): void {
    const unsynced = this.#records.length - this.#syncedCount
    this.#records.length = this.#syncedCount + prng.below(unsynced + 1)
    this.#syncedCount = this.#records.length
  }

  get records(): readonly LogRecord[] {
    return this.#records
  }

  /** Newest record that would be left after the worst crash, of those that match. */
  lastDurable(matches: (record: LogRecord) => boolean): LogRecord | undefined {
    for (let i = this.#syncedCount - 1; i >= 0; i--) {
      const record = this.#records[i]
      if (record !== undefined && matches(record)) return record
    }
    return undefined
  }
}
