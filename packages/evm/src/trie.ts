import { assert, equalBytes, type Hash } from '@openliquid/primitives'
import { ByteSlab } from './byteSlab.ts'
import { keccak256 } from './keccak.ts'
import {
  BRANCH_WIDTH,
  encodeExtension,
  encodeLeaf,
  encodeRecordedBranch,
  HASHED_BYTES_MIN,
  nibbleAt,
  referenceOf,
  rootOf,
} from './trieEncoding.ts'
import {
  Branch,
  BranchWriter,
  encodeLeafRecord,
  type Leaf,
  readNode,
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
  /** The record at a path; must answer for every path under the root. */
  readNode(path: TriePath): Uint8Array | undefined
  /**
   * Where the entry of a key lies in the trie. The hash of the key, for whoever wants a balanced trie.
   *
   * @param slab - for the path, if there will be many
   */
  pathOf(key: Uint8Array, slab?: ByteSlab): Uint8Array
  /** Value that the table has for a key of the trie, as the leaf holds it. */
  valueOf(key: Uint8Array): Uint8Array
}

/** One entry to put, or with `undefined` to delete. */
export type TrieChange = readonly [key: Uint8Array, value: Uint8Array | undefined]

/** A record to put at a path or, with `undefined`, to delete. */
export interface TrieNodeWrite {
  readonly path: TriePath
  readonly record: Uint8Array | undefined
}

export interface TrieUpdate {
  readonly root: Hash
  /** Each path once; what lies below a branch before it. */
  readonly writes: readonly TrieNodeWrite[]
}

/** A change with its place in the trie: with a value, the leaf that it puts there. */
interface Operation {
  readonly kind: 'leaf'
  readonly key: Uint8Array
  readonly path: Uint8Array
  /** First six bytes of the path: nearly always enough to sort by. */
  readonly rank: number
  readonly value: Uint8Array | undefined
}

type PlacedLeaf = Leaf & { readonly path: Uint8Array }

/** What becomes of a child: `undefined` leaves it as it is, `null` takes it away. */
type ChildChange = TrieNode | null | undefined

/** A nibble as a character of a path. */
const NIBBLES: readonly string[] = Array.from({ length: BRANCH_WIDTH }, (_, nibble) =>
  String.fromCharCode(nibble),
)
const RANK_BYTES = 6
const writer = new BranchWriter()

/**
 * Applies a batch of changes to the trie over a table.
 *
 * Each branch on a changed path is read once and hashed once, however many of its entries change. The result does not
 * depend on the order of the changes. A branch is stored at the path of its first nibble, so a new version overwrites
 * the old one and nothing is left to collect.
 *
 * @param changes - at most one per key
 * @param table - as it was before the changes
 * @param slab - for the records
 * @see docs/spec/evm.md §6
 */
export function updateTrie(
  root: Hash,
  changes: readonly TrieChange[],
  table: TrieTable,
  slab: ByteSlab = new ByteSlab(),
): TrieUpdate {
  return changes.length === 0 ? { root, writes: [] } : new TrieBatch(table, slab).run(root, changes)
}

/** Root of the trie as it is stored. */
export function storedRoot(table: TrieTable): Hash {
  const record = table.readNode('')
  if (record === undefined) return EMPTY_TRIE_ROOT
  const node = readNode(record)
  if (node.kind === 'branch') return rootOf(encodeStem(node))
  return rootOf(encodeLeaf(table.pathOf(node.key), 0, table.valueOf(node.key)))
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
  let text = ''
  let node = stored(table, '')
  while (node.kind === 'branch') {
    const branch = encodeRecordedBranch(node).slice()
    if (node.stemLength > 0) add(encodeExtension(node.stem, referenceOf(branch)))
    if (sharedNibbles(path, text.length, node) < node.stemLength) return proof
    add(branch)
    text += textOf(node.stem)
    const nibble = nibbleAt(path, text.length)
    if (!node.has(nibble)) return proof
    text += NIBBLES[nibble]
    node = node.isLeaf(nibble) ? node.leaf(nibble) : stored(table, text)
  }
  add(encodeLeaf(table.pathOf(node.key), text.length, table.valueOf(node.key)))
  return proof
}

/** One update: reads branches as it descends, writes those that changed as it climbs. */
class TrieBatch {
  readonly #table: TrieTable
  readonly #slab: ByteSlab
  readonly #writes: TrieNodeWrite[] = []
  #operations: readonly Operation[] = []

  constructor(table: TrieTable, slab: ByteSlab) {
    this.#table = table
    this.#slab = slab
  }

  run(root: Hash, changes: readonly TrieChange[]): TrieUpdate {
    const before = equalBytes(root, EMPTY_TRIE_ROOT) ? undefined : stored(this.#table, '')
    this.#operations = this.#sorted(changes)
    const after = this.#apply(before, 0, this.#operations.length, '')
    if (after === undefined) {
      if (before === undefined) return { root, writes: [] }
      this.#remove('')
      return { root: EMPTY_TRIE_ROOT, writes: this.#writes }
    }
    const newRoot = rootOf(
      after.kind === 'leaf' ? this.#encodeLeaf(after, 0) : this.#seal(after, ''),
    )
    if (equalBytes(newRoot, root)) return { root, writes: [] }
    // A branch wrote its record when it was sealed.
    if (after.kind === 'leaf') this.#writes.push({ path: '', record: encodeLeafRecord(after.key) })
    return { root: newRoot, writes: this.#writes }
  }

  #sorted(changes: readonly TrieChange[]): Operation[] {
    const operations = changes.map(([key, value]): Operation => {
      const path = this.#table.pathOf(key, this.#slab)
      let rank = 0
      for (let i = 0; i < RANK_BYTES; i++) rank = rank * 256 + (path[i] as number)
      return { kind: 'leaf', key, path, rank, value }
    })
    return operations.sort((a, b) => a.rank - b.rank || comparePaths(a.path, b.path))
  }

  /**
   * The subtree at `path` after the operations from `from` to below `to`, all of which lie below `path`. All that is below
   * a branch is written; the branch itself is by whoever keeps it. The same object if nothing changed.
   */
  #apply(
    node: TrieNode | undefined,
    from: number,
    to: number,
    path: TriePath,
  ): TrieNode | undefined {
    if (node?.kind === 'branch') return this.#applyToBranch(node, from, to, path)
    return this.#applyToLeaf(node, from, to, path)
  }

  /** The subtree that holds the entries which the operations put, and a leaf that was there. */
  #applyToLeaf(
    resident: Leaf | undefined,
    from: number,
    to: number,
    path: TriePath,
  ): TrieNode | undefined {
    const leaves: PlacedLeaf[] = []
    let isNamed = false
    for (let i = from; i < to; i++) {
      const operation = this.#operations[i] as Operation
      if (resident !== undefined && !isNamed) isNamed = equalBytes(operation.key, resident.key)
      if (operation.value !== undefined) leaves.push(operation)
    }
    if (resident !== undefined && !isNamed) {
      if (leaves.length === 0) return resident
      leaves.push({ ...resident, path: this.#table.pathOf(resident.key) })
      leaves.sort((a, b) => comparePaths(a.path, b.path))
    }
    return leaves.length === 0 ? undefined : this.#build(leaves, 0, leaves.length, path)
  }

  /** Sorted leaves below a path, as one subtree. */
  #build(leaves: readonly PlacedLeaf[], from: number, to: number, path: TriePath): TrieNode {
    const first = leaves[from] as PlacedLeaf
    if (to === from + 1) return first
    // They are sorted: what the first and the last share, all share.
    const last = leaves[to - 1] as PlacedLeaf
    const stem: number[] = []
    let depth = path.length
    while (nibbleAt(first.path, depth) === nibbleAt(last.path, depth)) {
      stem.push(nibbleAt(first.path, depth))
      depth += 1
    }
    const at = path + textOf(stem)
    const children = noChanges()
    let start = from
    while (start < to) {
      const nibble = nibbleAt((leaves[start] as PlacedLeaf).path, depth)
      let end = start + 1
      while (end < to && nibbleAt((leaves[end] as PlacedLeaf).path, depth) === nibble) end++
      children[nibble] = this.#build(leaves, start, end, at + NIBBLES[nibble])
      start = end
    }
    return this.#branch(Uint8Array.from(stem), undefined, children, at)
  }

  #applyToBranch(node: Branch, from: number, to: number, path: TriePath): TrieNode | undefined {
    let shared = node.stemLength
    for (let i = from; i < to && shared > 0; i++) {
      const { path: other, value } = this.#operations[i] as Operation
      // A delete beside the stem names no entry, so it must not split what it does not touch.
      if (value !== undefined) shared = Math.min(shared, sharedNibbles(other, path.length, node))
    }
    // They are sorted, so those that follow the stem that far are neighbours.
    let first = from
    while (first < to && this.#shares(first, path, node) < shared) first++
    let end = first
    while (end < to && this.#shares(end, path, node) >= shared) end++
    if (first === end) return node

    const { stem } = node
    const above = shared === stem.length ? stem : stem.slice(0, shared)
    const children = noChanges()
    if (shared < stem.length) {
      children[stem[shared] as number] = node.withStem(stem.slice(shared + 1), this.#slab)
    }
    const before = shared === stem.length ? node : undefined
    const at = path + textOf(above)
    const isSame = !this.#applyToChildren(before, children, first, end, at)
    return isSame ? node : this.#collapse(above, before, children, at)
  }

  #shares(index: number, path: TriePath, node: Branch): number {
    const { path: other } = this.#operations[index] as Operation
    return sharedNibbles(other, path.length, node)
  }

  /** Puts in what becomes of the children of a branch. @returns whether anything does */
  #applyToChildren(
    before: Branch | undefined,
    children: ChildChange[],
    from: number,
    to: number,
    path: TriePath,
  ): boolean {
    const depth = path.length
    let hasChanged = false
    let start = from
    while (start < to) {
      const nibble = nibbleAt((this.#operations[start] as Operation).path, depth)
      let end = start + 1
      while (end < to && nibbleAt((this.#operations[end] as Operation).path, depth) === nibble) {
        end++
      }
      const first = this.#operations[start] as Operation
      const isLone = end === start + 1 && first.value !== undefined
      const begin = start
      start = end
      // By far the most: a new value for an entry that is there.
      if (isLone && before?.isLeafOf(nibble, first.key)) {
        hasChanged = true
        children[nibble] = first
        continue
      }
      const below = path + NIBBLES[nibble]
      const old = children[nibble] ?? this.#childOf(before, nibble, below)
      const after = this.#apply(old, begin, end, below)
      if (after === old) continue
      hasChanged = true
      children[nibble] = after ?? null
      // A branch is written where the old one was.
      if (before?.isStored(nibble) && after?.kind !== 'branch') this.#remove(below)
    }
    return hasChanged
  }

  /** A branch needs two children: with one it melts into it, with none it vanishes. @param path - of its children */
  #collapse(
    stem: Uint8Array,
    before: Branch | undefined,
    children: readonly ChildChange[],
    path: TriePath,
  ): TrieNode | undefined {
    let only = -1
    for (let nibble = 0; nibble < BRANCH_WIDTH; nibble++) {
      const change = children[nibble]
      if (change === null || (change === undefined && !before?.has(nibble))) continue
      if (only !== -1) return this.#branch(stem, before, children, path)
      only = nibble
    }
    if (only === -1) return undefined
    const below = path + NIBBLES[only]
    const node = children[only] ?? this.#childOf(before, only, below)
    assert(node !== undefined, 'the only child is there')
    if (node.kind === 'leaf') return node
    if (before?.isStored(only)) this.#remove(below)
    return node.withStem(Uint8Array.of(...stem, only, ...node.stem), this.#slab)
  }

  #childOf(before: Branch | undefined, nibble: number, path: TriePath): TrieNode | undefined {
    if (before === undefined || !before.has(nibble)) return undefined
    return before.isLeaf(nibble) ? before.leaf(nibble) : stored(this.#table, path)
  }

  /** A branch whose children are written. The same object as before if it is the same. @param path - of its children */
  #branch(
    stem: Uint8Array,
    before: Branch | undefined,
    children: readonly ChildChange[],
    path: TriePath,
  ): Branch {
    writer.begin(stem)
    for (let nibble = 0; nibble < BRANCH_WIDTH; nibble++) {
      const child = children[nibble]
      if (child === undefined) {
        const first = nibble
        while (nibble + 1 < BRANCH_WIDTH && children[nibble + 1] === undefined) nibble++
        if (before !== undefined) writer.copy(before, first, nibble + 1)
      } else if (child?.kind === 'leaf') {
        writer.add(nibble, this.#encodeLeaf(child, path.length + 1), child.key)
      } else if (child !== null) {
        writer.add(nibble, this.#seal(child, path + NIBBLES[nibble]))
      }
    }
    const record = writer.end()
    if (before !== undefined && equalBytes(record, before.record)) return before
    return new Branch(this.#slab.copy(record))
  }

  /** Writes a branch. @returns its RLP, a view: see `trieEncoding.ts` */
  #seal(branch: Branch, path: TriePath): Uint8Array {
    this.#writes.push({ path, record: branch.record })
    return encodeStem(branch)
  }

  #encodeLeaf({ key, path, value }: Leaf, depth: number): Uint8Array {
    return encodeLeaf(path ?? this.#table.pathOf(key), depth, value ?? this.#table.valueOf(key))
  }

  #remove(path: TriePath): void {
    this.#writes.push({ path, record: undefined })
  }
}

function noChanges(): ChildChange[] {
  return new Array(BRANCH_WIDTH).fill(undefined)
}

function stored(table: TrieTable, path: TriePath): TrieNode {
  const record = table.readNode(path)
  assert(record !== undefined, `the trie has a node at ${path.length} nibbles`)
  return readNode(record)
}

/** RLP of a branch with the extension that is its stem, if it has one. A view: see `trieEncoding.ts`. */
function encodeStem(branch: Branch): Uint8Array {
  const encoded = encodeRecordedBranch(branch)
  return branch.stemLength === 0 ? encoded : encodeExtension(branch.stem, referenceOf(encoded))
}

/** How many nibbles of a branch's stem a path follows from `depth` on. */
function sharedNibbles(path: Uint8Array, depth: number, branch: Branch): number {
  let shared = 0
  while (
    shared < branch.stemLength &&
    nibbleAt(path, depth + shared) === branch.stemNibble(shared)
  ) {
    shared++
  }
  return shared
}

function comparePaths(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

function textOf(stem: ArrayLike<number> & Iterable<number>): string {
  return stem.length === 0 ? '' : String.fromCharCode(...stem)
}
