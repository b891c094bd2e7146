import { assert, type Write } from '@openliquid/primitives'
import { ByteWriter } from './byteCodec.ts'
import { grown, grownLength, KeptRoom } from './growth.ts'

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
  readonly #room = new KeptRoom()
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
    const kept = this.#room.lengthAfter(this.starts.length, this.#count, ENTRIES_FIRST)
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

/** Bytes that entries of writes share: what the allocator has at hand, where large ones are fresh pages of memory. */
const CHUNK_BITS = 14

/**
 * Copied for each write. Arrays of a literal are allocated among what is old once some of them survived for a while, as
 * writes do until they are stored; then none is collected before all that is old is, and each block takes fresh memory.
 */
const WRITE: readonly [key: Uint8Array, value: Uint8Array | undefined] = [
  new Uint8Array(0),
  undefined,
]

/** Entries as objects, in a given order; they share copies of the bytes. */
export function writesOf(rows: EntryRows, order: Iterable<number>): Write[] {
  const { starts, keyEnds, ends } = rows
  const chunks = chunksOf(rows)
  const writes: Write[] = []
  for (const i of order) {
    const start = starts[i] as number
    const chunk = chunks[start >>> CHUNK_BITS] as Uint8Array
    const from = (start >>> CHUNK_BITS) << CHUNK_BITS
    const keyEnd = (keyEnds[i] as number) - from
    const end = ends[i] as number
    const write = WRITE.slice() as [Uint8Array, Uint8Array | undefined]
    write[0] = chunk.subarray(start - from, keyEnd)
    if (end !== REMOVED) write[1] = chunk.subarray(keyEnd, end - from)
    writes.push(write)
  }
  return writes
}

/** Copies of the bytes, each with all of the entries that start in its part of them. */
function chunksOf({ count, memory, starts, keyEnds, ends }: EntryRows): (Uint8Array | undefined)[] {
  const chunkEnds: number[] = []
  for (let i = 0; i < count; i++) {
    const chunk = (starts[i] as number) >>> CHUNK_BITS
    // A large entry leaves chunks out.
    while (chunkEnds.length < chunk) chunkEnds.push(0)
    chunkEnds[chunk] = Math.max(keyEnds[i] as number, ends[i] as number)
  }
  return chunkEnds.map((end, chunk) =>
    end === 0 ? undefined : memory.slice(chunk << CHUNK_BITS, end),
  )
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
