import { DecodeError } from '../types/errors.ts'
import type { Hex } from '../types/ids.ts'

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** `0x` and two lower-case digits a byte. */
export function bytesToHex(bytes: Uint8Array): Hex {
  let text = '0x'
  for (let i = 0; i < bytes.length; i++) text += DIGITS[bytes[i] as number]
  return text as Hex
}

/**
 * Reads `0x` and an even number of hex digits of either case.
 *
 * @param size - exact number of bytes wanted, if it is fixed
 * @throws {DecodeError} OL_DECODE_MALFORMED
 */
export function hexToBytes(text: string, size?: number): Uint8Array {
  if (!/^0x([0-9a-fA-F]{2})*$/.test(text)) {
    throw new DecodeError('not a hex string', {
      code: 'OL_DECODE_MALFORMED',
      what: 'hex',
      reason: 'wants 0x and an even number of hex digits',
    })
  }
  const bytes = new Uint8Array((text.length - 2) / 2)
  if (size !== undefined && bytes.length !== size) {
    throw new DecodeError(`hex of ${bytes.length} bytes where ${size} are wanted`, {
      code: 'OL_DECODE_MALFORMED',
      what: 'hex',
      reason: `wants ${size} bytes`,
    })
  }
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number.parseInt(text.slice(2 + 2 * i, 4 + 2 * i), 16)
  }
  return bytes
}
