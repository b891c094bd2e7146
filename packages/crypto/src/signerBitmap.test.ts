import { InvariantError } from '@openliquid/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bitmapFromSigners, signersFromBitmap } from './signerBitmap.ts'

describe('signer bitmap', () => {
  it('gives back the signers, sorted', () => {
    const set = fc
      .integer({ min: 1, max: 200 })
      .chain((n) => fc.tuple(fc.constant(n), fc.uniqueArray(fc.integer({ min: 0, max: n - 1 }))))
    fc.assert(
      fc.property(set, ([n, signers]) => {
        const bitmap = bitmapFromSigners(signers, n)
        expect(bitmap).toHaveLength(Math.ceil(n / 8))
        expect(signersFromBitmap(bitmap, n)).toEqual([...signers].sort((a, b) => a - b))
      }),
    )
  })

  it('has the lowest bit of the first byte for validator 0', () => {
    expect(bitmapFromSigners([0, 9], 10)).toEqual(Uint8Array.of(1, 2))
  })

  it('refuses a bit at or above n and a wrong length', () => {
    expect(signersFromBitmap(Uint8Array.of(0b0000_1000), 4)).toEqual([3])
    expect(signersFromBitmap(Uint8Array.of(0b0001_0000), 4)).toBeUndefined()
    expect(signersFromBitmap(Uint8Array.of(1), 9)).toBeUndefined()
    expect(signersFromBitmap(Uint8Array.of(1, 0, 0), 9)).toBeUndefined()
    expect(signersFromBitmap(new Uint8Array(0), 0)).toEqual([])
  })

  it('stops on signers that our own code made up', () => {
    expect(() => bitmapFromSigners([4], 4)).toThrow(InvariantError)
    expect(() => bitmapFromSigners([-1], 4)).toThrow(InvariantError)
    expect(() => bitmapFromSigners([1, 1], 4)).toThrow(InvariantError)
  })
})
