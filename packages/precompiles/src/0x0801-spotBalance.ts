import type { L1Precompile } from '@openliquid/primitives'
import { tuple, uint } from './abi.ts'
import { readPrecompile } from './readPrecompile.ts'

/** `(address user, uint64 token) → (uint64 total, uint64 hold, uint64 entryNtl)`. */
export const spotBalance: L1Precompile = readPrecompile({
  address: 0x0801,
  name: 'spotBalance',
  inputs: ['address', 'uint64'],
  outputs: 3,
  read(reader, args) {
    const token = args.id(1)
    const reading = token === undefined ? undefined : reader.spotBalanceOf(args.address(0), token)
    if (reading === undefined) return undefined
    return tuple(uint(64, reading.total), uint(64, reading.hold), uint(64, reading.entryNotional))
  },
})
