import type { L1Precompile } from '@openliquid/primitives'
import { text, tuple, uint } from './abi.ts'
import { readPrecompile } from './readPrecompile.ts'

/** `(uint32 pair) → (string name, uint64[2] tokens)`: base, quote. */
export const spotInfo: L1Precompile = readPrecompile({
  address: 0x080b,
  name: 'spotInfo',
  inputs: ['uint32'],
  read(reader, args) {
    const pair = args.id(0)
    const reading = pair === undefined ? undefined : reader.spotInfoOf(pair)
    if (reading === undefined) return undefined
    return tuple(text(reading.name), tuple(uint(64, reading.base), uint(64, reading.quote)))
  },
})
