import { EVM, NobleBN254 } from '@ethereumjs/evm'
import { concatBytes, keccak256, uintToBytes } from '@openliquid/primitives'
import { describe, expect, test } from 'vitest'
import { blake2f } from './blake2f.ts'
import { Bn254 } from './bn254.ts'
import { chainCommon } from './chainCommon.ts'

const word = (value: bigint | number): Uint8Array => uintToBytes(value, 32)
const ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n

describe('multiplication on bn254 is that of the library', () => {
  const ours = new Bn254()
  const library = new NobleBN254()
  const base = concatBytes(word(1), word(2))

  test('for scalars of every size and around the order', () => {
    const scalars = [
      0n,
      1n,
      2n,
      15n,
      16n,
      17n,
      ORDER - 2n,
      ORDER - 1n,
      ORDER,
      ORDER + 1n,
      (1n << 256n) - 1n,
    ]
    for (let bit = 3n; bit < 256n; bit += 23n) scalars.push(1n << bit, (1n << bit) - 1n)
    for (let n = 0; n < 12; n++)
      scalars.push(BigInt(`0x${Buffer.from(keccak256(word(n))).toString('hex')}`))
    let point = base
    for (const scalar of scalars) {
      const input = concatBytes(point, word(scalar))
      const expected = library.mul(input)
      expect(ours.mul(input)).toEqual(expected)
      if (expected.some((byte) => byte !== 0)) point = expected
    }
  })

  test('for the point at infinity and points off the curve', () => {
    expect(ours.mul(new Uint8Array(96).fill(0))).toEqual(new Uint8Array(64))
    expect(() => ours.mul(concatBytes(word(1), word(3), word(1)))).toThrow('curve')
    expect(() => library.mul(concatBytes(word(1), word(3), word(1)))).toThrow()
  })
})

test('blake2f is that of the library for any number of rounds', async () => {
  const evm = new EVM({
    common: chainCommon(1n),
    stateManager: {} as never,
    blockchain: {} as never,
    bn254: new NobleBN254(),
  })
  const precompile = evm.getPrecompile('0x0000000000000000000000000000000000000009')
  for (const rounds of [0, 1, 2, 9, 10, 11, 12, 20, 101]) {
    for (const flag of [0, 1]) {
      const body = Uint8Array.from({ length: 208 }, (_, i) => (i * 37 + rounds + flag) & 0xff)
      const input = concatBytes(uintToBytes(rounds, 4), body, Uint8Array.of(flag))
      const result = await precompile?.({
        data: input,
        gasLimit: 1_000n,
        common: evm.common,
        _EVM: evm,
      })
      expect(result?.returnValue).toEqual(blake2f(input, rounds))
    }
  }
})
