import { assert } from '@openliquid/primitives'

/**
 * One bit per validator, lowest bit of byte 0 first, in exactly ⌈n/8⌉ bytes.
 *
 * @param signers - distinct indexes below n, in any order
 * @throws {InvariantError} an index repeats or leaves the set
 */
export function bitmapFromSigners(signers: readonly number[], n: number): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(n / 8))
  for (const signer of signers) {
    assert(Number.isInteger(signer) && signer >= 0 && signer < n, 'signer is in the set')
    const byte = signer >> 3
    const bit = 1 << (signer & 7)
    assert(((bitmap[byte] as number) & bit) === 0, 'signer appears once')
    bitmap[byte] = (bitmap[byte] as number) | bit
  }
  return bitmap
}

/**
 * Indexes of the set bits, ascending.
 *
 * @returns `undefined` if the bitmap is malformed: wrong length, or a bit at or above n
 */
export function signersFromBitmap(bitmap: Uint8Array, n: number): number[] | undefined {
  if (bitmap.length !== Math.ceil(n / 8)) return undefined
  const signers: number[] = []
  for (let i = 0; i < bitmap.length; i++) {
    for (let bits = bitmap[i] as number, signer = 8 * i; bits !== 0; bits >>= 1, signer++) {
      if ((bits & 1) === 0) continue
      if (signer >= n) return undefined
      signers.push(signer)
    }
  }
  return signers
}
