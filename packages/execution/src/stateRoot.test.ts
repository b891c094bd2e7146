import { concatBytes, sha256, utf8ToBytes } from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { combineRoots } from './stateRoot.ts'

test('hashes the three roots under a name of their own', () => {
  const [coreRoot, evmStateRoot, validatorSetHash] = [1, 2, 3].map((n) =>
    new Uint8Array(32).fill(n),
  ) as [Uint8Array, Uint8Array, Uint8Array]
  expect(combineRoots({ coreRoot, evmStateRoot, validatorSetHash })).toEqual(
    sha256(concatBytes(utf8ToBytes('ROOT'), coreRoot, evmStateRoot, validatorSetHash)),
  )
})
