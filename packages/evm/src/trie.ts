import { assert, compareBytes, concatBytes, equalBytes, type Hash } from '@openliquid/primitives'
import { keccak256 } from './keccak.ts'
import { decodeRlp, encodeRlp, isRlpList, type RlpItem } from './rlp.ts'

/** Root of a trie without entries: keccak of the RLP of nothing. */
export const EMPTY_TRIE_ROOT: Hash = keccak256(Uint8Array.of(0x80))

/** One entry to put, or with `undefined` to delete. Keys of a trie never are prefixes of each other. */
export type TrieChange = readonly [key: Uint8Array, value: Uint8Array | undefined]

/** Path from the root, a nibble a byte: where a node lies, in memory and in the store. */
export type TriePath = Uint8Array

export interface TrieUpdate {
  readonly root: Hash
  /** Nodes to put or, with `undefined`, to delete; each path once, in path order. */
  readonly writes: readonly (readonly [path: TriePath, node: Uint8Array | undefined])[]
}

type Node = Leaf | Extension | Branch

interface Leaf {
  readonly kind: 'leaf'
  readonly path: Uint8Array
  readonly value: Uint8Array
}

interface Extension {
  readonly kind: 'extension'
  readonly path: Uint8Array
  readonly child: Child
}

interface Branch {
  readonly kind: 'branch'
  readonly children: readonly (Child | undefined)[]
}

/** A node in memory, or the hash of one that is still only in the store. */
type Child = Node | { readonly kind: 'hash'; readonly hash: Hash }

/** A change with its key as nibbles. */
interface Operation {
  readonly nibbles: Uint8Array
  readonly value: Uint8Array | undefined
}

const BRANCH_WIDTH = 16
/** Nodes below this size stand inside their parent instead of behind a hash. */
const HASHED_BYTES_MIN = 32
/** Lists in a stored node: itself, and children of less than 32 bytes inside each other. */
const NODE_RLP_DEPTH_MAX = 32
const NOTHING: Uint8Array = new Uint8Array(0)
const NO_CHILDREN: readonly undefined[] = new Array(BRANCH_WIDTH).fill(undefined)

/**
 * Applies a batch of changes to a Merkle-Patricia trie whose nodes lie in a store by their path.
 *
 * Each node on a changed path is read once and hashed once, however many of its entries change. The result does not
 * depend on the order of the changes. A node is stored at the path of its first nibble, so a new version overwrites the
 * old one and nothing is left to collect.
 *
 * @param changes - at most one per key
 * @param readNode - the stored node at a path; must answer for every path under `root`
 * @see docs/spec/evm.md §6
 */
export function updateTrie(
  root: Hash,
  changes: readonly TrieChange[],
  readNode: (path: TriePath) => Uint8Array | undefined,
): TrieUpdate {
  if (changes.length === 0) return { root, writes: [] }
  return new TrieBatch(readNode).run(root, changes)
}

/** Root of a trie that holds exactly these entries and lies nowhere: transactions and receipts of a block. */
export function trieRootOf(entries: readonly (readonly [Uint8Array, Uint8Array])[]): Hash {
  return updateTrie(EMPTY_TRIE_ROOT, entries, () => undefined).root
}

/** One update: reads nodes as it descends, writes those that changed as it climbs. */
class TrieBatch {
  readonly #readNode: (path: TriePath) => Uint8Array | undefined
  /** What was read, by the text of its path. */
  readonly #loaded = new Map<
    string,
    { readonly path: TriePath; readonly node: Node; readonly hash: Hash }
  >()
  /** Loaded nodes that the new trie still holds. */
  readonly #kept = new Set<string>()
  readonly #written = new Map<string, readonly [TriePath, Uint8Array | undefined]>()

  constructor(readNode: (path: TriePath) => Uint8Array | undefined) {
    this.#readNode = readNode
  }

  run(root: Hash, changes: readonly TrieChange[]): TrieUpdate {
    const before = equalBytes(root, EMPTY_TRIE_ROOT) ? undefined : this.#load(NOTHING, root)
    const operations = changes
      .map(([key, value]) => ({ nibbles: toNibbles(key), value }))
      .sort((a, b) => compareBytes(a.nibbles, b.nibbles))
    const after = this.#apply(before, operations, NOTHING)
    const newRoot = after === undefined ? EMPTY_TRIE_ROOT : this.#writeRoot(after)
    for (const [text, { path }] of this.#loaded) {
      if (!this.#kept.has(text) && !this.#written.has(text)) {
        this.#written.set(text, [path, undefined])
      }
    }
    const writes = [...this.#written.values()].sort(([a], [b]) => compareBytes(a, b))
    return { root: newRoot, writes }
  }

  /** The subtree at `path` after the operations. All lie below `path`. The same object if nothing changed. */
  #apply(
    node: Node | undefined,
    operations: readonly Operation[],
    path: TriePath,
  ): Node | undefined {
    if (operations.length === 0) return node
    if (node === undefined) return build(operations, path)
    if (node.kind === 'leaf') return applyToLeaf(node, operations, path)
    if (node.kind === 'extension') return this.#applyToExtension(node, operations, path)
    return this.#applyToBranch(node, operations, path)
  }

  #applyToExtension(
    node: Extension,
    operations: readonly Operation[],
    path: TriePath,
  ): Node | undefined {
    const stem = node.path
    // A delete beside the stem names no entry, so it must not split what it does not touch.
    const puts = operations.filter(({ value }) => value !== undefined)
    const shared = Math.min(stem.length, ...puts.map((put) => matchLength(put, path, stem)))
    const inside = operations.filter((other) => matchLength(other, path, stem) >= shared)
    if (inside.length === 0) return node

    const below = concatBytes(path, stem.subarray(0, shared))
    if (shared === stem.length) {
      const old = this.#resolve(node.child, below)
      const child = this.#apply(old, inside, below)
      return child === old ? node : join(stem, child)
    }
    const children: (Child | undefined)[] = NO_CHILDREN.slice()
    const rest = stem.slice(shared + 1)
    children[stem[shared] as number] = rest.length === 0 ? node.child : extension(rest, node.child)
    return join(stem.slice(0, shared), this.#applyToBranch(branch(children), inside, below))
  }

  #applyToBranch(node: Branch, operations: readonly Operation[], path: TriePath): Node | undefined {
    let children: (Child | undefined)[] | undefined
    for (const [nibble, group] of groupByNibble(operations, path.length)) {
      const below = concatBytes(path, Uint8Array.of(nibble))
      const reference = node.children[nibble]
      const old = reference === undefined ? undefined : this.#resolve(reference, below)
      const child = this.#apply(old, group, below)
      if (child === old) continue
      children ??= node.children.slice()
      children[nibble] = child
    }
    return children === undefined ? node : this.#collapse(children, path)
  }

  /** A branch needs two children: with one it melts into it, with none it vanishes. */
  #collapse(children: readonly (Child | undefined)[], path: TriePath): Node | undefined {
    const present = children.flatMap((child, nibble) => (child === undefined ? [] : [nibble]))
    const [only] = present
    if (only === undefined) return undefined
    if (present.length > 1) return branch(children)
    const stem = Uint8Array.of(only)
    return join(stem, this.#resolve(children[only] as Child, concatBytes(path, stem)))
  }

  #resolve(child: Child, path: TriePath): Node {
    return child.kind === 'hash' ? this.#load(path, child.hash) : child
  }

  #load(path: TriePath, hash: Hash): Node {
    const text = pathText(path)
    const known = this.#loaded.get(text)
    if (known !== undefined) return known.node
    const encoded = this.#readNode(path)
    assert(encoded !== undefined, `the trie has a node at ${path.length} nibbles`)
    const node = decodeNode(decodeRlp(encoded, NODE_RLP_DEPTH_MAX))
    this.#loaded.set(text, { path, node, hash })
    return node
  }

  /** Unlike other nodes, the root is stored behind its hash whatever its size. */
  #writeRoot(node: Node): Hash {
    const text = pathText(NOTHING)
    const known = this.#loaded.get(text)
    if (known?.node === node) {
      this.#keep(NOTHING)
      return known.hash
    }
    const encoded = encodeRlp(this.#toItem(node, NOTHING))
    this.#written.set(text, [NOTHING, encoded])
    return keccak256(encoded)
  }

  /** How a parent names a child: its hash, or the child itself if that is shorter. */
  #reference(child: Child, path: TriePath): RlpItem {
    if (child.kind === 'hash') {
      this.#keep(path)
      return child.hash
    }
    const text = pathText(path)
    const known = this.#loaded.get(text)
    if (known?.node === child) {
      this.#keep(path)
      return known.hash
    }
    const item = this.#toItem(child, path)
    const encoded = encodeRlp(item)
    if (encoded.length < HASHED_BYTES_MIN) return item
    this.#written.set(text, [path, encoded])
    return keccak256(encoded)
  }

  #toItem(node: Node, path: TriePath): RlpItem {
    if (node.kind === 'leaf') return [compactPath(node.path, true), node.value]
    if (node.kind === 'extension') {
      const child = this.#reference(node.child, concatBytes(path, node.path))
      return [compactPath(node.path, false), child]
    }
    const items = node.children.map((child, nibble) =>
      child === undefined
        ? NOTHING
        : this.#reference(child, concatBytes(path, Uint8Array.of(nibble))),
    )
    return [...items, NOTHING]
  }

  /** An unchanged subtree stays in the store; so do the nodes of it that were read without need. */
  #keep(path: TriePath): void {
    const text = pathText(path)
    const known = this.#loaded.get(text)
    if (known === undefined || this.#kept.has(text)) return
    this.#kept.add(text)
    this.#keepChildren(known.node, path)
  }

  #keepChildren(node: Node, path: TriePath): void {
    if (node.kind === 'leaf') return
    if (node.kind === 'extension') {
      this.#keepChild(node.child, concatBytes(path, node.path))
      return
    }
    for (const [nibble, child] of node.children.entries()) {
      if (child !== undefined) this.#keepChild(child, concatBytes(path, Uint8Array.of(nibble)))
    }
  }

  #keepChild(child: Child, path: TriePath): void {
    if (child.kind === 'hash') this.#keep(path)
    else this.#keepChildren(child, path)
  }
}

/** The subtree at `path` that holds exactly the entries that the operations put. */
function build(operations: readonly Operation[], path: TriePath): Node | undefined {
  const puts = operations.filter(({ value }) => value !== undefined)
  const first = puts[0]
  const last = puts[puts.length - 1]
  if (first?.value === undefined || last === undefined) return undefined
  if (puts.length === 1) return leaf(first.nibbles.slice(path.length), first.value)

  // They are sorted: what the first and the last share, all share.
  const shared = matchLength(last, path, first.nibbles.subarray(path.length))
  const stem = first.nibbles.slice(path.length, path.length + shared)
  const below = concatBytes(path, stem)
  const children: (Child | undefined)[] = NO_CHILDREN.slice()
  for (const [nibble, group] of groupByNibble(puts, below.length)) {
    children[nibble] = build(group, concatBytes(below, Uint8Array.of(nibble)))
  }
  return join(stem, branch(children))
}

function applyToLeaf(
  node: Leaf,
  operations: readonly Operation[],
  path: TriePath,
): Node | undefined {
  const nibbles = concatBytes(path, node.path)
  const replaced = operations.find((other) => equalBytes(other.nibbles, nibbles))
  const others = operations.filter((other) => other !== replaced && other.value !== undefined)
  const value = replaced === undefined ? node.value : replaced.value
  if (others.length === 0 && value !== undefined && equalBytes(value, node.value)) return node
  const all = value === undefined ? others : [...others, { nibbles, value }]
  return build(
    all.sort((a, b) => compareBytes(a.nibbles, b.nibbles)),
    path,
  )
}

function leaf(path: Uint8Array, value: Uint8Array): Leaf {
  return { kind: 'leaf', path, value }
}

function extension(path: Uint8Array, child: Child): Extension {
  return { kind: 'extension', path, child }
}

function branch(children: readonly (Child | undefined)[]): Branch {
  return { kind: 'branch', children }
}

/** Puts a stem above a node; stems of leaves and extensions grow together. */
function join(stem: Uint8Array, node: Node | undefined): Node | undefined {
  if (node === undefined || stem.length === 0) return node
  if (node.kind === 'leaf') return leaf(concatBytes(stem, node.path), node.value)
  if (node.kind === 'extension') return extension(concatBytes(stem, node.path), node.child)
  return extension(stem, node)
}

/** How many nibbles of `stem` the operation has behind `path`. */
function matchLength({ nibbles }: Operation, path: TriePath, stem: Uint8Array): number {
  let length = 0
  while (length < stem.length && nibbles[path.length + length] === stem[length]) length++
  return length
}

/** Sorted operations that share all nibbles before `at`, split by the nibble there. */
function groupByNibble(
  operations: readonly Operation[],
  at: number,
): (readonly [nibble: number, group: readonly Operation[]])[] {
  const groups: (readonly [number, Operation[]])[] = []
  for (const operation of operations) {
    const nibble = operation.nibbles[at]
    assert(nibble !== undefined, 'no key of a trie is a prefix of another')
    const last = groups[groups.length - 1]
    if (last?.[0] === nibble) last[1].push(operation)
    else groups.push([nibble, [operation]])
  }
  return groups
}

function toNibbles(key: Uint8Array): Uint8Array {
  const nibbles = new Uint8Array(key.length * 2)
  for (let i = 0; i < key.length; i++) {
    nibbles[2 * i] = (key[i] as number) >> 4
    nibbles[2 * i + 1] = (key[i] as number) & 0x0f
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

function decodeNode(item: RlpItem | undefined): Node {
  assert(isRlpList(item), 'a trie node is a list')
  if (item.length === BRANCH_WIDTH + 1) return branch(item.slice(0, BRANCH_WIDTH).map(decodeChild))

  const [packed, content] = item
  assert(item.length === 2 && packed instanceof Uint8Array, 'a trie node has 2 or 17 parts')
  const flags = (packed[0] as number) >> 4
  const path = toNibbles(packed).slice(2 - (flags & 1))
  if ((flags & 2) !== 0) {
    assert(content instanceof Uint8Array, 'a leaf holds bytes')
    return leaf(path, content)
  }
  const child = decodeChild(content)
  assert(child !== undefined, 'an extension has a child')
  return extension(path, child)
}

function decodeChild(item: RlpItem | undefined): Child | undefined {
  if (item instanceof Uint8Array) {
    return item.length === 0 ? undefined : { kind: 'hash', hash: item }
  }
  return decodeNode(item)
}

function pathText(path: TriePath): string {
  return String.fromCharCode(...path)
}
