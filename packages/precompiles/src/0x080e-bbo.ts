import type { L1Precompile } from '@openliquid/primitives'
import { tuple, uint } from './abi.ts'
import { readPrecompile } from './readPrecompile.ts'

/** `(uint32 asset) → (uint64 bid, uint64 ask)`, in ticks of the market; 0 for an empty side. */
export const bbo: L1Precompile = readPrecompile({
  address: 0x080e,
  name: 'bbo',
  inputs: ['uint32'],
  outputs: 2,
  read(reader, args) {
    const asset = args.id(0)
    const reading = asset === undefined ? undefined : reader.bestPricesOf(asset)
    return reading === undefined ? undefined : tuple(uint(64, reading.bid), uint(64, reading.ask))
  },
})
