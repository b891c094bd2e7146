import { keccak256, uintToBytes } from '@openliquid/primitives'
import { BIG, precompile, type StateCase } from './stateCase.ts'

/** Precompiles 0x01 to 0x09. */
export const PRECOMPILE_CASES: readonly StateCase[] = [
  {
    name: 'ecrecover',
    code: precompile(1, [
      ...keccak256(Uint8Array.of(1)),
      ...uintToBytes(28, 32),
      ...uintToBytes(7, 32),
      ...uintToBytes(9, 32),
    ]),
  },
  { name: 'sha256', code: precompile(2, [1, 2, 3]) },
  { name: 'ripemd160', code: precompile(3, [1, 2, 3]) },
  { name: 'identity', code: precompile(4, [1, 2, 3]) },
  {
    name: 'modexp',
    code: precompile(5, [
      ...uintToBytes(1, 32),
      ...uintToBytes(1, 32),
      ...uintToBytes(1, 32),
      7,
      5,
      13,
    ]),
  },
  {
    name: 'bn254 add',
    code: precompile(6, [
      ...uintToBytes(1, 32),
      ...uintToBytes(2, 32),
      ...uintToBytes(1, 32),
      ...uintToBytes(2, 32),
    ]),
  },
  {
    name: 'bn254 mul',
    code: precompile(7, [...uintToBytes(1, 32), ...uintToBytes(2, 32), ...uintToBytes(BIG, 32)]),
  },
  {
    name: 'bn254 off the curve',
    code: precompile(7, [...uintToBytes(1, 32), ...uintToBytes(3, 32), ...uintToBytes(3, 32)]),
  },
  { name: 'bn254 pairing of nothing', code: precompile(8, []) },
  {
    name: 'blake2f',
    code: precompile(9, [0, 0, 0, 3, ...Array.from({ length: 208 }, (_, n) => n), 1]),
  },
  { name: 'blake2f of a wrong length', code: precompile(9, [1, 2, 3]) },
]
