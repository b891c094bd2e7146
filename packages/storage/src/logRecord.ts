import { crc32 } from 'node:zlib'
import { LOG_BODY_BYTES_MAX } from './limits.ts'

/** Kind byte of a log record; docs/spec/consensus.md §7. */
export const LOG_KIND = {
  safety: 1,
  block: 2,
  qc: 3,
  tc: 4,
  commit: 5,
  reputation: 6,
} as const
export type LogKind = keyof typeof LOG_KIND

const KIND_OF_BYTE: readonly (LogKind | undefined)[] = [
  undefined,
  'safety',
  'block',
  'qc',
  'tc',
  'commit',
  'reputation',
]

/** What consensus wants kept. The body's meaning is the writer's own. */
export interface LogRecord {
  readonly kind: LogKind
  readonly body: Uint8Array
}

/** A record as it stands in the log. */
export interface LoggedRecord extends LogRecord {
  readonly seq: bigint
}

/** Bytes before the body: u32 len, u32 crc32, u64 seq, u64 syncedSeq, u8 kind. */
export const RECORD_HEADER_BYTES = 25

const CRC_AT = 4
const SEQ_AT = 8
const SYNCED_SEQ_AT = 16
const KIND_AT = 24

interface Numbered extends LoggedRecord {
  readonly syncedSeq: bigint
}

/**
 * Writes one record.
 *
 * The checksum starts from the segment's salt: bytes inside a body can then not pass for a record of their own.
 */
export function writeRecord(
  target: Uint8Array,
  at: number,
  salt: number,
  record: Numbered,
): number {
  const end = at + RECORD_HEADER_BYTES + record.body.length
  const view = new DataView(target.buffer, target.byteOffset)
  view.setUint32(at, record.body.length)
  view.setBigUint64(at + SEQ_AT, record.seq)
  view.setBigUint64(at + SYNCED_SEQ_AT, record.syncedSeq)
  target[at + KIND_AT] = LOG_KIND[record.kind]
  target.set(record.body, at + RECORD_HEADER_BYTES)
  view.setUint32(at + CRC_AT, checksum(target, at, end, salt))
  return end
}

/** Reads the record that begins at a position; undefined when none does. */
export function readRecord(
  source: Uint8Array,
  at: number,
  salt: number,
): (Numbered & { readonly end: number }) | undefined {
  if (at + RECORD_HEADER_BYTES > source.length) return undefined
  const kind = KIND_OF_BYTE[source[at + KIND_AT] as number]
  if (kind === undefined) return undefined
  const view = new DataView(source.buffer, source.byteOffset)
  const size = view.getUint32(at)
  const end = at + RECORD_HEADER_BYTES + size
  if (size > LOG_BODY_BYTES_MAX || end > source.length) return undefined
  if (view.getUint32(at + CRC_AT) !== checksum(source, at, end, salt)) return undefined
  return {
    kind,
    seq: view.getBigUint64(at + SEQ_AT),
    syncedSeq: view.getBigUint64(at + SYNCED_SEQ_AT),
    body: source.slice(at + RECORD_HEADER_BYTES, end),
    end,
  }
}

/**
 * Looks for a record that proves damage: valid, beyond the hole, and written when `seq` was known to be on disk.
 *
 * The length of what is damaged cannot be trusted, so every position counts. Linear: a record is checksummed only
 * where its numbers fit.
 */
export function findRecordBeyond(
  source: Uint8Array,
  from: number,
  salt: number,
  seq: bigint,
): bigint | undefined {
  const view = new DataView(source.buffer, source.byteOffset)
  for (let at = from; at + RECORD_HEADER_BYTES <= source.length; at++) {
    if (KIND_OF_BYTE[source[at + KIND_AT] as number] === undefined) continue
    const syncedSeq = view.getBigUint64(at + SYNCED_SEQ_AT)
    if (syncedSeq < seq || syncedSeq >= view.getBigUint64(at + SEQ_AT)) continue
    const record = readRecord(source, at, salt)
    if (record !== undefined) return record.seq
  }
  return undefined
}

function checksum(bytes: Uint8Array, at: number, end: number, salt: number): number {
  const length = crc32(bytes.subarray(at, at + CRC_AT), salt)
  return crc32(bytes.subarray(at + SEQ_AT, end), length)
}
