import { DecodeError } from '../types/errors.ts'
import type { Hex } from '../types/ids.ts'

const DIGITS = new TextEncoder().encode('0123456789abcdef')
/** By character code: the digit it stands for, or 255. */
const VALUES = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase())
  return value < 0 ? 255 : value
})
/** Bytes that are turned into one string at a time: a call takes only so many arguments. */
const CHUNK_BYTES = 4_096

/** `0x` and two lower-case digits a byte. */
export function bytesToHex(bytes: Uint8Array): Hex {
  let text = ''
  for (let from = 0; from < bytes.length || from === 0; from += CHUNK_BYTES) {
    const size = Math.min(CHUNK_BYTES, bytes.length - from)
    const start = from === 0 ? 2 : 0
    const codes = new Uint8Array(start + 2 * size)
    if (from === 0) {
      codes[0] = 48
      codes[1] = 120
    }
    for (let i = 0; i < size; i++) {
      const byte = bytes[from + i] as number
      codes[start + 2 * i] = DIGITS[byte >>> 4] as number
      codes[start + 2 * i + 1] = DIGITS[byte & 15] as number
    }
    // In one piece: a string that is added to digit by digit is a tree of as many pieces.
    const piece = String.fromCharCode.apply(null, codes as unknown as number[])
    text = from === 0 ? piece : text + piece
  }
  return text as Hex
}

/**
 * Reads `0x` and an even number of hex digits of either case.
 *
 * @param size - exact number of bytes wanted, if it is fixed
 * @throws {DecodeError} OL_DECODE_MALFORMED
 */
export function hexToBytes(text: string, size?: number): Uint8Array {
  let isHex = text.length >= 2 && text.length % 2 === 0 && text.startsWith('0x')
  const bytes = new Uint8Array(isHex ? (text.length - 2) / 2 : 0)
  for (let i = 0; i < bytes.length; i++) {
    const high = digit(text, 2 + 2 * i)
    const low = digit(text, 3 + 2 * i)
    if ((high | low) > 15) isHex = false
    bytes[i] = (high << 4) | low
  }
  if (!isHex) {
    throw new DecodeError('not a hex string', {
      code: 'OL_DECODE_MALFORMED',
      what: 'hex',
      reason: 'wants 0x and an even number of hex digits',
    })
  }
  if (size !== undefined && bytes.length !== size) {
    throw new DecodeError(`hex of ${bytes.length} bytes where ${size} are wanted`, {
      code: 'OL_DECODE_MALFORMED',
      what: 'hex',
      reason: `wants ${size} bytes`,
    })
  }
  return bytes
}

function digit(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code < VALUES.length ? (VALUES[code] as number) : 255
}
