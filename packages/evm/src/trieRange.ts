import { assert, compareBytes, equalBytes, type Hash, InvariantError } from '@openliquid/primitives'
import { byteText } from './byteText.ts'
import { keccak256 } from './keccak.ts'
import { entriesReference } from './orderedTrie.ts'
import { decodeRlp, encodeRlp, isRlpList, type RlpItem } from './rlp.ts'
import { EMPTY_TRIE_ROOT } from './trie.ts'
import { BRANCH_WIDTH, nibbleAt } from './trieEncoding.ts'

/** Entries of a trie that follow each other in the order of their keys, which are hashes. */
export interface TrieRange {
  readonly entries: readonly (readonly [key: Hash, value: Uint8Array])[]
  /** Nodes on the way to the first entry, from the root down; none when nothing is left of it. */
  readonly left: readonly Uint8Array[]
  /** Nodes on the way to the last entry; none when nothing is right of it. */
  readonly right: readonly Uint8Array[]
}

type Entry = TrieRange['entries'][number]

/** Nibbles of a hashed key. */
const DEPTH = 64
/** Lists in a node: itself, and children of less than 32 bytes inside each other. */
const NODE_RLP_DEPTH_MAX = 32
/** In the first nibble of a packed path. */
const ODD_FLAG = 1
const LEAF_FLAG = 2

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
  const nodes = new Map<string, Uint8Array>()
  for (const node of [...left, ...right]) nodes.set(byteText(keccak256(node)), node)
  try {
    return new RangeCheck(nodes, {
      first: left.length === 0 ? undefined : entries[0]?.[0],
      last: right.length === 0 ? undefined : entries.at(-1)?.[0],
    }).holds(root, entries, 0)
  } catch (error) {
    // A node that is none makes the reader assert; here it speaks of the sender's bytes.
    if (error instanceof InvariantError) return false
    throw error
  }
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
  holds(child: RlpItem, entries: readonly Entry[], depth: number): boolean {
    const some = entries[0]?.[0]
    const isLeftEdge = this.#first !== undefined && shares(this.#first, some, depth)
    const isRightEdge = this.#last !== undefined && shares(this.#last, some, depth)
    if (!isLeftEdge && !isRightEdge) return isSubtree(child, entries, depth)
    assert(depth < DEPTH, 'a key ends')
    const node = child instanceof Uint8Array ? this.#resolve(child) : child
    if (node.length === BRANCH_WIDTH + 1) {
      const from = isLeftEdge ? nibbleAt(this.#first as Hash, depth) : 0
      const to = isRightEdge ? nibbleAt(this.#last as Hash, depth) : BRANCH_WIDTH - 1
      return this.#holdsBetween(node, entries, { depth, from, to })
    }
    const [packed, below] = node
    assert(node.length === 2 && packed instanceof Uint8Array, 'a node has 2 or 17 parts')
    const flags = (packed[0] as number) >> 4
    if ((flags & LEAF_FLAG) !== 0) return isSubtree(child, entries, depth)
    const skipped = (flags & ODD_FLAG) === 0 ? 2 : 1
    const stem = packed.length * 2 - skipped
    assert(below !== undefined && stem > 0, 'an extension has a stem and a child')
    const follows = ([key]: Entry): boolean => {
      for (let i = 0; i < stem; i++) {
        if (nibbleAt(key, depth + i) !== nibbleAt(packed, skipped + i)) return false
      }
      return true
    }
    return entries.every(follows) && this.holds(below, entries, depth + stem)
  }

  /** A branch of whose children those from one nibble to another are inside the range. */
  #holdsBetween(
    children: readonly RlpItem[],
    entries: readonly Entry[],
    { depth, from, to }: { readonly depth: number; readonly from: number; readonly to: number },
  ): boolean {
    let at = 0
    for (let nibble = from; nibble <= to; nibble++) {
      let end = at
      while (end < entries.length && nibbleAt((entries[end] as Entry)[0], depth) === nibble) end++
      const inside = entries.slice(at, end)
      at = end
      const below = children[nibble]
      assert(below !== undefined, 'a branch has sixteen children')
      const isAbsent = below instanceof Uint8Array && below.length === 0
      if (isAbsent ? inside.length > 0 : inside.length === 0) return false
      if (!isAbsent && !this.holds(below, inside, depth + 1)) return false
    }
    return at === entries.length
  }

  #resolve(hash: Uint8Array): readonly RlpItem[] {
    const encoded = this.#nodes.get(byteText(hash))
    assert(encoded !== undefined, 'the proof has the node')
    const node = decodeRlp(encoded, NODE_RLP_DEPTH_MAX)
    assert(isRlpList(node), 'a node is a list')
    return node
  }
}

function shares(key: Uint8Array, other: Uint8Array | undefined, depth: number): boolean {
  if (other === undefined) return false
  for (let i = 0; i < depth; i++) if (nibbleAt(key, i) !== nibbleAt(other, i)) return false
  return true
}

/** Whether a child is, or is the hash of, the subtree that exactly these entries make. */
function isSubtree(child: RlpItem, entries: readonly Entry[], depth: number): boolean {
  if (entries.length === 0) return false
  const given = child instanceof Uint8Array ? child : encodeRlp(child)
  return equalBytes(entriesReference(entries, depth), given)
}
