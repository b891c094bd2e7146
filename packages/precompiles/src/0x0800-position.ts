import type { L1Precompile } from '@openliquid/primitives'
import { type AbiResult, bool, int, tuple, uint } from './abi.ts'
import { type ReadDefinition, readPrecompile } from './readPrecompile.ts'

/** `(address user, uint16 perp) → (int64 szi, uint64 entryNtl, int64 isolatedRawUsd, uint32 leverage, bool isIsolated)`. */
export const position: L1Precompile = readPrecompile({
  address: 0x0800,
  name: 'position',
  inputs: ['address', 'uint16'],
  outputs: 5,
  read: readPosition,
})

/** What both widths of the perp id read. */
export function readPosition(
  ...[reader, args]: Parameters<ReadDefinition['read']>
): AbiResult | undefined {
  const perp = args.id(1)
  const reading = perp === undefined ? undefined : reader.positionOf(args.address(0), perp)
  if (reading === undefined) return undefined
  return tuple(
    int(64, reading.size),
    uint(64, reading.entryNotional),
    int(64, reading.isolatedRawUsd),
    uint(32, reading.leverage),
    bool(reading.isIsolated),
  )
}
