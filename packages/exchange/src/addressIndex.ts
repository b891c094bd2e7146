import type { Address } from '@openliquid/primitives'

export const ADDRESS_BYTES = 20

const NONE = -1
/** 2^32 divided by the golden ratio. */
const GOLDEN = 0x9e3779b1

/** Finds the handle of an address in the column of all addresses: open addressing with linear probing. */
export class AddressIndex {
  #slots = new Int32Array(64).fill(NONE)
  #count = 0

  /** The handle whose address this is, or -1. */
  find(column: Uint8Array, address: Address): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let at = hashOf(address, 0) & mask; ; at = (at + 1) & mask) {
      const handle = slots[at] as number
      if (handle === NONE || isAt(column, handle, address)) return handle
    }
  }

  /** Makes a handle found by its address, which no other one has. */
  add(column: Uint8Array, handle: number): void {
    this.#count += 1
    if (2 * this.#count > this.#slots.length) {
      this.#slots = new Int32Array(2 * this.#slots.length).fill(NONE)
      for (let known = 0; known < handle; known++) this.#put(column, known)
    }
    this.#put(column, handle)
  }

  #put(column: Uint8Array, handle: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let at = hashOf(column, handle * ADDRESS_BYTES) & mask
    while (slots[at] !== NONE) at = (at + 1) & mask
    slots[at] = handle
  }
}

function isAt(column: Uint8Array, handle: number, address: Address): boolean {
  const from = handle * ADDRESS_BYTES
  for (let i = ADDRESS_BYTES - 1; i >= 0; i--) if (column[from + i] !== address[i]) return false
  return true
}

/** Mixes all bytes: system addresses differ in the last ones only. */
function hashOf(bytes: Uint8Array, from: number): number {
  let hash = 0
  for (let at = from; at < from + ADDRESS_BYTES; at += 4) {
    const word =
      ((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)
    hash = Math.imul(hash ^ word, GOLDEN)
    hash ^= hash >>> 15
  }
  return hash >>> 0
}
