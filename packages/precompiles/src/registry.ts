import type { L1Precompile } from '@openliquid/primitives'

/** The read precompiles of this chain, by address. */
export const readPrecompiles: readonly L1Precompile[] = []
