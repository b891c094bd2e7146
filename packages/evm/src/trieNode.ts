import { assert } from '@openliquid/primitives'
import { BRANCH_WIDTH, HASHED_BYTES_MIN, type NodeReference } from './trieEncoding.ts'

/**
 * A node of a trie over a table: an entry, or a branch together with the stem above it, which other tries keep as an
 * extension of its own.
 */
export type TrieNode = Leaf | Branch

/** An entry of the table. Its value stays there; the trie has what its parent needs. */
export interface Leaf {
  readonly kind: 'leaf'
  /** Under which the table has the entry. */
  readonly key: Uint8Array
  /** Path and new value of an entry that was put, until the node above is written. */
  readonly path: Uint8Array | undefined
  readonly value: Uint8Array | undefined
  /** Unknown while the leaf is new or has moved. */
  readonly reference: NodeReference | undefined
}

export interface Branch {
  readonly kind: 'branch'
  /** Nibbles between the place of the node and its children, a nibble a byte. */
  readonly stem: Uint8Array
  /** A branch has no reference as it stands: it is stored first. */
  readonly reference: undefined
  /** By nibble. Only the update that makes a branch changes it. */
  readonly children: (Child | undefined)[]
}

/** A branch that lies in a record of its own. */
export interface Stored {
  readonly kind: 'stored'
  readonly reference: NodeReference
}

export type Child = TrieNode | Stored

const NOTHING = new Uint8Array(0)

// A record: the size of keys, the stem with its length, a bit for each nibble with a child, one for each that is a
// leaf, one for each whose reference is no hash; then by nibble the key of a leaf, and the reference.
const LEAF_RECORD = 0
const BRANCH_RECORD = 1
const HEAD_BYTES = 3
const MASKS_BYTES = 6

/** What is stored of a node at its path. Only at the root it can be a leaf. */
export function encodeNodeRecord(node: TrieNode): Uint8Array {
  if (node.kind === 'leaf') {
    const record = new Uint8Array(1 + node.key.length)
    record[0] = LEAF_RECORD
    record.set(node.key, 1)
    return record
  }
  const { stem, children } = node
  let size = HEAD_BYTES + stem.length + MASKS_BYTES
  let keyBytes = 0
  let present = 0
  let leaves = 0
  let inlines = 0
  for (let nibble = 0; nibble < BRANCH_WIDTH; nibble++) {
    const child = children[nibble]
    if (child === undefined) continue
    const reference = knownReference(child)
    present |= 1 << nibble
    size += reference.length
    if (reference.length !== HASHED_BYTES_MIN) {
      inlines |= 1 << nibble
      size += 1
    }
    if (child.kind === 'leaf') {
      leaves |= 1 << nibble
      keyBytes = child.key.length
      size += keyBytes
    }
  }
  const record = new Uint8Array(size)
  record[0] = BRANCH_RECORD
  record[1] = keyBytes
  record[2] = stem.length
  record.set(stem, HEAD_BYTES)
  let at = HEAD_BYTES + stem.length
  for (const mask of [present, leaves, inlines]) {
    record[at++] = mask >> 8
    record[at++] = mask & 0xff
  }
  for (const child of children) {
    if (child === undefined) continue
    if (child.kind === 'leaf') {
      record.set(child.key, at)
      at += keyBytes
    }
    const reference = knownReference(child)
    if (reference.length !== HASHED_BYTES_MIN) record[at++] = reference.length
    record.set(reference, at)
    at += reference.length
  }
  assert(at === size, 'the size of the record was computed right')
  return record
}

/** Reads what `encodeNodeRecord` wrote. What the node holds are views into the record. */
export function decodeNodeRecord(record: Uint8Array): TrieNode {
  if (record[0] === LEAF_RECORD) return leafOf(record.subarray(1), undefined)
  assert(record[0] === BRANCH_RECORD, 'a record is of a leaf or of a branch')
  const keyBytes = record[1] as number
  let at = HEAD_BYTES + (record[2] as number)
  const stem = record.subarray(HEAD_BYTES, at)
  const [present, leaves, inlines] = [0, 2, 4].map(
    (offset) => ((record[at + offset] as number) << 8) | (record[at + offset + 1] as number),
  ) as [number, number, number]
  at += MASKS_BYTES
  const children: (Child | undefined)[] = new Array(BRANCH_WIDTH).fill(undefined)
  for (let nibble = 0; nibble < BRANCH_WIDTH; nibble++) {
    const bit = 1 << nibble
    if ((present & bit) === 0) continue
    let key: Uint8Array = NOTHING
    if ((leaves & bit) !== 0) {
      key = record.subarray(at, at + keyBytes)
      at += keyBytes
    }
    const bytes = (inlines & bit) === 0 ? HASHED_BYTES_MIN : (record[at++] as number)
    const reference = record.subarray(at, at + bytes)
    at += bytes
    children[nibble] = (leaves & bit) === 0 ? { kind: 'stored', reference } : leafOf(key, reference)
  }
  assert(at === record.length, 'a record ends with its last child')
  return { kind: 'branch', stem, reference: undefined, children }
}

/** A leaf whose value is in the table. */
export function leafOf(key: Uint8Array, reference: NodeReference | undefined): Leaf {
  return { kind: 'leaf', key, path: undefined, value: undefined, reference }
}

function knownReference({ reference }: Child): NodeReference {
  assert(reference !== undefined, 'children are encoded before their parent')
  return reference
}
