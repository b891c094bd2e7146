import type { LogRecord } from '@openliquid/consensus'
import { assert } from '@openliquid/primitives'
import type { Prng } from './prng.ts'

/** Bytes in front of each record's body; docs/spec/consensus.md §7. */
const FRAME_BYTES = 25
/** A disk writes whole sectors, in any order; the last one it was writing may be torn at any byte. */
const SECTOR_BYTES = 512

/**
 * The log of one node, down to which bytes of it are on disk.
 *
 * What was synced survives every crash. Of the sectors written since, a crash keeps any subset, tears one, or turns a
 * bit over; recovery then keeps the records before the first damaged one, as `storage` does with the real log.
 */
export class VirtualDisk {
  readonly #records: LogRecord[] = []
  #syncedCount = 0
  #failsNextSync = false

  /** Returns whether the sync succeeded: after one that did not, the process must end. */
  append(records: readonly LogRecord[], { sync }: { readonly sync: boolean }): boolean {
    this.#records.push(...records)
    if (!sync) return true
    if (this.#failsNextSync) {
      this.#failsNextSync = false
      return false
    }
    this.#syncedCount = this.#records.length
    return true
  }

  /** The next sync fails, and what it should have put on disk may be lost. */
  failNextSync(): void {
    this.#failsNextSync = true
  }

  /** Loses some of what was not synced. */
  crash(prng: Prng): void {
    const unsynced = this.#records.slice(this.#syncedCount)
    if (unsynced.length > 0) this.#records.length = this.#syncedCount + survivorsOf(unsynced, prng)
    this.#syncedCount = this.#records.length
    this.#failsNextSync = false
  }

  get records(): readonly LogRecord[] {
    return this.#records
  }

  /** Newest record that would be left after the worst crash, of those that match. */
  lastDurable(matches: (record: LogRecord) => boolean): LogRecord | undefined {
    assert(this.#syncedCount <= this.#records.length, 'nothing is synced that was not written')
    for (let i = this.#syncedCount - 1; i >= 0; i--) {
      const record = this.#records[i]
      if (record !== undefined && matches(record)) return record
    }
    return undefined
  }
}

/** How many of the records that were written since the last sync are whole after a crash. */
function survivorsOf(unsynced: readonly LogRecord[], prng: Prng): number {
  const ends: number[] = []
  let size = 0
  for (const { body } of unsynced) {
    size += FRAME_BYTES + body.length
    ends.push(size)
  }
  const damagedAt = firstDamage(size, prng)
  const whole = ends.findIndex((end) => end > damagedAt)
  return whole < 0 ? ends.length : whole
}

/** Position of the first byte that is not as it was written. */
function firstDamage(size: number, prng: Prng): number {
  switch (prng.below(4)) {
    case 0:
      return size
    case 1: // A torn write, or a bit turned over: any byte.
      return prng.below(size + 1)
    case 2:
      return 0
    default:
      for (let at = 0; at < size; at += SECTOR_BYTES) if (prng.chance(500)) return at
      return size
  }
}
