import type { L1Precompile } from '@openliquid/primitives'
import { bool, text, tuple, uint } from './abi.ts'
import { readPrecompile } from './readPrecompile.ts'

/** `(uint32 perp) → (string coin, uint32 marginTableId, uint8 szDecimals, uint8 maxLeverage, bool onlyIsolated)`. */
export const perpAssetInfo: L1Precompile = readPrecompile({
  address: 0x080a,
  name: 'perpAssetInfo',
  inputs: ['uint32'],
  read(reader, args) {
    const perp = args.id(0)
    const reading = perp === undefined ? undefined : reader.perpInfoOf(perp)
    if (reading === undefined) return undefined
    return tuple(
      text(reading.coin),
      uint(32, reading.marginTableId),
      uint(8, reading.szDecimals),
      uint(8, reading.maxLeverage),
      bool(reading.onlyIsolated),
    )
  },
})
