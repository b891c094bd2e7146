import { assert, type Hash } from '@openliquid/primitives'
import { encodeRlp, isRlpList, type RlpItem, rlpListSize, writeRlpPrefix } from './rlp.ts'

/** A node of a Merkle-Patricia trie (Yellow Paper, appendix D). Only the update that makes it changes it. */
export type TrieNode = Leaf | Extension | Branch

interface Known {
  /** RLP of a node below 32 bytes, once it is known: such a node stands inside its parent. */
  inline: Uint8Array | undefined
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
  readonly children: Children
}

/** A node in memory, or the hash of one that is only in the store. */
export type Child = TrieNode | Hash

export const BRANCH_WIDTH = 16
/** Nodes below this size stand inside their parent instead of behind a hash. */
export const HASHED_BYTES_MIN = 32
const EMPTY_ITEM = 0x80
const HASH_ITEM = EMPTY_ITEM + HASHED_BYTES_MIN
const LIST = 0xc0
/** A nibble as a character of a path. */
export const NIBBLES: readonly string[] = Array.from({ length: BRANCH_WIDTH }, (_, nibble) =>
  String.fromCharCode(nibble),
)

/** The children of a branch: hashes packed in one array, since most are never looked at, and nodes where there are some. */
export class Children {
  readonly #hashes: Uint8Array
  /** A bit for each child that is a hash. */
  #mask: number
  #nodes: (TrieNode | undefined)[] | undefined

  constructor(from?: Children) {
    if (from === undefined) {
      this.#hashes = new Uint8Array(BRANCH_WIDTH * 32)
      this.#mask = 0
      return
    }
    this.#hashes = from.#hashes.slice()
    this.#mask = from.#mask
    this.#nodes = from.#nodes?.slice()
  }

  get(nibble: number): Child | undefined {
    if ((this.#mask & (1 << nibble)) !== 0) {
      return this.#hashes.subarray(nibble * 32, nibble * 32 + 32)
    }
    return this.#nodes?.[nibble]
  }

  set(nibble: number, child: Child | undefined): void {
    if (child instanceof Uint8Array) {
      this.#hashes.set(child, nibble * 32)
      this.#mask |= 1 << nibble
      if (this.#nodes !== undefined) this.#nodes[nibble] = undefined
      return
    }
    this.#mask &= ~(1 << nibble)
    if (child === undefined && this.#nodes === undefined) return
    this.#nodes ??= new Array(BRANCH_WIDTH).fill(undefined)
    this.#nodes[nibble] = child
  }

  /** The only child's nibble; -1 if there is none, 16 if there are several. */
  only(): number {
    let found = -1
    for (let nibble = 0; nibble < BRANCH_WIDTH; nibble++) {
      const has = (this.#mask & (1 << nibble)) !== 0 || this.#nodes?.[nibble] !== undefined
      if (!has) continue
      if (found !== -1) return BRANCH_WIDTH
      found = nibble
    }
    return found
  }

  /** RLP of the branch. Children that are stored on their own become hashes, so that it holds no subtree. */
  encode(referenceTo: (child: TrieNode, step: string) => Uint8Array): Uint8Array {
    let size = BRANCH_WIDTH + 1
    for (let nibble = 0; nibble < BRANCH_WIDTH; nibble++) {
      const node = this.#nodes?.[nibble]
      if (node !== undefined) {
        const reference = referenceTo(node, NIBBLES[nibble] as string)
        if (reference.length === HASHED_BYTES_MIN) this.set(nibble, reference)
        else size += reference.length - 1
      }
      if ((this.#mask & (1 << nibble)) !== 0) size += HASHED_BYTES_MIN
    }
    const into = new Uint8Array(rlpListSize(size))
    let at = writeRlpPrefix(LIST, size, into, 0)
    for (let nibble = 0; nibble < BRANCH_WIDTH; nibble++) {
      const inline = this.#nodes?.[nibble]?.inline
      if ((this.#mask & (1 << nibble)) !== 0) {
        into[at] = HASH_ITEM
        const from = nibble * 32
        for (let i = 0; i < 32; i++) into[at + 1 + i] = this.#hashes[from + i] as number
        at += 1 + HASHED_BYTES_MIN
      } else if (inline !== undefined) {
        into.set(inline, at)
        at += inline.length
      } else {
        into[at++] = EMPTY_ITEM
      }
    }
    into[at] = EMPTY_ITEM
    return into
  }
}

export function leaf(path: Uint8Array, value: Uint8Array): Leaf {
  return { kind: 'leaf', inline: undefined, path, value }
}

export function extension(path: Uint8Array, child: Child): Extension {
  return { kind: 'extension', inline: undefined, path, child }
}

export function branch(children: Children): Branch {
  return { kind: 'branch', inline: undefined, children }
}

/**
 * RLP of a node.
 *
 * @param referenceTo - the hash of a child that lies `step` below the node, or its RLP if that is shorter than a hash
 */
export function encodeNode(
  node: TrieNode,
  referenceTo: (child: TrieNode, step: string) => Uint8Array,
): Uint8Array {
  if (node.kind === 'branch') return node.children.encode(referenceTo)
  if (node.kind === 'leaf') return encodeRlp([compactPath(node.path, true), node.value])
  const { child } = node
  const reference =
    child instanceof Uint8Array ? child : referenceTo(child, String.fromCharCode(...node.path))
  const isHash = reference.length === HASHED_BYTES_MIN
  if (isHash) node.child = reference
  const path = encodeRlp(compactPath(node.path, false))
  const size = path.length + reference.length + (isHash ? 1 : 0)
  const into = new Uint8Array(rlpListSize(size))
  let at = writeRlpPrefix(LIST, size, into, 0)
  into.set(path, at)
  at += path.length
  if (isHash) into[at++] = HASH_ITEM
  into.set(reference, at)
  return into
}

/** Reads a node. What it holds are views into the bytes that it was read from. */
export function decodeNode(item: RlpItem | undefined): TrieNode {
  assert(isRlpList(item), 'a trie node is a list')
  if (item.length === BRANCH_WIDTH + 1) {
    const children = new Children()
    for (let nibble = 0; nibble < BRANCH_WIDTH; nibble++) {
      children.set(nibble, decodeChild(item[nibble]))
    }
    return branch(children)
  }

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
  assert(item !== undefined, 'a child is an item')
  node.inline = encodeRlp(item)
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
