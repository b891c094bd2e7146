import { assert, type Hash } from '@openliquid/primitives'
import { keccak256 } from './keccak.ts'
import { rlpListSize, writeRlpPrefix } from './rlp.ts'
import type { Branch } from './trieNode.ts'

/** How a parent names a child: the hash of its RLP, or the RLP itself if that is shorter than a hash. */
export type NodeReference = Uint8Array

export const BRANCH_WIDTH = 16
/** Nodes below this size stand inside their parent instead of behind a hash. */
export const HASHED_BYTES_MIN = 32

const BYTES = 0x80
const LIST = 0xc0
/** Of a branch: its content has at most 529 bytes. */
const PREFIX_BYTES_MAX = 3
const HASH_ITEM = BYTES + HASHED_BYTES_MIN
/** A branch of sixteen hashes has 532 bytes; a leaf has its value and up to 42 bytes. */
const SCRATCH_BYTES = 1_024
/** One node is encoded at a time, so that only what is kept is allocated. */
let scratch: Uint8Array = new Uint8Array(SCRATCH_BYTES)

/** A nibble of a path that is packed two to a byte. */
export function nibbleAt(path: Uint8Array, depth: number): number {
  const byte = path[depth >> 1] as number
  return (depth & 1) === 0 ? byte >> 4 : byte & 0x0f
}

/** RLP of the leaf of an entry (Yellow Paper, appendix D). A view that the next node overwrites. @param depth - nibbles of the path that lie above the leaf */
export function encodeLeaf(path: Uint8Array, depth: number, value: Uint8Array): Uint8Array {
  const nibbles = path.length * 2 - depth
  const pathBytes = 1 + (nibbles >> 1)
  const size = itemSize(pathBytes, 0) + itemSize(value.length, value[0])
  let at = begin(size)
  if (pathBytes > 1) scratch[at++] = BYTES + pathBytes
  const isOdd = (nibbles & 1) === 1
  scratch[at++] = isOdd ? 0x30 | nibbleAt(path, depth) : 0x20
  for (let i = (depth + 1) >> 1; i < path.length; i++) scratch[at++] = path[i] as number
  at = writeItem(value, at)
  return scratch.subarray(0, at)
}

/** What a branch has below a nibble. */
export interface Referenced {
  readonly reference: NodeReference | undefined
}

/** RLP of a branch. A view that the next node overwrites. @param children - by nibble, their references known */
export function encodeBranch(children: readonly (Referenced | undefined)[]): Uint8Array {
  let size = 1
  for (const child of children) size += child === undefined ? 1 : referenceSize(known(child))
  let at = begin(size)
  for (const child of children) {
    if (child === undefined) scratch[at++] = BYTES
    else at = writeReference(known(child), at)
  }
  scratch[at++] = BYTES
  return scratch.subarray(0, at)
}

/** RLP of a branch without its stem. A view that the next node overwrites. */
export function encodeRecordedBranch(branch: Branch): Uint8Array {
  const { record, keyBytes } = branch
  const into = scratch
  let from = branch.childAt(0)
  let at = PREFIX_BYTES_MAX
  for (let nibble = 0; nibble < BRANCH_WIDTH; nibble++) {
    if (!branch.has(nibble)) {
      into[at++] = BYTES
      continue
    }
    if (branch.isLeaf(nibble)) from += keyBytes
    let bytes = HASHED_BYTES_MIN
    if (branch.isInline(nibble)) bytes = record[from++] as number
    else into[at++] = HASH_ITEM
    for (let i = 0; i < bytes; i++) into[at + i] = record[from + i] as number
    at += bytes
    from += bytes
  }
  into[at++] = BYTES
  // Its size is known only now: the prefix is put before it.
  const contentBytes = at - PREFIX_BYTES_MAX
  const start = at - rlpListSize(contentBytes)
  writeRlpPrefix(LIST, contentBytes, into, start)
  return into.subarray(start, at)
}

/** RLP of an extension. A view that the next node overwrites. @param stem - at least one nibble, a nibble a byte */
export function encodeExtension(stem: Uint8Array, child: NodeReference): Uint8Array {
  const isOdd = (stem.length & 1) === 1
  const pathBytes = 1 + (stem.length >> 1)
  const size = itemSize(pathBytes, 0) + referenceSize(child)
  let at = begin(size)
  if (pathBytes > 1) scratch[at++] = BYTES + pathBytes
  scratch[at++] = isOdd ? 0x10 | (stem[0] as number) : 0
  for (let i = isOdd ? 1 : 0; i < stem.length; i += 2) {
    scratch[at++] = ((stem[i] as number) << 4) | (stem[i + 1] as number)
  }
  at = writeReference(child, at)
  return scratch.subarray(0, at)
}

/** What a parent holds of a node with this RLP. */
export function referenceOf(encoded: Uint8Array): NodeReference {
  return encoded.length < HASHED_BYTES_MIN ? encoded.slice() : keccak256(encoded)
}

/** Unlike other nodes, the root goes by its hash whatever its size. */
export function rootOf(encoded: Uint8Array): Hash {
  return keccak256(encoded)
}

function begin(contentBytes: number): number {
  const size = rlpListSize(contentBytes)
  if (size > scratch.length) scratch = new Uint8Array(2 * size)
  return writeRlpPrefix(LIST, contentBytes, scratch, 0)
}

/** A single byte below 0x80 stands for itself. */
function itemSize(length: number, first: number | undefined): number {
  if (length === 1 && (first as number) < BYTES) return 1
  return rlpListSize(length)
}

function writeItem(item: Uint8Array, at: number): number {
  const start =
    item.length === 1 && (item[0] as number) < BYTES
      ? at
      : writeRlpPrefix(BYTES, item.length, scratch, at)
  scratch.set(item, start)
  return start + item.length
}

function known({ reference }: Referenced): NodeReference {
  assert(reference !== undefined, 'children are encoded before their parent')
  return reference
}

function referenceSize(reference: NodeReference): number {
  return reference.length === HASHED_BYTES_MIN ? 1 + HASHED_BYTES_MIN : reference.length
}

function writeReference(reference: NodeReference, at: number): number {
  let start = at
  if (reference.length === HASHED_BYTES_MIN) scratch[start++] = HASH_ITEM
  scratch.set(reference, start)
  return start + reference.length
}
