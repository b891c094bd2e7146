import type { L1Precompile } from '@openliquid/primitives'
import { uint } from './abi.ts'
import { readPrecompile } from './readPrecompile.ts'

/** `(uint32 pair) → uint64`, in ticks of 10^-(8 - szDecimals of the base). */
export const spotPx: L1Precompile = readPrecompile({
  address: 0x0808,
  name: 'spotPx',
  inputs: ['uint32'],
  outputs: 1,
  read(reader, args) {
    const pair = args.id(0)
    const price = pair === undefined ? undefined : reader.spotPriceOf(pair)
    return price === undefined ? undefined : uint(64, price)
  },
})
