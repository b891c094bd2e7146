import { concatBytes, uintToBytes } from '@openliquid/primitives'

/** What RLP encodes: bytes, or a list. */
export type RlpItem = Uint8Array | readonly RlpItem[]

/** Encodes for the raw forms of blocks, headers and receipts; nothing is decoded in this package. */
export function encodeRlp(item: RlpItem): Uint8Array {
  if (!(item instanceof Uint8Array)) return encodeList(item.map(encodeRlp))
  const [first] = item
  if (item.length === 1 && first !== undefined && first < 0x80) return item
  return withHeader(item, 0x80)
}

/** A list of items that are encoded already. */
export function encodeList(items: readonly Uint8Array[]): Uint8Array {
  return withHeader(concatBytes(...items), 0xc0)
}

/** An integer without leading zeros; zero is no bytes. */
export function uintToRlp(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array(0)
  return uintToBytes(value, Math.ceil(value.toString(16).length / 2))
}

function withHeader(body: Uint8Array, offset: number): Uint8Array {
  if (body.length < 56) return concatBytes(Uint8Array.of(offset + body.length), body)
  const size = uintToRlp(BigInt(body.length))
  return concatBytes(Uint8Array.of(offset + 55 + size.length), size, body)
}
