import type { L1Precompile } from '@openliquid/primitives'
import { uint } from './abi.ts'
import { readPrecompile } from './readPrecompile.ts'

/** `() → uint64`: the height of the block that is executing. */
export const l1BlockNumber: L1Precompile = readPrecompile({
  address: 0x0809,
  name: 'l1BlockNumber',
  inputs: [],
  outputs: 1,
  read: (reader) => uint(64, reader.height),
})
