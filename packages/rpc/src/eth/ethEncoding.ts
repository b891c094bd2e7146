import { bytesToHex, type Hex } from '@openliquid/primitives'

/** A number as Ethereum's JSON-RPC writes it: `0x` and no leading zeros. */
export function quantity(value: bigint | number): Hex {
  return `0x${value.toString(16)}`
}

/** Bytes as Ethereum's JSON-RPC writes them: two digits a byte. */
export const data: (bytes: Uint8Array) => Hex = bytesToHex

/** Bytes, or null for a field that is absent. */
export function dataOrNull(bytes: Uint8Array | undefined): Hex | null {
  return bytes === undefined ? null : bytesToHex(bytes)
}
