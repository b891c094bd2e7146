import { assert, equalBytes, type Hash } from '@openliquid/primitives'
import { keccak256 } from './keccak.ts'
import {
  BRANCH_WIDTH,
  encodeBranch,
  encodeExtension,
  encodeLeaf,
  HASHED_BYTES_MIN,
  nibbleAt,
  referenceOf,
  rootOf,
} from './trieEncoding.ts'
import {
  type Branch,
  type Child,
  encodeNodeRecord,
  type Leaf,
  leafOf,
  type TrieNode,
} from './trieNode.ts'

/** Root of a trie without entries: keccak of the RLP of nothing. */
export const EMPTY_TRIE_ROOT: Hash = keccak256(Uint8Array.of(0x80))

/** Where a node lies: the nibbles from the root to it, its own stem not among them, a nibble a character. */
export type TriePath = string

/**
 * A table of entries with the Merkle-Patricia trie over it. The trie keeps its branches only: an entry is a leaf, and
 * what a leaf holds is in the table.
 */
export interface TrieTable {
  /** The stored node at a path; must answer for every path under the root. */
  readNode(path: TriePath): TrieNode | undefined
  /** Where the entry of a key lies in the trie. The hash of the key, for whoever wants a balanced trie. */
  pathOf(key: Uint8Array): Uint8Array
  /** Value that the table has for a key of the trie, as the leaf holds it. */
  valueOf(key: Uint8Array): Uint8Array
}

/** One entry to put, or with `undefined` to delete. */
export type TrieChange = readonly [key: Uint8Array, value: Uint8Array | undefined]

/** A record to put at a path or, with `undefined`, to delete. */
export interface TrieNodeWrite {
  readonly path: TriePath
  readonly record: Uint8Array | undefined
  readonly node: TrieNode | undefined
}

export interface TrieUpdate {
  readonly root: Hash
  /** Each path once, in path order. */
  readonly writes: readonly TrieNodeWrite[]
}

/** A change with its place in the trie. */
interface Operation {
  readonly key: Uint8Array
  readonly path: Uint8Array
  /** First six bytes of the path: nearly always enough to sort by. */
  readonly rank: number
  readonly value: Uint8Array | undefined
}

type PlacedLeaf = Leaf & { readonly path: Uint8Array }

/** A nibble as a character of a path. */
const NIBBLES: readonly string[] = Array.from({ length: BRANCH_WIDTH }, (_, nibble) =>
  String.fromCharCode(nibble),
)
const RANK_BYTES = 6

/**
 * Applies a batch of changes to the trie over a table.
 *
 * Each branch on a changed path is read once and hashed once, however many of its entries change. The result does not
 * depend on the order of the changes. A branch is stored at the path of its first nibble, so a new version overwrites
 * the old one and nothing is left to collect.
 *
 * @param changes - at most one per key
 * @param table - as it was before the changes
 * @see docs/spec/evm.md §6
 */
export function updateTrie(
  root: Hash,
  changes: readonly TrieChange[],
  table: TrieTable,
): TrieUpdate {
  return changes.length === 0 ? { root, writes: [] } : new TrieBatch(table).run(root, changes)
}

/** Root of the trie as it is stored. */
export function storedRoot(table: TrieTable): Hash {
  const node = table.readNode('')
  if (node === undefined) return EMPTY_TRIE_ROOT
  if (node.kind === 'leaf') {
    return rootOf(encodeLeaf(table.pathOf(node.key), 0, table.valueOf(node.key)))
  }
  return rootOf(encodeStem(node.stem, encodeBranch(node.children)))
}

/**
 * RLP of the nodes on the way to a key, from the root down: they prove the value, or that there is none.
 *
 * Nodes that are shorter than a hash stand inside those above them, as everywhere in Ethereum.
 */
export function proveKey(root: Hash, key: Uint8Array, table: TrieTable): Uint8Array[] {
  const proof: Uint8Array[] = []
  const add = (encoded: Uint8Array): void => {
    if (proof.length === 0 || encoded.length >= HASHED_BYTES_MIN) proof.push(encoded.slice())
  }
  if (equalBytes(root, EMPTY_TRIE_ROOT)) return proof
  const path = table.pathOf(key)
  let depth = 0
  let text = ''
  let node = stored(table, '')
  while (node.kind === 'branch') {
    const { stem, children } = node
    const branch = encodeBranch(children).slice()
    if (stem.length > 0) add(encodeExtension(stem, referenceOf(branch)))
    if (sharedNibbles(path, depth, stem) < stem.length) return proof
    add(branch)
    depth += stem.length
    const nibble = nibbleAt(path, depth)
    const child = children[nibble]
    if (child === undefined) return proof
    depth += 1
    text += textOf(stem) + NIBBLES[nibble]
    node = child.kind === 'stored' ? stored(table, text) : child
  }
  add(encodeLeaf(table.pathOf(node.key), depth, table.valueOf(node.key)))
  return proof
}

/** One update: reads branches as it descends, writes those that changed as it climbs. */
class TrieBatch {
  readonly #table: TrieTable
  /** Paths of records that were read and whose node is no more, unless the new trie writes there. */
  readonly #gone = new Set<TriePath>()
  readonly #writes: TrieNodeWrite[] = []
  #operations: readonly Operation[] = []

  constructor(table: TrieTable) {
    this.#table = table
  }

  run(root: Hash, changes: readonly TrieChange[]): TrieUpdate {
    const before = equalBytes(root, EMPTY_TRIE_ROOT) ? undefined : stored(this.#table, '')
    this.#operations = this.#sorted(changes)
    const after = this.#apply(before, 0, this.#operations.length, 0, '')
    if (after === before) return { root, writes: [] }
    if (before !== undefined) this.#gone.add('')
    let newRoot = EMPTY_TRIE_ROOT
    if (after !== undefined) {
      newRoot = rootOf(this.#seal(after, 0, ''))
      // A branch wrote its record when it was sealed.
      if (after.kind === 'leaf') this.#write('', leafOf(after.key, undefined))
    }
    for (const path of this.#gone) this.#writes.push({ path, record: undefined, node: undefined })
    const writes = this.#writes.sort((a, b) => (a.path < b.path ? -1 : 1))
    return { root: newRoot, writes }
  }

  #sorted(changes: readonly TrieChange[]): Operation[] {
    const operations = changes.map(([key, value]): Operation => {
      const path = this.#table.pathOf(key)
      let rank = 0
      for (let i = 0; i < RANK_BYTES; i++) rank = rank * 256 + (path[i] as number)
      return { key, path, rank, value }
    })
    return operations.sort((a, b) => a.rank - b.rank || comparePaths(a.path, b.path))
  }

  /**
   * The subtree at `path` after the operations from `from` to below `to`, all of which lie below `path`. The same object
   * if nothing changed.
   */
  #apply(
    node: TrieNode | undefined,
    from: number,
    to: number,
    depth: number,
    path: TriePath,
  ): TrieNode | undefined {
    if (from === to) return node
    if (node === undefined) return this.#build(from, to, depth, undefined)
    if (node.kind === 'leaf') return this.#applyToLeaf(node, from, to, depth)
    return this.#applyToBranch(node, from, to, depth, path)
  }

  #applyToLeaf(node: Leaf, from: number, to: number, depth: number): TrieNode | undefined {
    let isNamed = false
    for (let i = from; i < to && !isNamed; i++) {
      isNamed = equalBytes((this.#operations[i] as Operation).key, node.key)
    }
    const after = this.#build(from, to, depth, isNamed ? undefined : node)
    if (after?.kind !== 'leaf' || after.value === undefined) return after
    const reference = referenceOf(this.#encodeLeaf(after, depth))
    const isSame =
      node.reference !== undefined &&
      equalBytes(after.key, node.key) &&
      equalBytes(reference, node.reference)
    return isSame ? node : { ...after, reference }
  }

  /** The subtree that holds the entries which the operations put, and a leaf that was there. */
  #build(
    from: number,
    to: number,
    depth: number,
    resident: Leaf | undefined,
  ): TrieNode | undefined {
    const leaves: PlacedLeaf[] = []
    for (let i = from; i < to; i++) {
      const { key, path, value } = this.#operations[i] as Operation
      if (value === undefined) continue
      leaves.push({ kind: 'leaf', key, path, value, reference: undefined })
    }
    if (resident !== undefined) {
      if (leaves.length === 0) return resident
      const path = this.#table.pathOf(resident.key)
      leaves.push({ ...resident, path, reference: undefined })
      leaves.sort((a, b) => comparePaths(a.path, b.path))
    }
    return leaves.length === 0 ? undefined : buildFrom(leaves, 0, leaves.length, depth)
  }

  #applyToBranch(
    node: Branch,
    from: number,
    to: number,
    depth: number,
    path: TriePath,
  ): TrieNode | undefined {
    const { stem } = node
    let shared = stem.length
    for (let i = from; i < to; i++) {
      const { path: other, value } = this.#operations[i] as Operation
      // A delete beside the stem names no entry, so it must not split what it does not touch.
      if (value !== undefined) shared = Math.min(shared, sharedNibbles(other, depth, stem))
    }
    // They are sorted, so those that follow the stem that far are neighbours.
    let first = from
    while (first < to && this.#shares(first, depth, stem) < shared) first++
    let end = first
    while (end < to && this.#shares(end, depth, stem) >= shared) end++
    if (first === end) return node

    if (shared === stem.length) {
      const children = this.#applyToChildren(
        node.children,
        first,
        end,
        depth + shared,
        path + textOf(stem),
      )
      return children === undefined ? node : this.#collapse(stem, children, path)
    }
    const split: (Child | undefined)[] = new Array(BRANCH_WIDTH).fill(undefined)
    split[stem[shared] as number] = branchOf(stem.slice(shared + 1), node.children)
    const above = stem.slice(0, shared)
    const children = this.#applyToChildren(split, first, end, depth + shared, path + textOf(above))
    // Deletes alone do not split, so there is a put, and with it a second child.
    assert(children !== undefined, 'a stem is split by an entry that is put')
    return this.#collapse(above, children, path)
  }

  #shares(index: number, depth: number, stem: Uint8Array): number {
    return sharedNibbles((this.#operations[index] as Operation).path, depth, stem)
  }

  /** The children of a branch after the operations; `undefined` if all stay as they are. */
  #applyToChildren(
    before: readonly (Child | undefined)[],
    from: number,
    to: number,
    depth: number,
    path: TriePath,
  ): (Child | undefined)[] | undefined {
    let children: (Child | undefined)[] | undefined
    let start = from
    while (start < to) {
      const nibble = nibbleAt((this.#operations[start] as Operation).path, depth)
      let end = start + 1
      while (end < to && nibbleAt((this.#operations[end] as Operation).path, depth) === nibble)
        end++
      const below = path + NIBBLES[nibble]
      const child = before[nibble]
      const old = child?.kind === 'stored' ? stored(this.#table, below) : child
      const after = this.#apply(old, start, end, depth + 1, below)
      start = end
      if (after === old) continue
      if (child?.kind === 'stored') this.#gone.add(below)
      children ??= before.slice()
      children[nibble] = after
    }
    return children
  }

  /** A branch needs two children: with one it melts into it, with none it vanishes. */
  #collapse(
    stem: Uint8Array,
    children: (Child | undefined)[],
    path: TriePath,
  ): TrieNode | undefined {
    let only = -1
    for (let nibble = 0; nibble < BRANCH_WIDTH; nibble++) {
      if (children[nibble] === undefined) continue
      if (only !== -1) return branchOf(stem, children)
      only = nibble
    }
    if (only === -1) return undefined
    const child = children[only] as Child
    const below = path + textOf(stem) + NIBBLES[only]
    if (child.kind === 'stored') this.#gone.add(below)
    const node = child.kind === 'stored' ? stored(this.#table, below) : child
    if (node.kind === 'leaf') return { ...node, reference: undefined }
    return branchOf(Uint8Array.of(...stem, only, ...node.stem), node.children)
  }

  /** RLP of a node whose subtree is encoded and written. A view: see `trieEncoding.ts`. */
  #seal(node: TrieNode, depth: number, path: TriePath): Uint8Array {
    if (node.kind === 'leaf') return this.#encodeLeaf(node, depth)
    const { stem, children } = node
    const at = path + textOf(stem)
    for (let nibble = 0; nibble < BRANCH_WIDTH; nibble++) {
      const child = children[nibble]
      if (child === undefined || child.kind === 'stored') continue
      const below = depth + stem.length + 1
      if (child.kind === 'branch') {
        const reference = referenceOf(this.#seal(child, below, at + NIBBLES[nibble]))
        children[nibble] = { kind: 'stored', reference }
      } else if (child.reference === undefined || child.value !== undefined) {
        const reference = child.reference ?? referenceOf(this.#encodeLeaf(child, below))
        children[nibble] = leafOf(child.key, reference)
      }
    }
    this.#write(path, node)
    return encodeStem(stem, encodeBranch(children))
  }

  #encodeLeaf({ key, path, value }: Leaf, depth: number): Uint8Array {
    return encodeLeaf(path ?? this.#table.pathOf(key), depth, value ?? this.#table.valueOf(key))
  }

  #write(path: TriePath, node: TrieNode): void {
    this.#writes.push({ path, record: encodeNodeRecord(node), node })
    this.#gone.delete(path)
  }
}

/** Sorted leaves that share `depth` nibbles, as one subtree. */
function buildFrom(
  leaves: readonly PlacedLeaf[],
  from: number,
  to: number,
  depth: number,
): TrieNode {
  const first = leaves[from] as PlacedLeaf
  if (to === from + 1) return first
  // They are sorted: what the first and the last share, all share.
  const last = leaves[to - 1] as PlacedLeaf
  const stem: number[] = []
  let below = depth
  while (nibbleAt(first.path, below) === nibbleAt(last.path, below)) {
    stem.push(nibbleAt(first.path, below))
    below += 1
  }
  const children: (Child | undefined)[] = new Array(BRANCH_WIDTH).fill(undefined)
  let start = from
  while (start < to) {
    const nibble = nibbleAt((leaves[start] as PlacedLeaf).path, below)
    let end = start + 1
    while (end < to && nibbleAt((leaves[end] as PlacedLeaf).path, below) === nibble) end++
    children[nibble] = buildFrom(leaves, start, end, below + 1)
    start = end
  }
  return branchOf(Uint8Array.from(stem), children)
}

function stored(table: TrieTable, path: TriePath): TrieNode {
  const node = table.readNode(path)
  assert(node !== undefined, `the trie has a node at ${path.length} nibbles`)
  return node
}

/** A branch with the extension that is its stem, if it has one. */
function encodeStem(stem: Uint8Array, branch: Uint8Array): Uint8Array {
  return stem.length === 0 ? branch : encodeExtension(stem, referenceOf(branch))
}

function branchOf(stem: Uint8Array, children: (Child | undefined)[]): Branch {
  return { kind: 'branch', stem, reference: undefined, children }
}

/** How many nibbles of a stem a path follows from `depth` on. */
function sharedNibbles(path: Uint8Array, depth: number, stem: Uint8Array): number {
  let shared = 0
  while (shared < stem.length && nibbleAt(path, depth + shared) === stem[shared]) shared++
  return shared
}

function comparePaths(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

function textOf(stem: Uint8Array): string {
  return stem.length === 0 ? '' : String.fromCharCode(...stem)
}
