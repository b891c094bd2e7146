import { assert, type Hash } from '@openliquid/primitives'
import { encodeRlp, isRlpList, type RlpItem, rlpListSize, writeRlpPrefix } from './rlp.ts'

/** A node of a Merkle-Patricia trie (Yellow Paper, appendix D). Never changes but for what is known about it. */
export type TrieNode = Leaf | Extension | Branch

interface Known {
  /** How its parent names it in RLP: the hash with its prefix, or the node itself below 32 bytes. Absent for a new one. */
  reference: Uint8Array | undefined
}

export interface Leaf extends Known {
  readonly kind: 'leaf'
  readonly path: Uint8Array
  readonly value: Uint8Array
}

export interface Extension extends Known {
  readonly kind: 'extension'
  readonly path: Uint8Array
  child: Child
}

export interface Branch extends Known {
  readonly kind: 'branch'
  readonly children: (Child | undefined)[]
}

/** A node in memory, or the hash of one that is only in the store. */
export type Child = TrieNode | Hash

export const BRANCH_WIDTH = 16
/** Nodes below this size stand inside their parent instead of behind a hash. */
export const HASHED_BYTES_MIN = 32
const HASH_REFERENCE_BYTES = 33
const EMPTY_ITEM = 0x80
const LIST = 0xc0
export const NO_CHILDREN: readonly undefined[] = new Array(BRANCH_WIDTH).fill(undefined)
/** A nibble as a character of a path. */
export const NIBBLES: readonly string[] = Array.from({ length: BRANCH_WIDTH }, (_, nibble) =>
  String.fromCharCode(nibble),
)

export function leaf(path: Uint8Array, value: Uint8Array): Leaf {
  return { kind: 'leaf', reference: undefined, path, value }
}

export function extension(path: Uint8Array, child: Child): Extension {
  return { kind: 'extension', reference: undefined, path, child }
}

export function branch(children: readonly (Child | undefined)[]): Branch {
  return { kind: 'branch', reference: undefined, children: [...children] }
}

/**
 * RLP of a node.
 *
 * Children that are stored on their own are let go of: only their hashes stay, so that a node in memory holds no subtree.
 *
 * @param referenceTo - how the node names a child, which lies `step` below it
 */
export function encodeNode(
  node: TrieNode,
  referenceTo: (child: Child, step: string) => Uint8Array,
): Uint8Array {
  if (node.kind === 'leaf') return encodeRlp([compactPath(node.path, true), node.value])
  if (node.kind === 'extension') {
    const reference = referenceTo(node.child, String.fromCharCode(...node.path))
    node.child = withoutSubtree(node.child, reference)
    const path = encodeRlp(compactPath(node.path, false))
    return joined(path.length + reference.length, (into, at) => {
      into.set(path, at)
      into.set(reference, at + path.length)
    })
  }
  const { children } = node
  const references: (Uint8Array | undefined)[] = new Array(BRANCH_WIDTH)
  let size = BRANCH_WIDTH + 1
  for (let nibble = 0; nibble < BRANCH_WIDTH; nibble++) {
    const child = children[nibble]
    if (child === undefined) continue
    if (child instanceof Uint8Array) {
      size += HASH_REFERENCE_BYTES - 1
      continue
    }
    const reference = referenceTo(child, NIBBLES[nibble] as string)
    references[nibble] = reference
    children[nibble] = withoutSubtree(child, reference)
    size += reference.length - 1
  }
  return joined(size, (into, start) => {
    let at = start
    for (let nibble = 0; nibble < BRANCH_WIDTH; nibble++) {
      const reference = references[nibble]
      const child = children[nibble]
      if (child === undefined) into[at++] = EMPTY_ITEM
      else if (reference !== undefined) {
        into.set(reference, at)
        at += reference.length
      } else {
        into[at++] = EMPTY_ITEM + HASHED_BYTES_MIN
        into.set(child as Hash, at)
        at += HASHED_BYTES_MIN
      }
    }
    into[at] = EMPTY_ITEM
  })
}

function withoutSubtree(child: Child, reference: Uint8Array): Child {
  if (child instanceof Uint8Array || reference.length < HASH_REFERENCE_BYTES) return child
  return reference.subarray(1)
}

function joined(size: number, fill: (into: Uint8Array, at: number) => void): Uint8Array {
  const bytes = new Uint8Array(rlpListSize(size))
  fill(bytes, writeRlpPrefix(LIST, size, bytes, 0))
  return bytes
}

/** Reads a node. What it holds are views into the bytes that it was read from. */
export function decodeNode(item: RlpItem | undefined): TrieNode {
  assert(isRlpList(item), 'a trie node is a list')
  if (item.length === BRANCH_WIDTH + 1) return branch(item.slice(0, BRANCH_WIDTH).map(decodeChild))

  const [packed, content] = item
  assert(item.length === 2 && packed instanceof Uint8Array, 'a trie node has 2 or 17 parts')
  const flags = (packed[0] as number) >> 4
  const path = unpackPath(packed).subarray(2 - (flags & 1))
  if ((flags & 2) !== 0) {
    assert(content instanceof Uint8Array, 'a leaf holds bytes')
    return leaf(path, content)
  }
  const child = decodeChild(content)
  assert(child !== undefined, 'an extension has a child')
  return extension(path, child)
}

function decodeChild(item: RlpItem | undefined): Child | undefined {
  if (item instanceof Uint8Array) return item.length === 0 ? undefined : item
  const node = decodeNode(item)
  // It stands inside its parent: its reference is what it is.
  assert(item !== undefined, 'a child is an item')
  node.reference = encodeRlp(item)
  return node
}

function unpackPath(packed: Uint8Array): Uint8Array {
  const nibbles = new Uint8Array(packed.length * 2)
  for (let i = 0; i < packed.length; i++) {
    nibbles[2 * i] = (packed[i] as number) >> 4
    nibbles[2 * i + 1] = (packed[i] as number) & 0x0f
  }
  return nibbles
}

/** Hex-prefix encoding: flags for leaf and odd length, then the nibbles packed. */
function compactPath(path: Uint8Array, isLeaf: boolean): Uint8Array {
  const odd = path.length % 2
  const bytes = new Uint8Array(1 + (path.length >> 1))
  bytes[0] = ((isLeaf ? 2 : 0) + odd) << 4
  if (odd === 1) bytes[0] |= path[0] as number
  for (let i = odd; i < path.length; i += 2) {
    bytes[(i + 2 - odd) / 2] = ((path[i] as number) << 4) | (path[i + 1] as number)
  }
  return bytes
}
