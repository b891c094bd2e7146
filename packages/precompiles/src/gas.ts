/** Gas of any read; docs/spec/hyperliquid.md §11. */
const BASE = 2_000
/** Gas of each byte of input and of output. */
const PER_BYTE = 65

/** What a read costs. Depends on lengths alone, so it is known before anything is decoded. */
export function precompileGas(size: {
  readonly inputBytes: number
  readonly outputBytes: number
}): bigint {
  return BigInt(BASE + PER_BYTE * (size.inputBytes + size.outputBytes))
}
