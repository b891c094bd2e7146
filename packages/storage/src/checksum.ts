import { crc32 } from 'node:zlib'
import { bytesToHex } from '@openliquid/primitives'
import { StoreError } from './errors.ts'

const CHECKSUM_BYTES = 4

/** Longer values are sealed in memory of their own. */
const SCRATCH_BYTES = 65_536
const scratch = new Uint8Array(SCRATCH_BYTES)
/** More bytes than this are copied by a call instead of a loop. */
const LOOP_BYTES_MAX = 64

/**
 * payload ‖ CRC-32 over key and payload: a value that landed under another key is noticed too.
 *
 * @returns a view that the next call may overwrite, for a database that copies what it is given at once
 */
export function sealValue(key: Uint8Array, payload: Uint8Array): Uint8Array {
  const start = key.length
  const end = start + payload.length
  const size = end + CHECKSUM_BYTES
  const whole = size <= SCRATCH_BYTES ? scratch : new Uint8Array(size)
  // Side by side, so that one call sums both up: calls cost more than the bytes.
  copyInto(whole, key, 0)
  copyInto(whole, payload, start)
  writeUint32(whole, end, crc32(whole.subarray(0, end)))
  return whole.subarray(start, size)
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

function copyInto(target: Uint8Array, bytes: Uint8Array, at: number): void {
  if (bytes.length > LOOP_BYTES_MAX) target.set(bytes, at)
  else for (let i = 0; i < bytes.length; i++) target[at + i] = bytes[i] as number
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < CHECKSUM_BYTES; i++) bytes[at + i] = value >>> (24 - 8 * i)
}

function readUint32(bytes: Uint8Array, at: number): number {
  let value = 0
  for (let i = 0; i < CHECKSUM_BYTES; i++) value = (value << 8) | (bytes[at + i] as number)
  return value >>> 0
}
