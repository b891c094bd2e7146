import { closeSync, fstatSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
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
import { JOURNAL_BYTES_MAX } from './limits.ts'

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
 * grown too large.
 *
 * @see docs/spec/evm.md §9
 */
export class TransactionJournal {
  readonly #path: string
  readonly #pool: JournalPool
  readonly #bytesMax: number
  #file = -1
  #bytes = 0

  /** Nothing is read or written before `restore`. @param bytesMax - above it the file is written anew */
  constructor(path: string, pool: JournalPool, bytesMax: number = JOURNAL_BYTES_MAX) {
    this.#path = path
    this.#pool = pool
    this.#bytesMax = bytesMax
  }

  /** Gives the mempool what waited in the last life. @returns how many it took, and how many it does not want any more */
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

  /** Returns when the record is in the file. Before `restore` there is nothing to add to. */
  add(transaction: Transaction): void {
    if (this.#file === -1) return
    const record = encodeRecord(transaction)
    this.#write(record)
    if (this.#bytes > this.#bytesMax) this.#rewrite()
  }

  close(): void {
    if (this.#file !== -1) closeSync(this.#file)
    this.#file = -1
  }

  /** Whole or not at all. */
  #rewrite(): void {
    this.close()
    const fresh = `${this.#path}.new`
    this.#file = openSync(fresh, 'w', 0o600)
    this.#bytes = 0
    for (const transaction of this.#pool.transactions()) this.#write(encodeRecord(transaction))
    renameSync(fresh, this.#path)
  }

  #write(record: Uint8Array): void {
    let written = 0
    while (written < record.length) written += writeSync(this.#file, record, written)
    this.#bytes += record.length
  }
}

function encodeRecord({ kind, bytes }: Transaction): Uint8Array {
  const body = concatBytes(Uint8Array.of(kind), bytes)
  const head = [uintToBytes(body.length, LENGTH_BYTES), uintToBytes(crc32(body), CHECKSUM_BYTES)]
  return concatBytes(...head, body)
}

/** The whole records of a journal up to the first that is not one; none when there is no such file. */
function* readJournal(path: string): Generator<Transaction> {
  const journal = readBounded(path)
  let at = 0
  while (at + HEAD_BYTES <= journal.length) {
    const length = Number(bytesToUint(journal.subarray(at, at + LENGTH_BYTES)))
    const checksum = Number(bytesToUint(journal.subarray(at + LENGTH_BYTES, at + HEAD_BYTES)))
    const body = journal.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length)
    const isWhole = length > 0 && length <= TRANSACTION_BYTES_MAX + 1 && body.length === length
    if (!isWhole || crc32(body) !== checksum || !isKind(body[0])) return
    yield { kind: body[0], bytes: body.slice(1) }
    at += HEAD_BYTES + length
  }
}

function isKind(byte: number | undefined): byte is TransactionKind {
  return byte === TRANSACTION_KIND.action || byte === TRANSACTION_KIND.evm
}

/** A file larger than a journal gets is none. */
function readBounded(path: string): Uint8Array {
  try {
    const file = openSync(path, 'r')
    try {
      const isJournal =
        fstatSync(file).size <= JOURNAL_BYTES_MAX + TRANSACTION_BYTES_MAX + HEAD_BYTES + 1
      return isJournal ? new Uint8Array(readFileSync(file)) : new Uint8Array(0)
    } finally {
      closeSync(file)
    }
  } catch {
    return new Uint8Array(0)
  }
}
