import type { Hash } from '@openliquid/primitives'
import { EMPTY_TRIE_ROOT } from './trie.ts'
import {
  BRANCH_WIDTH,
  encodeBranch,
  encodeExtension,
  encodeLeaf,
  type NodeReference,
  nibbleAt,
  type Referenced,
  referenceOf,
  rootOf,
} from './trieEncoding.ts'

type Entry = readonly [key: Uint8Array, value: Uint8Array]

/**
 * Root of a trie that holds exactly these entries and lies nowhere: transactions and receipts of a block.
 *
 * @param entries - no key is a prefix of another, none stands twice
 */
export function trieRootOf(entries: readonly Entry[]): Hash {
  const sorted = [...entries].sort(([a], [b]) => compareBytes(a, b))
  return sorted.length === 0 ? EMPTY_TRIE_ROOT : rootOf(encodeEntries(sorted, 0))
}

/**
 * How a parent names the subtree that holds exactly these entries, which share their first `depth` nibbles.
 *
 * @param entries - at least one, sorted, distinct
 */
export function entriesReference(entries: readonly Entry[], depth: number): NodeReference {
  const encoded = encodeEntries(entries, depth)
  return depth === 0 ? rootOf(encoded) : referenceOf(encoded)
}

/** RLP of the node above all these entries, which share `depth` nibbles. A view: see `trieEncoding.ts`. */
function encodeEntries(entries: readonly Entry[], depth: number): Uint8Array {
  const [first, last] = [entries[0] as Entry, entries.at(-1) as Entry]
  if (entries.length === 1) return encodeLeaf(first[0], depth, first[1])

  // They are sorted: what the first and the last share, all share.
  const stem: number[] = []
  let below = depth
  while (nibbleAt(first[0], below) === nibbleAt(last[0], below)) {
    stem.push(nibbleAt(first[0], below))
    below += 1
  }
  const children: (Referenced | undefined)[] = new Array(BRANCH_WIDTH).fill(undefined)
  let from = 0
  while (from < entries.length) {
    const nibble = nibbleAt((entries[from] as Entry)[0], below)
    let to = from + 1
    while (to < entries.length && nibbleAt((entries[to] as Entry)[0], below) === nibble) to++
    const encoded = encodeEntries(entries.slice(from, to), below + 1)
    children[nibble] = { reference: referenceOf(encoded) }
    from = to
  }
  const branch = encodeBranch(children)
  return stem.length === 0 ? branch : encodeExtension(Uint8Array.from(stem), referenceOf(branch))
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
