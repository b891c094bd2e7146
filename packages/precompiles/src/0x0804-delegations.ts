import type { L1Precompile } from '@openliquid/primitives'
import { address, list, tuple, uint } from './abi.ts'
import { readPrecompile } from './readPrecompile.ts'

/** `(address user) → (address validator, uint64 amount, uint64 lockedUntilTimestamp)[]`. */
export const delegations: L1Precompile = readPrecompile({
  address: 0x0804,
  name: 'delegations',
  inputs: ['address'],
  read(reader, args) {
    const delegations = reader.delegationsOf(args.address(0))
    return list(
      delegations.map(({ validator, amount, lockedUntilMs }) =>
        tuple(address(validator), uint(64, amount), uint(64, lockedUntilMs)),
      ),
    )
  },
})
