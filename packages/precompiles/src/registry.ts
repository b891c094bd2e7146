import type { L1Precompile } from '@openliquid/primitives'
import { position } from './0x0800-position.ts'
import { spotBalance } from './0x0801-spotBalance.ts'
import { markPx } from './0x0806-markPx.ts'
import { oraclePx } from './0x0807-oraclePx.ts'
import { l1BlockNumber } from './0x0809-l1BlockNumber.ts'

/** The read precompiles of this chain, ascending by address. */
export const readPrecompiles: readonly L1Precompile[] = [
  position,
  spotBalance,
  markPx,
  oraclePx,
  l1BlockNumber,
]
