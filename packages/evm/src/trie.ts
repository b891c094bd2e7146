import { assert, concatBytes, equalBytes, type Hash } from '@openliquid/primitives'
import { byteText, textBytes } from './byteText.ts'
import { keccak256 } from './keccak.ts'
import { decodeRlp } from './rlp.ts'
import {
  BRANCH_WIDTH,
  branch,
  type Child,
  Children,
  decodeNode,
  type Extension,
  encodeNode,
  extension,
  HASHED_BYTES_MIN,
  type Leaf,
  leaf,
  NIBBLES,
  type TrieNode,
} from './trieNode.ts'

/** Root of a trie without entries: keccak of the RLP of nothing. */
export const EMPTY_TRIE_ROOT: Hash = keccak256(Uint8Array.of(0x80))

/** One entry to put, or with `undefined` to delete. Keys of a trie never are prefixes of each other. */
export type TrieChange = readonly [key: Uint8Array, value: Uint8Array | undefined]

/** Path from the root, a nibble a byte: where a node lies in the store. */
export type TriePath = Uint8Array

/** The stored node at a path, which is a nibble a character; must answer for every path under a root. */
export type TrieSource = (path: string) => TrieNode | undefined

/** A node to put at a path or, with `undefined`, to delete. */
export interface TrieNodeWrite {
  readonly path: string
  readonly encoded: Uint8Array | undefined
  readonly node: TrieNode | undefined
}

export interface TrieUpdate {
  readonly root: Hash
  /** Nodes to put or, with `undefined`, to delete; each path once, in path order. */
  readonly writes: readonly (readonly [path: TriePath, node: Uint8Array | undefined])[]
}

/** A change with its key as nibbles. */
interface Operation {
  readonly nibbles: Uint8Array
  readonly value: Uint8Array | undefined
}

/** A branch that no operation changed. */
const SAME = 'same'
/** Lists in a stored node: itself, and children of less than 32 bytes inside each other. */
const NODE_RLP_DEPTH_MAX = 32

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
  const source: TrieSource = (path) => {
    const encoded = readNode(textBytes(path))
    return encoded === undefined ? undefined : parseNode(encoded)
  }
  const update = updateNodes(root, changes, source)
  const writes = update.writes.map(({ path, encoded }) => [textBytes(path), encoded] as const)
  return { root: update.root, writes }
}

/** `updateTrie` on nodes that are in memory as far as the source has them. */
export function updateNodes(
  root: Hash,
  changes: readonly TrieChange[],
  source: TrieSource,
): { readonly root: Hash; readonly writes: readonly TrieNodeWrite[] } {
  if (changes.length === 0) return { root, writes: [] }
  return new TrieBatch(source).run(root, changes)
}

/** Root of a trie that holds exactly these entries and lies nowhere: transactions and receipts of a block. */
export function trieRootOf(entries: readonly (readonly [Uint8Array, Uint8Array])[]): Hash {
  return updateNodes(EMPTY_TRIE_ROOT, entries, () => undefined).root
}

/**
 * How a parent names the subtree that holds exactly these entries, which share their first `depth` nibbles: its hash, or
 * the node itself if that is shorter. Undefined for no entries.
 *
 * @param entries - sorted, distinct
 */
export function trieReference(
  entries: readonly { readonly nibbles: Uint8Array; readonly value: Uint8Array }[],
  depth: number,
): Uint8Array | undefined {
  const node = build(entries, depth)
  return node === undefined ? undefined : referenceOf(node, depth === 0)
}

function referenceOf(node: TrieNode, isRoot: boolean): Uint8Array {
  const encoded = encodeNode(node, (child) => referenceOf(child, false))
  if (encoded.length >= HASHED_BYTES_MIN || isRoot) return keccak256(encoded)
  node.inline = encoded
  return encoded
}

/** Reads a node as it is stored. */
export function parseNode(encoded: Uint8Array): TrieNode {
  return decodeNode(decodeRlp(encoded, NODE_RLP_DEPTH_MAX))
}

/**
 * The nodes on the way to a key, from the root down, each as it is hashed: they prove the value, or that there is none.
 *
 * @param source - see `TrieSource`
 */
export function proveKey(root: Hash, key: Uint8Array, source: TrieSource): Uint8Array[] {
  const nibbles = toNibbles(key)
  const proof: Uint8Array[] = []
  if (equalBytes(root, EMPTY_TRIE_ROOT)) return proof
  let at = 0
  let text = ''
  let child: Child | undefined = root
  while (child !== undefined) {
    let node: TrieNode
    if (child instanceof Uint8Array) {
      const stored = source(text)
      assert(stored !== undefined, 'the trie has every node that another names')
      node = stored
      proof.push(encodeStored(node))
    } else {
      node = child
    }
    if (node.kind === 'leaf') break
    const next: { readonly child: Child | undefined; readonly step: Uint8Array } = stepInto(
      node,
      nibbles,
      at,
    )
    child = next.child
    at += next.step.length
    text += byteText(next.step)
  }
  return proof
}

function stepInto(
  node: Exclude<TrieNode, Leaf>,
  nibbles: Uint8Array,
  at: number,
): { readonly child: Child | undefined; readonly step: Uint8Array } {
  if (node.kind === 'extension') {
    const matches = equalBytes(nibbles.subarray(at, at + node.path.length), node.path)
    return { child: matches ? node.child : undefined, step: node.path }
  }
  return { child: node.children.get(nibbles[at] as number), step: nibbles.subarray(at, at + 1) }
}

/** A stored node's bytes again: its children are hashes or stand inside it. */
function encodeStored(node: TrieNode): Uint8Array {
  return encodeNode(node, (child) => child.inline ?? encodeStored(child))
}

/** One update: reads nodes as it descends, writes those that changed as it climbs. */
class TrieBatch {
  readonly #source: TrieSource
  /** Paths of stored nodes that the new trie has no longer, unless it writes there. */
  readonly #gone = new Set<string>()
  readonly #written = new Map<string, TrieNodeWrite>()
  /** Hashes of nodes that were read. */
  readonly #hashes = new Map<TrieNode, Hash>()

  constructor(source: TrieSource) {
    this.#source = source
  }

  run(root: Hash, changes: readonly TrieChange[]): { root: Hash; writes: TrieNodeWrite[] } {
    const before = equalBytes(root, EMPTY_TRIE_ROOT) ? undefined : this.#load('', root)
    const operations = sortedOperations(changes)
    const after = this.#apply(before, operations, 0, '')
    if (after === before) return { root, writes: [] }
    const newRoot = after === undefined ? EMPTY_TRIE_ROOT : this.#writeRoot(after)
    for (const path of this.#gone) {
      if (this.#written.has(path)) continue
      this.#written.set(path, { path, encoded: undefined, node: undefined })
    }
    const writes = [...this.#written.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
    return { root: newRoot, writes }
  }

  /** The subtree at `path` after the operations. All lie below `path`. The same object if nothing changed. */
  #apply(
    node: TrieNode | undefined,
    operations: readonly Operation[],
    depth: number,
    path: string,
  ): TrieNode | undefined {
    if (operations.length === 0) return node
    if (node === undefined) return build(operations, depth)
    const after = this.#applyTo(node, operations, depth, path)
    if (after !== node) this.#release(node, path)
    return after
  }

  #applyTo(
    node: TrieNode,
    operations: readonly Operation[],
    depth: number,
    path: string,
  ): TrieNode | undefined {
    if (node.kind === 'leaf') return applyToLeaf(node, operations, depth)
    if (node.kind === 'extension') return this.#applyToExtension(node, operations, depth, path)
    const after = this.#applyToBranch(node.children, operations, depth, path)
    return after === SAME ? node : after
  }

  #applyToExtension(
    node: Extension,
    operations: readonly Operation[],
    depth: number,
    path: string,
  ): TrieNode | undefined {
    const stem = node.path
    let shared = stem.length
    for (const operation of operations) {
      // A delete beside the stem names no entry, so it must not split what it does not touch.
      if (operation.value === undefined) continue
      const length = matchLength(operation, depth, stem)
      if (length < shared) shared = length
    }
    const inside = operations.filter((other) => matchLength(other, depth, stem) >= shared)
    if (inside.length === 0) return node

    const below = depth + shared
    const belowPath = path + byteText(stem.subarray(0, shared))
    if (shared === stem.length) {
      const old = this.#resolve(node.child, belowPath)
      const child = this.#apply(old, inside, below, belowPath)
      return child === old ? node : this.#join(stem, child, belowPath)
    }
    const children = new Children()
    const rest = stem.slice(shared + 1)
    const moved = rest.length === 0 ? node.child : extension(rest, node.child)
    children.set(stem[shared] as number, moved)
    const split = this.#applyToBranch(children, inside, below, belowPath)
    return this.#join(stem.slice(0, shared), split === SAME ? branch(children) : split, belowPath)
  }

  /** What a branch becomes; `undefined` if nothing is left of it. */
  #applyToBranch(
    before: Children,
    operations: readonly Operation[],
    depth: number,
    path: string,
  ): TrieNode | undefined | typeof SAME {
    let children: Children | undefined
    let from = 0
    while (from < operations.length) {
      const nibble = nibbleOf(operations[from] as Operation, depth)
      let to = from + 1
      while (to < operations.length && nibbleOf(operations[to] as Operation, depth) === nibble) to++
      const group = from === 0 && to === operations.length ? operations : operations.slice(from, to)
      from = to
      const below = path + NIBBLES[nibble]
      const reference = before.get(nibble)
      const old = reference === undefined ? undefined : this.#resolve(reference, below)
      const child = this.#apply(old, group, depth + 1, below)
      if (child === old) continue
      children ??= new Children(before)
      children.set(nibble, child)
    }
    return children === undefined ? SAME : this.#collapse(children, path)
  }

  /** A branch needs two children: with one it melts into it, with none it vanishes. */
  #collapse(children: Children, path: string): TrieNode | undefined {
    const only = children.only()
    if (only === BRANCH_WIDTH) return branch(children)
    if (only === -1) return undefined
    const below = path + NIBBLES[only]
    return this.#join(Uint8Array.of(only), this.#resolve(children.get(only) as Child, below), below)
  }

  /** Puts a stem above the node at `path`; stems of leaves and extensions grow together, and so the node moves. */
  #join(stem: Uint8Array, node: TrieNode | undefined, path: string): TrieNode | undefined {
    if (node === undefined || stem.length === 0) return node
    if (node.kind === 'branch') return extension(stem, node)
    this.#release(node, path)
    if (node.kind === 'leaf') return leaf(concatBytes(stem, node.path), node.value)
    return extension(concatBytes(stem, node.path), node.child)
  }

  /** The node is not part of the new trie; if it was stored on its own, nothing may stay of it. */
  #release(node: TrieNode, path: string): void {
    if (this.#hashes.has(node)) this.#gone.add(path)
  }

  #resolve(child: Child, path: string): TrieNode {
    return child instanceof Uint8Array ? this.#load(path, child) : child
  }

  #load(path: string, hash: Hash): TrieNode {
    const node = this.#source(path)
    assert(node !== undefined, `the trie has a node at ${path.length} nibbles`)
    this.#hashes.set(node, hash)
    return node
  }

  /** Unlike other nodes, the root is stored behind its hash whatever its size. */
  #writeRoot(node: TrieNode): Hash {
    const encoded = this.#encode(node, '')
    const hash = keccak256(encoded)
    this.#written.set('', { path: '', encoded, node })
    return hash
  }

  /** How a parent names a child: its hash, or the child itself if that is shorter. */
  #referenceTo(child: TrieNode, path: string): Uint8Array {
    if (child.inline !== undefined) return child.inline
    const known = this.#hashes.get(child)
    if (known !== undefined) return known
    const encoded = this.#encode(child, path)
    if (encoded.length < HASHED_BYTES_MIN) {
      child.inline = encoded
      return encoded
    }
    this.#written.set(path, { path, encoded, node: child })
    return keccak256(encoded)
  }

  #encode(node: TrieNode, path: string): Uint8Array {
    return encodeNode(node, (child, step) => this.#referenceTo(child, path + step))
  }
}

function sortedOperations(changes: readonly TrieChange[]): Operation[] {
  const keyed = changes.map(([key, value]) => ({
    text: byteText(key),
    nibbles: toNibbles(key),
    value,
  }))
  return keyed.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
}

/** The subtree at a depth that holds exactly the entries that the operations put. */
function build(operations: readonly Operation[], depth: number): TrieNode | undefined {
  let puts = operations
  if (operations.some(({ value }) => value === undefined)) {
    puts = operations.filter(({ value }) => value !== undefined)
  }
  const first = puts[0]
  const last = puts[puts.length - 1]
  if (first?.value === undefined || last === undefined) return undefined
  if (puts.length === 1) return leaf(first.nibbles.slice(depth), first.value)

  // They are sorted: what the first and the last share, all share.
  const shared = matchLength(last, depth, first.nibbles.subarray(depth))
  const stem = first.nibbles.slice(depth, depth + shared)
  const below = depth + shared
  const children = new Children()
  let from = 0
  while (from < puts.length) {
    const nibble = nibbleOf(puts[from] as Operation, below)
    let to = from + 1
    while (to < puts.length && nibbleOf(puts[to] as Operation, below) === nibble) to++
    children.set(nibble, build(puts.slice(from, to), below + 1))
    from = to
  }
  const made = branch(children)
  return stem.length === 0 ? made : extension(stem, made)
}

function applyToLeaf(
  node: Leaf,
  operations: readonly Operation[],
  depth: number,
): TrieNode | undefined {
  const isSame = ({ nibbles }: Operation): boolean => endsWith(nibbles, depth, node.path)
  const replaced = operations.find(isSame)
  const value = replaced === undefined ? node.value : replaced.value
  if (operations.length === 1 && replaced !== undefined && value !== undefined) {
    return equalBytes(value, node.value) ? node : leaf(node.path, value)
  }
  const others = operations.filter((other) => other !== replaced && other.value !== undefined)
  if (others.length === 0 && value !== undefined && equalBytes(value, node.value)) return node
  if (value === undefined) return build(others, depth)
  const [some] = operations
  assert(some !== undefined, 'a leaf changes by operations')
  const nibbles = concatBytes(some.nibbles.subarray(0, depth), node.path)
  const all = [...others, { nibbles, value }]
  return build(
    all.sort((a, b) => compareNibbles(a.nibbles, b.nibbles, depth)),
    depth,
  )
}

function compareNibbles(a: Uint8Array, b: Uint8Array, from: number): number {
  for (let i = from; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

function endsWith(nibbles: Uint8Array, depth: number, rest: Uint8Array): boolean {
  if (nibbles.length !== depth + rest.length) return false
  for (let i = 0; i < rest.length; i++) if (nibbles[depth + i] !== rest[i]) return false
  return true
}

/** How many nibbles of `stem` the operation has from a depth on. */
function matchLength({ nibbles }: Operation, depth: number, stem: Uint8Array): number {
  let length = 0
  while (length < stem.length && nibbles[depth + length] === stem[length]) length++
  return length
}

function nibbleOf({ nibbles }: Operation, depth: number): number {
  const nibble = nibbles[depth]
  assert(nibble !== undefined, 'no key of a trie is a prefix of another')
  return nibble
}

/** The nibbles of a key, a byte each. */
export function toNibbles(key: Uint8Array): Uint8Array {
  const nibbles = new Uint8Array(key.length * 2)
  for (let i = 0; i < key.length; i++) {
    nibbles[2 * i] = (key[i] as number) >> 4
    nibbles[2 * i + 1] = (key[i] as number) & 0x0f
  }
  return nibbles
}
