import { assert, equalBytes, type Hash } from '@openliquid/primitives'
import {
  branchHash,
  type CoreProof,
  type CoreProofStep,
  EMPTY_ROOT,
  leafHash,
} from './coreProof.ts'

interface Leaf {
  readonly key: Uint8Array
  hash: Hash
}

interface Branch {
  /** First bit, counted from the most significant one of byte 0, in which the two sides differ. */
  readonly bit: number
  zero: Node
  one: Node
  /** `undefined` while something below changed since the last root. */
  hash: Hash | undefined
}

type Node = Leaf | Branch

/**
 * The Merkle structure under the core root: a binary trie over the bits of the keys, without nodes that have one child.
 *
 * Its shape follows from the set of keys alone, never from their history, so a machine that loads the entries has the
 * same root as the one that wrote them. A root costs one hash per changed entry and one per branch above it.
 * Neighbours in key order are neighbours in the tree, so a range of keys can be proven by its two edges.
 * No key may be a prefix of another.
 */
export class CoreTree {
  #top: Node | undefined
  #size = 0

  /** Number of entries. */
  get size(): number {
    return this.#size
  }

  /** Sets an entry; `false` when it was there with this value. */
  put(key: Uint8Array, value: Uint8Array): boolean {
    const hash = leafHash(key, value)
    if (this.#top === undefined) {
      this.#top = { key, hash }
      this.#size = 1
      return true
    }
    const near = this.#nearest(key)
    const bit = firstDifference(key, near.key)
    if (bit === undefined) {
      if (equalBytes(near.hash, hash)) return false
      this.#soil(key, Number.POSITIVE_INFINITY)
      near.hash = hash
      return true
    }
    this.#insert({ key, hash }, bit)
    return true
  }

  /** Removes an entry; `false` when it was not there. */
  delete(key: Uint8Array): boolean {
    let node = this.#top
    if (node === undefined || !equalBytes(this.#nearest(key).key, key)) return false
    this.#size -= 1
    let above: Branch | undefined
    let parent: Branch | undefined
    while (isBranch(node)) {
      node.hash = undefined
      above = parent
      parent = node
      node = bitAt(key, node.bit) ? node.one : node.zero
    }
    if (parent === undefined) {
      this.#top = undefined
      return true
    }
    const sibling = bitAt(key, parent.bit) ? parent.zero : parent.one
    if (above === undefined) this.#top = sibling
    else if (bitAt(key, above.bit)) above.one = sibling
    else above.zero = sibling
    return true
  }

  /** Root of the present entries; 32 zero bytes for none. */
  root(): Hash {
    return this.#top === undefined ? EMPTY_ROOT : hashOf(this.#top)
  }

  /** Shows that the entry of a key is, or is not, under the root; `undefined` for the empty tree. */
  prove(key: Uint8Array, readValue: (key: Uint8Array) => Uint8Array): CoreProof | undefined {
    let node = this.#top
    if (node === undefined) return undefined
    const steps: CoreProofStep[] = []
    while (isBranch(node)) {
      const side: boolean = bitAt(key, node.bit)
      steps.push({ bit: node.bit, sibling: hashOf(side ? node.zero : node.one) })
      node = side ? node.one : node.zero
    }
    return { key: node.key, value: readValue(node.key), steps: steps.reverse() }
  }

  /** The leaf that a search for the key ends at. */
  #nearest(key: Uint8Array): Leaf {
    let node = this.#top
    assert(node !== undefined, 'search in an empty tree')
    while (isBranch(node)) node = bitAt(key, node.bit) ? node.one : node.zero
    return node
  }

  /** Forgets the hashes on the way to the key, down to branches below `bit`; returns the last one passed. */
  #soil(key: Uint8Array, bit: number): Branch | undefined {
    let node = this.#top
    let last: Branch | undefined
    while (node !== undefined && isBranch(node) && node.bit < bit) {
      node.hash = undefined
      last = node
      node = bitAt(key, node.bit) ? node.one : node.zero
    }
    return last
  }

  #insert(leaf: Leaf, bit: number): void {
    const parent = this.#soil(leaf.key, bit)
    const side = parent !== undefined && bitAt(leaf.key, parent.bit)
    const below = parent === undefined ? this.#top : side ? parent.one : parent.zero
    assert(below !== undefined, 'insertion into an empty tree')
    const branch: Branch = bitAt(leaf.key, bit)
      ? { bit, zero: below, one: leaf, hash: undefined }
      : { bit, zero: leaf, one: below, hash: undefined }
    if (parent === undefined) this.#top = branch
    else if (side) parent.one = branch
    else parent.zero = branch
    this.#size += 1
  }
}

function isBranch(node: Node): node is Branch {
  return 'bit' in node
}

function hashOf(node: Node): Hash {
  if (!isBranch(node)) return node.hash
  node.hash ??= branchHash(node.bit, hashOf(node.zero), hashOf(node.one))
  return node.hash
}

/** Bits beyond the end read as zero: a search may ask for them, an insertion never decides by them. */
function bitAt(key: Uint8Array, bit: number): boolean {
  return (((key[bit >>> 3] ?? 0) >>> (7 - (bit & 7))) & 1) === 1
}

/** The first bit in which the keys differ; `undefined` when they are equal. */
function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  const size = Math.min(a.length, b.length)
  for (let i = 0; i < size; i++) {
    const difference = (a[i] as number) ^ (b[i] as number)
    if (difference !== 0) return 8 * i + Math.clz32(difference) - 24
  }
  assert(a.length === b.length, 'a key is a prefix of another')
  return undefined
}
