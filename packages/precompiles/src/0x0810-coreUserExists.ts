import type { L1Precompile } from '@openliquid/primitives'
import { bool } from './abi.ts'
import { readPrecompile } from './readPrecompile.ts'

/** `(address user) → bool`. */
export const coreUserExists: L1Precompile = readPrecompile({
  address: 0x0810,
  name: 'coreUserExists',
  inputs: ['address'],
  outputs: 1,
  read: (reader, args) => bool(reader.userExists(args.address(0))),
})
