import type { L1Precompile } from '@openliquid/primitives'
import { tuple, uint } from './abi.ts'
import { readPrecompile } from './readPrecompile.ts'

/** `(address user, address vault) → (uint64 equity, uint64 lockedUntilTimestamp)`. */
export const userVaultEquity: L1Precompile = readPrecompile({
  address: 0x0802,
  name: 'userVaultEquity',
  inputs: ['address', 'address'],
  outputs: 2,
  read(reader, args) {
    const reading = reader.vaultEquityOf(args.address(0), args.address(1))
    if (reading === undefined) return undefined
    return tuple(uint(64, reading.equity), uint(64, reading.lockedUntilMs))
  },
})
