import type { L1Precompile } from '@openliquid/primitives'
import { int, tuple, uint } from './abi.ts'
import { readPrecompile } from './readPrecompile.ts'

/** `(uint32 perpDexIndex, address user) → (int64 accountValue, uint64 marginUsed, uint64 ntlPos, int64 rawUsd)`. */
export const accountMarginSummary: L1Precompile = readPrecompile({
  address: 0x080f,
  name: 'accountMarginSummary',
  inputs: ['uint32', 'address'],
  outputs: 4,
  read(reader, args) {
    const dex = args.id(0)
    const reading = dex === undefined ? undefined : reader.marginSummaryOf(dex, args.address(1))
    if (reading === undefined) return undefined
    return tuple(
      int(64, reading.accountValue),
      uint(64, reading.marginUsed),
      uint(64, reading.positionNotional),
      int(64, reading.rawUsd),
    )
  },
})
