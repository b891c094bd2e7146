import { assert, compareBytes, equalBytes, type Hash, InvariantError } from '@openliquid/primitives'
import { byteText } from './byteText.ts'
import { keccak256 } from './keccak.ts'
import {
  EMPTY_TRIE_ROOT,
  parseNode,
  proveKey,
  type TrieSource,
  toNibbles,
  trieReference,
} from './trie.ts'
import { BRANCH_WIDTH, type Child } from './trieNode.ts'

/** Entries of a trie that follow each other in the order of their keys, which are hashes. */
export interface TrieRange {
  readonly entries: readonly (readonly [key: Hash, value: Uint8Array])[]
  /** Nodes on the way to the first entry, from the root down; none when nothing is left of it. */
  readonly left: readonly Uint8Array[]
  /** Nodes on the way to the last entry; none when nothing is right of it. */
  readonly right: readonly Uint8Array[]
}

/** Nibbles of a hashed key. */
const DEPTH = 64

/**
 * Whether exactly these entries lie in the trie between the first and the last of them, and beyond an end without a
 * proof nothing at all.
 *
 * Every node of a proof is reached through hashes from the root. What lies inside the range must be the subtree that the
 * entries make, so nothing can be missing there.
 */
export function isTrieRange(root: Hash, { entries, left, right }: TrieRange): boolean {
  if (entries.length === 0) return equalBytes(root, EMPTY_TRIE_ROOT)
  for (const [i, [key]] of entries.entries()) {
    const before = entries[i - 1]?.[0]
    if (key.length !== 32 || (before !== undefined && compareBytes(before, key) >= 0)) return false
  }
  const range = entries.map(([key, value]) => ({ nibbles: toNibbles(key), value }))
  const nodes = new Map<string, Uint8Array>()
  for (const node of [...left, ...right]) nodes.set(byteText(keccak256(node)), node)
  try {
    return new RangeCheck(nodes, {
      first: left.length === 0 ? undefined : range[0]?.nibbles,
      last: right.length === 0 ? undefined : range.at(-1)?.nibbles,
    }).holds(root, range, 0)
  } catch (error) {
    // A node that is none makes the reader assert; here it speaks of the sender's bytes.
    if (error instanceof InvariantError) return false
    throw error
  }
}

interface Item {
  readonly nibbles: Uint8Array
  readonly value: Uint8Array
}

class RangeCheck {
  readonly #nodes: ReadonlyMap<string, Uint8Array>
  readonly #first: Uint8Array | undefined
  readonly #last: Uint8Array | undefined

  constructor(
    nodes: ReadonlyMap<string, Uint8Array>,
    ends: { readonly first: Uint8Array | undefined; readonly last: Uint8Array | undefined },
  ) {
    this.#nodes = nodes
    this.#first = ends.first
    this.#last = ends.last
  }

  /** Whether a subtree, as far as it is inside the range, is what the entries make. All entries share `depth` nibbles. */
  holds(child: Child, entries: readonly Item[], depth: number): boolean {
    const prefix = entries[0]?.nibbles.subarray(0, depth)
    const isLeftEdge = this.#first !== undefined && starts(this.#first, prefix)
    const isRightEdge = this.#last !== undefined && starts(this.#last, prefix)
    if (!isLeftEdge && !isRightEdge) return sameReference(child, entries, depth)
    assert(depth < DEPTH, 'a key ends')
    const node = child instanceof Uint8Array ? this.#resolve(child) : child
    if (node.kind === 'leaf') return sameReference(child, entries, depth)
    if (node.kind === 'extension') {
      const below = depth + node.path.length
      const fits = ({ nibbles }: Item): boolean =>
        equalBytes(nibbles.subarray(depth, below), node.path)
      return entries.every(fits) && this.holds(node.child, entries, below)
    }
    const from = isLeftEdge ? (this.#first?.[depth] ?? 0) : 0
    const to = isRightEdge ? (this.#last?.[depth] ?? 0) : BRANCH_WIDTH - 1
    let at = 0
    for (let nibble = from; nibble <= to; nibble++) {
      let end = at
      while (entries[end]?.nibbles[depth] === nibble) end += 1
      const inside = entries.slice(at, end)
      at = end
      const below = node.children.get(nibble)
      if (below === undefined ? inside.length > 0 : inside.length === 0) return false
      if (below !== undefined && !this.holds(below, inside, depth + 1)) return false
    }
    return at === entries.length
  }

  #resolve(hash: Uint8Array): ReturnType<typeof parseNode> {
    const encoded = this.#nodes.get(byteText(hash))
    assert(encoded !== undefined, 'the proof has the node')
    return parseNode(encoded)
  }
}

function starts(key: Uint8Array, prefix: Uint8Array | undefined): boolean {
  return prefix !== undefined && equalBytes(key.subarray(0, prefix.length), prefix)
}

/** Whether a child is, or is the hash of, the subtree that exactly these entries make. */
function sameReference(child: Child, entries: readonly Item[], depth: number): boolean {
  const reference = trieReference(entries, depth)
  const given = child instanceof Uint8Array ? child : child.inline
  return reference !== undefined && given !== undefined && equalBytes(reference, given)
}

/** The proofs of a range's ends; of an end of the trie itself none is needed. */
export function proveRange(
  root: Hash,
  ends: { readonly first: Hash | undefined; readonly last: Hash | undefined },
  source: TrieSource,
): Pick<TrieRange, 'left' | 'right'> {
  const prove = (key: Hash | undefined): readonly Uint8Array[] =>
    key === undefined ? [] : proveKey(root, key, source)
  return { left: prove(ends.first), right: prove(ends.last) }
}
