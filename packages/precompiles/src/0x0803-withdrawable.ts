import type { L1Precompile } from '@openliquid/primitives'
import { uint } from './abi.ts'
import { readPrecompile } from './readPrecompile.ts'

/** `(address user) → (uint64 withdrawable)`, in 1e-6 USDC. */
export const withdrawable: L1Precompile = readPrecompile({
  address: 0x0803,
  name: 'withdrawable',
  inputs: ['address'],
  outputs: 1,
  read: (reader, args) => uint(64, reader.withdrawableOf(args.address(0))),
})
