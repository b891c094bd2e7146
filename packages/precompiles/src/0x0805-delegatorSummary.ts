import type { L1Precompile } from '@openliquid/primitives'
import { tuple, uint } from './abi.ts'
import { readPrecompile } from './readPrecompile.ts'

/** `(address user) → (uint64 delegated, uint64 undelegated, uint64 totalPendingWithdrawal, uint64 nPendingWithdrawals)`. */
export const delegatorSummary: L1Precompile = readPrecompile({
  address: 0x0805,
  name: 'delegatorSummary',
  inputs: ['address'],
  outputs: 4,
  read(reader, args) {
    const reading = reader.delegatorSummaryOf(args.address(0))
    return tuple(
      uint(64, reading.delegated),
      uint(64, reading.undelegated),
      uint(64, reading.pendingWithdrawal),
      uint(64, reading.pendingWithdrawalCount),
    )
  },
})
