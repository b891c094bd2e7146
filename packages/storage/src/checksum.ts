import { crc32 } from 'node:zlib'
import { bytesToHex } from '@openliquid/primitives'
import { StoreError } from './errors.ts'

const CHECKSUM_BYTES = 4

/** Longer values are sealed in memory of their own. */
const SCRATCH_BYTES = 65_536
const scratch = new Uint8Array(SCRATCH_BYTES)

/**
 * payload ‖ CRC-32 over key and payload: a value that landed under another key is noticed too.
 *
 * @returns a view that the next call may overwrite, for a database that copies what it is given at once
 */
export function sealValue(key: Uint8Array, payload: Uint8Array): Uint8Array {
  const size = payload.length + CHECKSUM_BYTES
  const sealed = size <= SCRATCH_BYTES ? scratch.subarray(0, size) : new Uint8Array(size)
  sealed.set(payload)
  writeUint32(sealed, payload.length, crc32(payload, crc32(key)))
  return sealed
}

/**
 * Takes the checksum off again, without a copy.
 *
 * @throws {StoreError} OL_STORE_CORRUPT
 */
export function openValue(key: Uint8Array, sealed: Uint8Array): Uint8Array {
  const size = sealed.length - CHECKSUM_BYTES
  if (size >= 0) {
    // A plain Uint8Array: a Buffer's `slice` shares memory, which callers do not expect.
    const payload = new Uint8Array(sealed.buffer, sealed.byteOffset, size)
    if (crc32(payload, crc32(key)) === readUint32(sealed, size)) return payload
  }
  throw new StoreError(
    `the stored value of key ${bytesToHex(key)} does not match its checksum; the disk has changed it: run db verify, then restore the data folder or sync again`,
    { code: 'OL_STORE_CORRUPT', key: bytesToHex(key) },
  )
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, value)
}

function readUint32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at)
}
