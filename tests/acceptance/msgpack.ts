/** As much of msgpack as actions need, written from the format's description: an independent check of the node's own. */
export function encodeMsgpack(value: unknown): Uint8Array {
  if (value === false) return Uint8Array.of(0xc2)
  if (value === true) return Uint8Array.of(0xc3)
  if (value === null) return Uint8Array.of(0xc0)
  if (typeof value === 'number') return encodeUint(value)
  if (typeof value === 'string') {
    const text = new TextEncoder().encode(value)
    const head = text.length < 32 ? [0xa0 | text.length] : [0xd9, text.length]
    return Uint8Array.of(...head, ...text)
  }
  if (Array.isArray(value)) {
    const head =
      value.length < 16 ? [0x90 | value.length] : [0xdc, value.length >> 8, value.length & 255]
    return Uint8Array.of(...head, ...value.flatMap((item) => [...encodeMsgpack(item)]))
  }
  const entries = Object.entries(value as object).filter(([, item]) => item !== undefined)
  const body = entries.flatMap(([key, item]) => [...encodeMsgpack(key), ...encodeMsgpack(item)])
  return Uint8Array.of(0x80 | entries.length, ...body)
}

function encodeUint(value: number): Uint8Array {
  if (value < 0x80) return Uint8Array.of(value)
  if (value < 0x100) return Uint8Array.of(0xcc, value)
  if (value < 0x10000) return Uint8Array.of(0xcd, value >> 8, value & 255)
  const bytes = new Uint8Array(9)
  const view = new DataView(bytes.buffer)
  if (value < 0x100000000) {
    bytes[0] = 0xce
    view.setUint32(1, value)
    return bytes.slice(0, 5)
  }
  bytes[0] = 0xcf
  view.setBigUint64(1, BigInt(value))
  return bytes
}
