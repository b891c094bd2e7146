import { EVM, NobleBN254 } from '@ethereumjs/evm'
import { concatBytes, uintToBytes } from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { blake2f } from './blake2f.ts'
import { chainCommon } from './chainCommon.ts'

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
