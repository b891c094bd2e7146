import { crc32 } from 'node:zlib'

/** "OLWA". */
const MAGIC = 0x4f4c5741
const VERSION = 1

/** Bytes before a segment's first record. */
export const SEGMENT_HEADER_BYTES = 32

/** What a segment says of itself. */
export interface SegmentHeader {
  readonly index: number
  /** Start value of the checksums of its records; random. */
  readonly salt: number
  /** Sequence number of its first record: one more than the last of the segment before. */
  readonly firstSeq: bigint
}

export function segmentName(index: number): string {
  return `${String(index).padStart(8, '0')}.log`
}

/** Index in a segment's file name; undefined for other files. */
export function segmentIndexOf(name: string): number | undefined {
  const match = /^(\d{8})\.log$/.exec(name)
  return match === null ? undefined : Number(match[1])
}

export function writeSegmentHeader(target: Uint8Array, header: SegmentHeader): void {
  const view = new DataView(target.buffer, target.byteOffset)
  view.setUint32(0, MAGIC)
  view.setUint32(4, VERSION)
  view.setUint32(8, header.index)
  view.setUint32(12, header.salt)
  view.setBigUint64(16, header.firstSeq)
  view.setUint32(28, crc32(target.subarray(0, 28)))
}

/** Undefined when the bytes are not a header of this version. */
export function readSegmentHeader(source: Uint8Array): SegmentHeader | undefined {
  if (source.length < SEGMENT_HEADER_BYTES) return undefined
  const view = new DataView(source.buffer, source.byteOffset)
  if (view.getUint32(28) !== crc32(source.subarray(0, 28))) return undefined
  if (view.getUint32(0) !== MAGIC || view.getUint32(4) !== VERSION) return undefined
  return { index: view.getUint32(8), salt: view.getUint32(12), firstSeq: view.getBigUint64(16) }
}
