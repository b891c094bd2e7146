import { closeSync, ftruncateSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import {
  bytesToUint,
  concatBytes,
  TRANSACTION_BYTES_MAX,
  TRANSACTION_KIND,
  type Transaction,
  type TransactionKind,
  uintToBytes,
} from '@openliquid/primitives'

const LENGTH_BYTES = 4
const CHECKSUM_BYTES = 4
const HEAD_BYTES = LENGTH_BYTES + CHECKSUM_BYTES

/** What the journal asks of the mempool. */
export interface JournalPool {
  /** @throws when the mempool does not take it (any more) */
  admit(transaction: Transaction): unknown
  /** All that wait, in the order they came. */
  transactions(): Iterable<Transaction>
}

/**
 * Transactions that came in through this node's own doors, so that a killed node still has what it has accepted.
 *
 * A record is in the file before the client has its answer: it outlives the process, though not a power cut, for it is not
 * synced. A torn record at the end is left out. The file is written anew from the mempool at each start and when it has
 * grown to twice what the mempool may hold.
 *
 * @see docs/spec/evm.md §9
 */
export class TransactionJournal {
  readonly #path: string
  readonly #pool: JournalPool
  readonly #bytesMax: number
  #file: number | undefined
  #bytes = 0

  /** Nothing is read or written before `restore`. @param poolBytesMax - bytes of all transactions that the mempool holds */
  constructor(path: string, pool: JournalPool, poolBytesMax: number) {
    this.#path = path
    this.#pool = pool
    this.#bytesMax = 2 * poolBytesMax
  }

  /**
   * Gives the mempool what waited in the last life.
   *
   * @returns how many it took, and how many it does not want any more
   * @throws when there is a file that cannot be read, or none can be written
   */
  restore(): { readonly kept: number; readonly gone: number } {
    let [kept, gone] = [0, 0]
    for (const transaction of readJournal(this.#path)) {
      try {
        this.#pool.admit(transaction)
        kept++
      } catch {
        // Executed, or what the state no longer allows: the mempool counts the reason.
        gone++
      }
    }
    this.#rewrite()
    return { kept, gone }
  }

  /** Returns when the record is in the file. Before `restore` there is nothing to add to. @throws when the disk does not take it */
  add(transaction: Transaction): void {
    if (this.#file === undefined) return
    const record = encodeRecord(transaction)
    try {
      writeAll(this.#file, record, this.#bytes)
    } catch (error) {
      // What is added later must not stand behind a torn record.
      ftruncateSync(this.#file, this.#bytes)
      throw error
    }
    this.#bytes += record.length
    if (this.#bytes > this.#bytesMax) this.#rewrite()
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  /** Whole or not at all: until the new file is whole, the old one serves. */
  #rewrite(): void {
    const fresh = `${this.#path}.new`
    const file = openSync(fresh, 'w', 0o600)
    let bytes = 0
    try {
      for (const transaction of this.#pool.transactions()) {
        const record = encodeRecord(transaction)
        writeAll(file, record, bytes)
        bytes += record.length
      }
      renameSync(fresh, this.#path)
    } catch (error) {
      closeSync(file)
      throw error
    }
    this.close()
    this.#file = file
    this.#bytes = bytes
  }
}

function writeAll(file: number, bytes: Uint8Array, at: number): void {
  let written = 0
  while (written < bytes.length) {
    written += writeSync(file, bytes, written, bytes.length - written, at + written)
  }
}

function encodeRecord({ kind, bytes }: Transaction): Uint8Array {
  const body = concatBytes(Uint8Array.of(kind), bytes)
  const head = [uintToBytes(body.length, LENGTH_BYTES), uintToBytes(crc32(body), CHECKSUM_BYTES)]
  return concatBytes(...head, body)
}

/** The whole records of a journal up to the first that is not one; none when there is no such file. */
function* readJournal(path: string): Generator<Transaction> {
  const file = openExisting(path)
  if (file === undefined) return
  try {
    for (;;) {
      const head = readAll(file, HEAD_BYTES)
      if (head === undefined) return
      const length = Number(bytesToUint(head.subarray(0, LENGTH_BYTES)))
      if (length === 0 || length > TRANSACTION_BYTES_MAX + 1) return
      const body = readAll(file, length)
      if (body === undefined || !isKind(body[0])) return
      if (crc32(body) !== Number(bytesToUint(head.subarray(LENGTH_BYTES)))) return
      yield { kind: body[0], bytes: body.slice(1) }
    }
  } finally {
    closeSync(file)
  }
}

/** The next bytes of the file; undefined when it has fewer. */
function readAll(file: number, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const count = readSync(file, bytes, filled, length - filled, null)
    if (count === 0) return undefined
    filled += count
  }
  return bytes
}

function openExisting(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function isKind(byte: number | undefined): byte is TransactionKind {
  return byte === TRANSACTION_KIND.action || byte === TRANSACTION_KIND.evm
}
