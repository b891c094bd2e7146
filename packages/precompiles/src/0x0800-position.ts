import type { L1Precompile } from '@openliquid/primitives'
import { readPrecompile } from './readPrecompile.ts'

/** `(address user, uint16 perp) → (int64 szi, uint64 entryNtl, int64 isolatedRawUsd, uint32 leverage, bool isIsolated)`. */
export const position: L1Precompile = readPrecompile({
  address: 0x0800,
  name: 'position',
  inputs: ['address', 'uint16'],
  outputs: 5,
  read(reader, args) {
    const perp = args.id(1)
    const reading = perp === undefined ? undefined : reader.positionOf(args.address(0), perp)
    if (reading === undefined) return undefined
    return [
      { value: reading.size, bits: 64, signed: true },
      { value: reading.entryNotional, bits: 64 },
      { value: reading.isolatedRawUsd, bits: 64, signed: true },
      { value: BigInt(reading.leverage), bits: 32 },
      { value: reading.isIsolated ? 1n : 0n, bits: 1 },
    ]
  },
})
