import { assert, type Write } from '@openliquid/primitives'
import { ByteWriter } from './byteCodec.ts'
import { grown, grownLength, keptLength } from './growth.ts'

/** Entries to set or to remove, as places in bytes that they share: thousands of them are no object each. */
export interface EntryRows {
  readonly count: number
  /** Key and value of one entry after those of another. */
  readonly memory: Uint8Array
  /** Where the key of an entry starts. */
  readonly starts: Int32Array
  /** Where its key ends, and its value starts. */
  readonly keyEnds: Int32Array
  /** Where its value ends; -1 for an entry to remove. */
  readonly ends: Int32Array
}

const ENTRIES_FIRST = 64
/** In `ends`: the entry is to be removed. */
export const REMOVED = -1

/** Writes entries: the bytes of a key, `endKey`, and the bytes of its value, `endValue`; or `endKey` and `remove`. */
export class EntryWriter extends ByteWriter implements EntryRows {
  starts: Int32Array = new Int32Array(ENTRIES_FIRST)
  keyEnds: Int32Array = new Int32Array(ENTRIES_FIRST)
  ends: Int32Array = new Int32Array(ENTRIES_FIRST)
  #count = 0
  /** Where what is being written started. */
  #start = 0

  /** Entries that are complete. */
  get count(): number {
    return this.#count
  }

  /** What was written since the last entry is a key. */
  endKey(): void {
    const count = this.#count
    if (count === this.starts.length) this.#grow()
    this.starts[count] = this.#start
    this.keyEnds[count] = this.size
  }

  /** What was written since the key is its value. */
  endValue(): void {
    this.ends[this.#count] = this.size
    this.#start = this.size
    this.#count += 1
  }

  /** The entry of the key is to be removed. */
  remove(): void {
    assert(this.keyEnds[this.#count] === this.size, 'a value of an entry that is removed')
    this.ends[this.#count] = REMOVED
    this.#start = this.size
    this.#count += 1
  }

  /** Begins anew, in the same memory: what was written must have been read. */
  override clear(): void {
    super.clear()
    const kept = keptLength(this.starts.length, this.#count, ENTRIES_FIRST)
    if (kept !== this.starts.length) {
      this.starts = new Int32Array(kept)
      this.keyEnds = new Int32Array(kept)
      this.ends = new Int32Array(kept)
    }
    this.#count = 0
    this.#start = 0
  }

  #grow(): void {
    const length = grownLength(this.starts.length)
    this.starts = grown(this.starts, length)
    this.keyEnds = grown(this.keyEnds, length)
    this.ends = grown(this.ends, length)
  }
}

/** Entries as objects, in a given order; they share a copy of the bytes. */
export function writesOf(rows: EntryRows, order: Iterable<number>): Write[] {
  const { count, starts, keyEnds, ends } = rows
  const last = count - 1
  const size = count === 0 ? 0 : Math.max(keyEnds[last] as number, ends[last] as number)
  const memory = rows.memory.slice(0, size)
  const writes: Write[] = []
  for (const i of order) {
    const keyEnd = keyEnds[i] as number
    const end = ends[i] as number
    writes.push([
      memory.subarray(starts[i] as number, keyEnd),
      end === REMOVED ? undefined : memory.subarray(keyEnd, end),
    ])
  }
  return writes
}

/** Entries that stand in objects, as rows. */
export function entryRows(changes: Iterable<Write>): EntryRows {
  const out = new EntryWriter()
  for (const [key, value] of changes) {
    out.bytes(key).endKey()
    if (value === undefined) out.remove()
    else out.bytes(value).endValue()
  }
  return out
}
