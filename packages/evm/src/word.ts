// Words of 256 bits as bigints and as bytes.

const scratch = new DataView(new ArrayBuffer(32))
const scratchBytes = new Uint8Array(scratch.buffer)

/** Big-endian in 32 bytes. */
export function wordBytes(value: bigint): Uint8Array {
  writeWord(scratch, 0, value)
  return scratchBytes.slice()
}

/** Big-endian in 20 bytes. @param value - below 2^160 */
export function addressBytes(value: bigint): Uint8Array {
  writeWord(scratch, 0, value)
  return scratchBytes.slice(12)
}

/** Puts a word big-endian into 32 bytes of a buffer. */
export function writeWord(view: DataView, at: number, value: bigint): void {
  if (value < LOW_END) {
    view.setBigUint64(at, 0n)
    view.setBigUint64(at + 8, 0n)
    view.setBigUint64(at + 16, 0n)
    view.setBigUint64(at + 24, value)
    return
  }
  // The view keeps the low 64 bits of what it is given.
  view.setBigUint64(at, value >> 192n)
  view.setBigUint64(at + 8, value >> 128n)
  view.setBigUint64(at + 16, value >> 64n)
  view.setBigUint64(at + 24, value)
}

/** The word that stands big-endian in 32 bytes of a buffer. */
export function readWord(view: DataView, at: number): bigint {
  const low = view.getBigUint64(at + 24)
  const b = view.getBigUint64(at + 16)
  const c = view.getBigUint64(at + 8)
  const d = view.getBigUint64(at)
  if (d === 0n && c === 0n) return b === 0n ? low : (b << 64n) | low
  return (((d << 64n) | c) << 128n) | (b << 64n) | low
}

const LOW_END = 1n << 64n

/** The integer that at most 32 bytes are, big-endian. */
export function bytesWord(bytes: Uint8Array): bigint {
  const { length } = bytes
  if (length <= SMALL_BYTES) {
    let value = 0
    for (let i = 0; i < length; i++) value = value * 256 + (bytes[i] as number)
    return BigInt(value)
  }
  scratchBytes.fill(0, 0, 32 - length)
  scratchBytes.set(bytes, 32 - length)
  return readWord(scratch, 0)
}

/** Big-endian without leading zeros; empty for 0. @param value - below 2^256 */
export function shortestBytes(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array(0)
  writeWord(scratch, 0, value)
  let start = value < LOW_END ? 24 : 0
  while (scratchBytes[start] === 0) start++
  return scratchBytes.slice(start)
}

/** Bytes whose integer is an exact number. */
const SMALL_BYTES = 6
