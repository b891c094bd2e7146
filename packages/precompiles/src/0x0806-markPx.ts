import type { L1Precompile } from '@openliquid/primitives'
import { uint } from './abi.ts'
import { readPrecompile } from './readPrecompile.ts'

/** `(uint32 perp) → uint64`, in ticks of 10^-(6 - szDecimals). */
export const markPx: L1Precompile = readPrecompile({
  address: 0x0806,
  name: 'markPx',
  inputs: ['uint32'],
  outputs: 1,
  read(reader, args) {
    const perp = args.id(0)
    const price = perp === undefined ? undefined : reader.markPriceOf(perp)
    return price === undefined ? undefined : uint(64, price)
  },
})
