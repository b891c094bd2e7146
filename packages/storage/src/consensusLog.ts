import { randomBytes } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { join } from 'node:path'
import { assert, InvariantError } from '@openliquid/primitives'
import { WalError } from './errors.ts'
import { LOG_BODY_BYTES_MAX, LOG_SEGMENT_BYTES_MAX } from './limits.ts'
import { type LogIo, nodeLogIo } from './logIo.ts'
import {
  findRecordBeyond,
  type LoggedRecord,
  type LogKind,
  type LogRecord,
  RECORD_HEADER_BYTES,
  readRecord,
  writeRecord,
} from './logRecord.ts'
import {
  readSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentIndexOf,
  segmentName,
  writeSegmentHeader,
} from './logSegment.ts'

export type { LogIo } from './logIo.ts'
export { LOG_KIND, type LoggedRecord, type LogKind, type LogRecord } from './logRecord.ts'

export interface ConsensusLogOptions {
  /** Folder of the segments; created when absent. */
  readonly path: string
  readonly io?: LogIo
}

/** Kinds whose newest record starts each segment, so that older segments can go. In the order they are written. */
const CARRIED: readonly LogKind[] = ['safety', 'qc', 'tc', 'reputation']

const TEMPORARY = '.tmp'

interface Segment {
  readonly header: SegmentHeader
  lastSeq: bigint
}

/**
 * Opens or creates the consensus log and recovers it.
 *
 * @throws {WalError} OL_WAL_CORRUPT when something that was on disk is damaged, OL_WAL_OPEN
 * @see docs/spec/consensus.md §7
 */
export function openConsensusLog({ path, io = nodeLogIo }: ConsensusLogOptions): ConsensusLog {
  try {
    return new ConsensusLog(path, io)
  } catch (cause) {
    if (cause instanceof WalError || cause instanceof InvariantError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new WalError(
      `the consensus log in ${path} cannot be opened: ${reason}; check that the folder exists and is writable`,
      { code: 'OL_WAL_OPEN', path },
      { cause },
    )
  }
}

/**
 * The write-ahead log of consensus: safety data and blocks that are not yet in the database.
 *
 * Everything is synchronous. When `append` with `sync` returns, its records and all before are on disk; a signature
 * may leave the process only then. Any failed write or sync is final: the log refuses every later call.
 */
export class ConsensusLog {
  readonly path: string
  readonly #io: LogIo
  readonly #segments: Segment[] = []
  readonly #newest = new Map<LogKind, LoggedRecord>()
  readonly #recovered: LoggedRecord[] = []
  #file = -1
  #position = 0
  #nextSeq = 1n
  #syncedSeq = 0n
  #failed: WalError | undefined
  #closed = false

  /** @see openConsensusLog */
  constructor(path: string, io: LogIo) {
    this.path = path
    this.#io = io
    mkdirSync(path, { recursive: true })
    this.#recover()
  }

  /** What the log held when it was opened, in order; empty in a new one. */
  recover(): readonly LoggedRecord[] {
    return this.#recovered
  }

  /** Sequence number of the newest record; 0 before the first. */
  get lastSeq(): bigint {
    return this.#nextSeq - 1n
  }

  /** Everything up to here is on disk. */
  get syncedSeq(): bigint {
    return this.#syncedSeq
  }

  /** Files that the log occupies now. */
  get segmentCount(): number {
    return this.#segments.length
  }

  /**
   * Appends records in order, and with `sync` puts them and all earlier ones on disk before it returns.
   *
   * @returns sequence number of the last of them
   * @throws {WalError} OL_WAL_WRITE, OL_WAL_SYNC: fatal, see there
   */
  append(records: readonly LogRecord[], { sync }: { readonly sync: boolean }): bigint {
    this.#assertUsable()
    let pending: LogRecord[] = []
    let pendingBytes = 0
    for (const record of records) {
      assert(record.body.length <= LOG_BODY_BYTES_MAX, 'log record within LOG_BODY_BYTES_MAX')
      const bytes = RECORD_HEADER_BYTES + record.body.length
      if (this.#position + pendingBytes + bytes > LOG_SEGMENT_BYTES_MAX) {
        this.#write(pending, pendingBytes)
        this.#rotate()
        pending = []
        pendingBytes = 0
      }
      pending.push(record)
      pendingBytes += bytes
    }
    this.#write(pending, pendingBytes)
    if (sync) this.#sync()
    return this.lastSeq
  }

  /**
   * Deletes the segments that hold nothing from `seq` on: the caller says from where on blocks are not yet in the
   * database. The segment being written stays, and with it the newest safety record.
   */
  prune(seq: bigint): void {
    this.#assertUsable()
    let deleted = false
    while (this.#segments.length > 1) {
      const [oldest] = this.#segments
      if (oldest === undefined || oldest.lastSeq >= seq) break
      this.#guard('OL_WAL_WRITE', () => rmSync(this.#pathOf(oldest.header.index)))
      this.#segments.shift()
      deleted = true
    }
    if (deleted) this.#guard('OL_WAL_SYNC', () => this.#io.syncFolder(this.path))
  }

  /** Syncs what is left and lets the files go. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    try {
      if (this.#failed === undefined && this.#syncedSeq < this.lastSeq) this.#sync()
    } finally {
      if (this.#file >= 0) closeSync(this.#file)
      this.#file = -1
    }
  }

  #assertUsable(): void {
    if (this.#failed !== undefined) throw this.#failed
    if (this.#closed) throw new WalError('the consensus log is closed', { code: 'OL_WAL_CLOSED' })
  }

  #write(records: readonly LogRecord[], bytes: number): void {
    if (records.length === 0) return
    const { header } = this.#current
    const buffer = new Uint8Array(bytes)
    let at = 0
    let seq = this.#nextSeq
    for (const { kind, body } of records) {
      const record = { kind, body, seq, syncedSeq: this.#syncedSeq }
      at = writeRecord(buffer, at, header.salt, record)
      this.#remember(record)
      seq += 1n
    }
    assert(at === bytes, 'records fill their buffer')
    this.#guard('OL_WAL_WRITE', () => this.#io.write(this.#file, buffer, this.#position))
    this.#position += bytes
    this.#nextSeq = seq
    this.#current.lastSeq = seq - 1n
  }

  #sync(): void {
    // The kernel may drop the pages of a failed sync: a second one would succeed and prove nothing.
    this.#guard('OL_WAL_SYNC', () => this.#io.sync(this.#file))
    this.#syncedSeq = this.lastSeq
  }

  /** A new segment begins only when all of the old one is on disk: a hole in an old segment is always damage. */
  #rotate(): void {
    if (this.#syncedSeq < this.lastSeq) this.#sync()
    closeSync(this.#file)
    this.#file = -1
    this.#startSegment(this.#current.header.index + 1)
  }

  /**
   * Creates a segment under another name, with the newest safety record and certificates in front, and renames it
   * when it is on disk: under its own name a segment is whole.
   */
  #startSegment(index: number): void {
    const header: SegmentHeader = {
      index,
      salt: randomBytes(4).readUInt32BE(),
      firstSeq: this.#nextSeq,
    }
    const image = new Uint8Array(LOG_SEGMENT_BYTES_MAX)
    writeSegmentHeader(image, header)
    let at = SEGMENT_HEADER_BYTES
    for (const kind of CARRIED) {
      const newest = this.#newest.get(kind)
      if (newest === undefined) continue
      const record = { ...newest, seq: this.#nextSeq, syncedSeq: this.#syncedSeq }
      at = writeRecord(image, at, header.salt, record)
      this.#remember(record)
      this.#nextSeq += 1n
    }
    const path = this.#pathOf(index)
    this.#guard('OL_WAL_WRITE', () => {
      this.#file = openSync(path + TEMPORARY, 'w+')
      this.#io.write(this.#file, image, 0)
    })
    this.#guard('OL_WAL_SYNC', () => {
      this.#io.sync(this.#file)
      renameSync(path + TEMPORARY, path)
      this.#io.syncFolder(this.path)
    })
    this.#segments.push({ header, lastSeq: this.#nextSeq - 1n })
    this.#position = at
    this.#syncedSeq = this.#nextSeq - 1n
  }

  #recover(): void {
    const indexes: number[] = []
    for (const name of readdirSync(this.path).sort()) {
      if (name.endsWith(`.log${TEMPORARY}`)) rmSync(join(this.path, name))
      const index = segmentIndexOf(name)
      if (index !== undefined) indexes.push(index)
    }
    for (const [i, index] of indexes.entries()) {
      const first = indexes[0] as number
      if (index !== first + i) throw this.#corrupt(first + i, 'the segment is missing')
      this.#recoverSegment(index, i === indexes.length - 1)
    }
    if (this.#segments.length === 0) this.#startSegment((indexes.at(-1) ?? -1) + 1)
  }

  #recoverSegment(index: number, isLast: boolean): void {
    const source = plainBytes(readFileSync(this.#pathOf(index)))
    const header = readSegmentHeader(source)
    if (header === undefined) {
      // A lone segment cut inside its header holds nothing at all: the same as no log.
      if (isLast && this.#segments.length === 0 && source.length < SEGMENT_HEADER_BYTES) {
        rmSync(this.#pathOf(index))
        return
      }
      throw this.#corrupt(index, 'the header is damaged')
    }
    if (header.index !== index) throw this.#corrupt(index, 'the header names another segment')
    if (this.#segments.length > 0 && header.firstSeq !== this.#nextSeq) {
      throw this.#corrupt(index - 1, `records up to ${header.firstSeq - 1n} were written`)
    }
    this.#nextSeq = header.firstSeq
    let at = SEGMENT_HEADER_BYTES
    for (;;) {
      const record = readRecord(source, at, header.salt)
      if (record === undefined || record.seq !== this.#nextSeq) break
      const { seq, kind, body } = record
      this.#recovered.push({ seq, kind, body })
      this.#remember({ seq, kind, body })
      this.#nextSeq += 1n
      at = record.end
    }
    this.#segments.push({ header, lastSeq: this.#nextSeq - 1n })
    if (isLast) this.#reopen(source, at, header)
  }

  /** Ends the newest segment after its last whole record: by truncation of an unsynced tail, or with an alarm. */
  #reopen(source: Uint8Array, end: number, header: SegmentHeader): void {
    const beyond = findRecordBeyond(source, end, header.salt, this.#nextSeq)
    if (beyond !== undefined) {
      throw this.#corrupt(
        header.index,
        `record ${beyond} was written after record ${this.#nextSeq} had reached the disk`,
      )
    }
    this.#guard('OL_WAL_WRITE', () => {
      this.#file = openSync(this.#pathOf(header.index), 'r+')
      // Old records beyond the hole would come back to life when new ones reach them.
      this.#io.write(this.#file, new Uint8Array(LOG_SEGMENT_BYTES_MAX - end), end)
    })
    this.#position = end
    this.#sync()
  }

  #remember(record: LoggedRecord): void {
    if (CARRIED.includes(record.kind)) this.#newest.set(record.kind, record)
  }

  get #current(): Segment {
    const current = this.#segments.at(-1)
    assert(current !== undefined, 'an open log has a segment')
    return current
  }

  #pathOf(index: number): string {
    return join(this.path, segmentName(index))
  }

  #guard(code: 'OL_WAL_WRITE' | 'OL_WAL_SYNC', call: () => void): void {
    try {
      call()
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      this.#failed = new WalError(
        `the consensus log in ${this.path} cannot be ${code === 'OL_WAL_SYNC' ? 'synced' : 'written'}: ${reason}; nothing is signed any more: check the disk, then start again`,
        { code, segment: this.path },
        { cause },
      )
      throw this.#failed
    }
  }

  #corrupt(index: number, reason: string): WalError {
    const segment = segmentName(index)
    return new WalError(
      `the consensus log is damaged in ${segment} at record ${this.#nextSeq}: ${reason}; do not repair it by hand: restore the folder, or remove it and set a watermark by slashing reset`,
      { code: 'OL_WAL_CORRUPT', segment, seq: this.#nextSeq, reason },
    )
  }
}

function plainBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}
