import type { L1Precompile } from '@openliquid/primitives'
import { readPosition } from './0x0800-position.ts'
import { readPrecompile } from './readPrecompile.ts'

/** `(address user, uint32 perp)`: `position` for perp ids that do not fit 16 bits. */
export const position2: L1Precompile = readPrecompile({
  address: 0x0813,
  name: 'position2',
  inputs: ['address', 'uint32'],
  outputs: 5,
  read: readPosition,
})
