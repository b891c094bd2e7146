import type { Address } from '@openliquid/primitives'

export const ADDRESS_BYTES = 20

const NONE = -1
/** 2^32 divided by the golden ratio. */
const GOLDEN = 0x9e3779b1
/** Slots that an address may lie behind its own. With half of the slots empty hardly any lies so far, unless it was meant to. */
const PROBES_MAX = 32

/**
 * Finds the handle of an address in the column of all addresses: open addressing with linear probing.
 *
 * Whoever sends tokens chooses the address they go to, and can choose many of one hash: those that find no slot near
 * their own go to a map, whose hash nobody knows.
 */
export class AddressIndex {
  #slots = new Int32Array(64).fill(NONE)
  readonly #crowded = new Map<string, number>()
  #count = 0

  /** The handle whose address this is, or -1. */
  find(column: Uint8Array, address: Address): number {
    const slots = this.#slots
    const mask = slots.length - 1
    const start = hashOf(address, 0)
    for (let i = 0; i < PROBES_MAX; i++) {
      const handle = slots[(start + i) & mask] as number
      if (handle === NONE || isAt(column, handle, address)) return handle
    }
    return this.#crowded.size === 0 ? NONE : (this.#crowded.get(textOf(address, 0)) ?? NONE)
  }

  /** Makes a handle found by its address, which no other one has. */
  add(column: Uint8Array, handle: number): void {
    this.#count += 1
    if (2 * this.#count > this.#slots.length) {
      this.#slots = new Int32Array(2 * this.#slots.length).fill(NONE)
      this.#crowded.clear()
      for (let known = 0; known < handle; known++) this.#put(column, known)
    }
    this.#put(column, handle)
  }

  #put(column: Uint8Array, handle: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    const from = handle * ADDRESS_BYTES
    const start = hashOf(column, from)
    for (let i = 0; i < PROBES_MAX; i++) {
      const at = (start + i) & mask
      if (slots[at] !== NONE) continue
      slots[at] = handle
      return
    }
    this.#crowded.set(textOf(column, from), handle)
  }
}

/** A character a byte. */
function textOf(bytes: Uint8Array, from: number): string {
  return String.fromCharCode(...bytes.subarray(from, from + ADDRESS_BYTES))
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
