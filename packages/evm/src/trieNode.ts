import { assert } from '@openliquid/primitives'
import type { ByteSlab } from './byteSlab.ts'
import { keccakInto } from './keccak.ts'
import { BRANCH_WIDTH, HASHED_BYTES_MIN } from './trieEncoding.ts'

/**
 * A node of a trie over a table: an entry, or a branch together with the stem above it, which other tries keep as an
 * extension of its own.
 */
export type TrieNode = Leaf | Branch

/** An entry of the table. */
export interface Leaf {
  readonly kind: 'leaf'
  /** Under which the table has the entry. */
  readonly key: Uint8Array
  /** Path and new value of an entry that is put; otherwise the table has the value. */
  readonly path: Uint8Array | undefined
  readonly value: Uint8Array | undefined
}

// A record: the size of keys, the stem with its length, a bit for each nibble with a child, one for each that is a
// leaf, one for each whose reference is no hash; then by nibble the key of a leaf, and the reference.
const LEAF_RECORD = 0
const BRANCH_RECORD = 1
const HEAD_BYTES = 3
const MASKS_BYTES = 6
const STEM_MAX = 64
/** More bytes than this are copied by a call instead of a loop. */
const LOOP_BYTES_MAX = 64
const NO_STEM = new Uint8Array(0)

/**
 * A branch as its record: what is stored at its path, read in place. A child that is a leaf stands in it by its key, one
 * that is a branch lies in a record of its own; both by their reference.
 */
export class Branch {
  readonly kind: 'branch' = 'branch'
  readonly record: Uint8Array
  /** Nibbles between the place of the node and its children. */
  readonly stemLength: number
  /** Of the children that are leaves. */
  readonly keyBytes: number
  /** A bit for each nibble with a child, for each that is a leaf, for each whose reference is no hash. */
  readonly present: number
  readonly leaves: number
  readonly inlines: number

  constructor(record: Uint8Array) {
    assert(record[0] === BRANCH_RECORD, 'the record is of a branch')
    this.record = record
    this.keyBytes = record[1] as number
    this.stemLength = record[2] as number
    const masks = HEAD_BYTES + this.stemLength
    this.present = readMask(record, masks)
    this.leaves = readMask(record, masks + 2)
    this.inlines = readMask(record, masks + 4)
  }

  /** A nibble a byte; a view. */
  get stem(): Uint8Array {
    if (this.stemLength === 0) return NO_STEM
    return this.record.subarray(HEAD_BYTES, HEAD_BYTES + this.stemLength)
  }

  stemNibble(index: number): number {
    return this.record[HEAD_BYTES + index] as number
  }

  has(nibble: number): boolean {
    return (this.present & (1 << nibble)) !== 0
  }

  isLeaf(nibble: number): boolean {
    return (this.leaves & (1 << nibble)) !== 0
  }

  /** Whether the child lies in a record of its own. */
  isStored(nibble: number): boolean {
    return this.has(nibble) && !this.isLeaf(nibble)
  }

  /** The child that is a leaf. */
  leaf(nibble: number): Leaf {
    const at = this.childAt(nibble)
    return leafOf(this.record.subarray(at, at + this.keyBytes))
  }

  /** Whether the child is the leaf of this key. */
  isLeafOf(nibble: number, key: Uint8Array): boolean {
    if (!this.isLeaf(nibble)) return false
    const { record } = this
    const at = this.childAt(nibble)
    for (let i = 0; i < key.length; i++) if (record[at + i] !== key[i]) return false
    return true
  }

  /** The same children below another stem. */
  withStem(stem: Uint8Array, slab: ByteSlab): Branch {
    const body = HEAD_BYTES + this.stemLength
    const record = slab.take(HEAD_BYTES + stem.length + this.record.length - body)
    record.set(this.record.subarray(0, HEAD_BYTES))
    record[2] = stem.length
    record.set(stem, HEAD_BYTES)
    record.set(this.record.subarray(body), HEAD_BYTES + stem.length)
    return new Branch(record)
  }

  /** Where what the record says of a child begins: the key of a leaf, then the reference. For sixteen, where it ends. */
  childAt(nibble: number): number {
    const below = (1 << nibble) - 1
    const keys = bitCount(this.leaves & below) * this.keyBytes
    const start = HEAD_BYTES + this.stemLength + MASKS_BYTES
    if (this.inlines === 0) {
      return start + keys + bitCount(this.present & below) * HASHED_BYTES_MIN
    }
    let at = start
    for (let i = 0; i < nibble; i++) {
      if (!this.has(i)) continue
      if (this.isLeaf(i)) at += this.keyBytes
      at += this.isInline(i) ? 1 + (this.record[at] as number) : HASHED_BYTES_MIN
    }
    return at
  }

  /** Whether the child stands in its parent as it is, without a hash. */
  isInline(nibble: number): boolean {
    return (this.inlines & (1 << nibble)) !== 0
  }
}

/** Record of a leaf: only at the root there is one. */
export function encodeLeafRecord(key: Uint8Array): Uint8Array {
  const record = new Uint8Array(1 + key.length)
  record[0] = LEAF_RECORD
  record.set(key, 1)
  return record
}

/** The node whose record this is; what it holds are views of the record. */
export function readNode(record: Uint8Array): TrieNode {
  return record[0] === LEAF_RECORD ? leafOf(record.subarray(1)) : new Branch(record)
}

function leafOf(key: Uint8Array): Leaf {
  return { kind: 'leaf', key, path: undefined, value: undefined }
}

/** Makes the record of a branch, child by child in the order of nibbles. One at a time: its memory is the module's. */
export class BranchWriter {
  /** The longest record: sixteen leaves with keys of 255 bytes. */
  readonly #bytes = new Uint8Array(HEAD_BYTES + STEM_MAX + MASKS_BYTES + BRANCH_WIDTH * 288)
  #at: number = 0
  #masks: number = 0
  #present: number = 0
  #leaves: number = 0
  #inlines: number = 0

  begin(stem: Uint8Array): void {
    this.#bytes[0] = BRANCH_RECORD
    this.#bytes[1] = 0
    this.#bytes[2] = stem.length
    this.#bytes.set(stem, HEAD_BYTES)
    this.#masks = HEAD_BYTES + stem.length
    this.#at = this.#masks + MASKS_BYTES
    this.#present = 0
    this.#leaves = 0
    this.#inlines = 0
  }

  /** The children of another branch from one nibble to below another, as they are there. */
  copy(from: Branch, first: number, end: number): void {
    this.#present |= from.present & maskOf(first, end)
    this.#leaves |= from.leaves & maskOf(first, end)
    this.#inlines |= from.inlines & maskOf(first, end)
    if ((from.leaves & maskOf(first, end)) !== 0) this.#bytes[1] = from.keyBytes
    const { record } = from
    const start = from.childAt(first)
    const size = from.childAt(end) - start
    if (size > LOOP_BYTES_MAX) this.#bytes.set(record.subarray(start, start + size), this.#at)
    else for (let i = 0; i < size; i++) this.#bytes[this.#at + i] = record[start + i] as number
    this.#at += size
  }

  /** A child by its RLP. @param key - of one that is a leaf */
  add(nibble: number, encoded: Uint8Array, key?: Uint8Array): void {
    const bytes = this.#bytes
    const bit = 1 << nibble
    this.#present |= bit
    if (key !== undefined) {
      this.#leaves |= bit
      bytes[1] = key.length
      for (let i = 0; i < key.length; i++) bytes[this.#at++] = key[i] as number
    }
    if (encoded.length >= HASHED_BYTES_MIN) {
      keccakInto(encoded, bytes, this.#at)
      this.#at += HASHED_BYTES_MIN
      return
    }
    this.#inlines |= bit
    bytes[this.#at++] = encoded.length
    bytes.set(encoded, this.#at)
    this.#at += encoded.length
  }

  /** The record; a view that the next one overwrites. */
  end(): Uint8Array {
    const masks = [this.#present, this.#leaves, this.#inlines]
    for (const [i, mask] of masks.entries()) {
      this.#bytes[this.#masks + 2 * i] = mask >> 8
      this.#bytes[this.#masks + 2 * i + 1] = mask & 0xff
    }
    return this.#bytes.subarray(0, this.#at)
  }
}

function readMask(record: Uint8Array, at: number): number {
  return ((record[at] as number) << 8) | (record[at + 1] as number)
}

/** Bits of the nibbles from one to below another. */
function maskOf(first: number, end: number): number {
  return (1 << end) - (1 << first)
}

/** Bits that are set among the low sixteen. */
function bitCount(mask: number): number {
  let count = mask - ((mask >> 1) & 0x5555)
  count = (count & 0x3333) + ((count >> 2) & 0x3333)
  count = (count + (count >> 4)) & 0x0f0f
  return (count + (count >> 8)) & 0x1f
}
