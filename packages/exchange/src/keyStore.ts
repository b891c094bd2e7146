import { assert } from '@openliquid/primitives'

const NONE = -1
/** 256 keys a page: many lengths have few keys. */
const KEY_PAGE_BITS = 8

/** Keys of one length after another in pages, so that a key costs its bytes and never moves. */
export class KeyStore {
  readonly #pages: (Uint8Array[] | undefined)[] = []
  readonly #counts: number[] = []
  readonly #free: number[][] = []

  /** Keeps a key that stands in an array; returns its slot among those of its length. */
  add(bytes: Uint8Array, from: number, end: number): number {
    const size = end - from
    assert(size > 0 && size < 256, 'a key whose length does not fit a byte')
    const free = this.#free[size]?.pop()
    const slot = free ?? this.#counts[size] ?? 0
    let pages = this.#pages[size]
    if (pages === undefined) {
      pages = []
      this.#pages[size] = pages
    }
    if (free === undefined) {
      this.#counts[size] = slot + 1
      if (slot >>> KEY_PAGE_BITS === pages.length) pages.push(new Uint8Array(size << KEY_PAGE_BITS))
    }
    const page = this.#page(size, slot)
    const at = keyPlaceOf(size, slot)
    for (let i = 0; i < size; i++) page[at + i] = bytes[from + i] as number
    return slot
  }

  release(size: number, slot: number): void {
    const free = this.#free[size]
    if (free === undefined) this.#free[size] = [slot]
    else free.push(slot)
  }

  read(size: number, slot: number): Uint8Array {
    const from = keyPlaceOf(size, slot)
    return this.#page(size, slot).slice(from, from + size)
  }

  /** The first bit in which a key that stands in an array differs from a kept one; -1 when they are equal. */
  firstDifference(
    bytes: Uint8Array,
    from: number,
    end: number,
    size: number,
    slot: number,
  ): number {
    const kept = this.#page(size, slot)
    const at = keyPlaceOf(size, slot)
    const shared = Math.min(end - from, size)
    for (let i = 0; i < shared; i++) {
      const difference = (bytes[from + i] as number) ^ (kept[at + i] as number)
      if (difference !== 0) return 8 * i + Math.clz32(difference) - 24
    }
    assert(end - from === size, 'a key is a prefix of another')
    return NONE
  }

  #page(size: number, slot: number): Uint8Array {
    return (this.#pages[size] as Uint8Array[])[slot >>> KEY_PAGE_BITS] as Uint8Array
  }
}

/** Where in its page a key of a length starts. */
function keyPlaceOf(size: number, slot: number): number {
  return (slot & ((1 << KEY_PAGE_BITS) - 1)) * size
}

/** A bit of a key that stands in an array. Beyond its end bits are zero: a search may ask for them, an insertion never decides by them. */
export function bitAt(bytes: Uint8Array, from: number, end: number, bit: number): number {
  const at = from + (bit >>> 3)
  return at < end ? ((bytes[at] as number) >>> (7 - (bit & 7))) & 1 : 0
}
