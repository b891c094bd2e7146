import { assert } from '@openliquid/primitives'
import { grown } from './growth.ts'

/** No level: levels are numbered from 0. */
const NONE = -1
const DIGIT_BITS = 5
const FAN_OUT = 32
const DIGIT_MASK = FAN_OUT - 1
/** A price is a prefix of eight digits and two more: 2^50 is above `PX_TICKS_MAX`. */
const PREFIX_DIGITS = 8
const PREFIX_SIZE = FAN_OUT * FAN_OUT
/** What the upper half of the digits of a prefix is above. */
const HALF_PREFIX = 2 ** (DIGIT_BITS * (PREFIX_DIGITS / 2))
/** What a first price needs, and a few more. */
const NODES_FIRST = 16
/** Prefixes whose nodes are remembered: the prices of a book share few. */
const KNOWN_PREFIXES = 16

/**
 * Price levels of one side of a book, by their price in ticks: a trie with 32 children a node and a bitmap of those that
 * are there. Finding, adding and removing a level take ten steps at most, however many levels there are; two where the
 * node of the price's prefix is remembered.
 */
export class PriceIndex {
  /** Bit d of a node says whether it has a child for the digit d. */
  #present = new Int32Array(NODES_FIRST)
  /** 32 children of each node: nodes, and levels at the bottom. */
  #children = new Int32Array(NODES_FIRST * FAN_OUT)
  #nodeCount = 1
  /** Nodes that were emptied, linked through their first child. */
  #freeNode = NONE
  readonly #knownPrefixes = new Float64Array(KNOWN_PREFIXES).fill(NONE)
  readonly #knownNodes = new Int32Array(KNOWN_PREFIXES)
  /** The nodes on the way to a prefix. */
  readonly #path = new Int32Array(PREFIX_DIGITS)

  /** The level at a price, or -1. */
  get(px: number): number {
    const node = this.#find(Math.floor(px / PREFIX_SIZE))
    if (node === NONE) return NONE
    const leaf = this.#child(node, (px >>> DIGIT_BITS) & DIGIT_MASK)
    return leaf === NONE ? NONE : this.#child(leaf, px & DIGIT_MASK)
  }

  /** Adds a level at a price that has none; returns the level with the next lower price, or -1. */
  insert(px: number, level: number): number {
    const prefix = Math.floor(px / PREFIX_SIZE)
    const [high, low] = [(px >>> DIGIT_BITS) & DIGIT_MASK, px & DIGIT_MASK]
    let node = this.#find(prefix)
    if (node === NONE) node = this.#make(prefix)
    let leaf = this.#child(node, high)
    if (leaf === NONE) leaf = this.#addChild(node, high)
    assert(this.#child(leaf, low) === NONE, 'a second level at one price')
    this.#setChild(leaf, low, level)
    const inLeaf = this.#highestBelow(leaf, low)
    if (inLeaf !== NONE) return inLeaf
    const lowerLeaf = this.#highestBelow(node, high)
    return lowerLeaf === NONE ? this.#belowPrefix(prefix) : this.#highestBelow(lowerLeaf, FAN_OUT)
  }

  /** Removes the level at a price. */
  remove(px: number): void {
    const prefix = Math.floor(px / PREFIX_SIZE)
    const [high, low] = [(px >>> DIGIT_BITS) & DIGIT_MASK, px & DIGIT_MASK]
    const node = this.#find(prefix)
    const leaf = node === NONE ? NONE : this.#child(node, high)
    assert(leaf !== NONE && this.#child(leaf, low) !== NONE, 'a level that is not in the index')
    if (!this.#dropChild(leaf, low)) return
    this.#free(leaf)
    if (!this.#dropChild(node, high)) return
    this.#knownPrefixes[prefix & (KNOWN_PREFIXES - 1)] = NONE
    this.#walk(prefix)
    let emptied = node
    for (let step = PREFIX_DIGITS - 1; step >= 0; step--) {
      this.#free(emptied)
      emptied = this.#path[step] as number
      if (!this.#dropChild(emptied, digitOf(prefix, step))) return
    }
  }

  /** The node of a prefix, or -1. */
  #find(prefix: number): number {
    const place = prefix & (KNOWN_PREFIXES - 1)
    if (this.#knownPrefixes[place] === prefix) return this.#knownNodes[place] as number
    const node = this.#walk(prefix)
    if (node !== NONE) {
      this.#knownPrefixes[place] = prefix
      this.#knownNodes[place] = node
    }
    return node
  }

  /** The same from the top; fills the path as far as it goes. */
  #walk(prefix: number): number {
    let node = 0
    for (let step = 0; step < PREFIX_DIGITS && node !== NONE; step++) {
      this.#path[step] = node
      node = this.#child(node, digitOf(prefix, step))
    }
    return node
  }

  /** Makes the node of a prefix that has none. */
  #make(prefix: number): number {
    let node = 0
    for (let step = 0; step < PREFIX_DIGITS; step++) {
      const digit = digitOf(prefix, step)
      const child = this.#child(node, digit)
      node = child === NONE ? this.#addChild(node, digit) : child
    }
    return node
  }

  /** The level with the highest price of a lower prefix, or -1. */
  #belowPrefix(prefix: number): number {
    this.#walk(prefix)
    for (let step = PREFIX_DIGITS - 1; step >= 0; step--) {
      let found = this.#highestBelow(this.#path[step] as number, digitOf(prefix, step))
      if (found === NONE) continue
      for (let down = step + 1; down < PREFIX_DIGITS + 2; down++) {
        found = this.#highestBelow(found, FAN_OUT)
      }
      return found
    }
    return NONE
  }

  #child(node: number, digit: number): number {
    const isPresent = ((this.#present[node] as number) & (1 << digit)) !== 0
    return isPresent ? (this.#children[node * FAN_OUT + digit] as number) : NONE
  }

  /** The child with the highest digit below one, or -1. */
  #highestBelow(node: number, digit: number): number {
    const mask = digit === FAN_OUT ? -1 : (1 << digit) - 1
    const lower = (this.#present[node] as number) & mask
    if (lower === 0) return NONE
    return this.#children[node * FAN_OUT + 31 - Math.clz32(lower)] as number
  }

  #setChild(node: number, digit: number, child: number): void {
    this.#present[node] = (this.#present[node] as number) | (1 << digit)
    this.#children[node * FAN_OUT + digit] = child
  }

  #addChild(node: number, digit: number): number {
    const child = this.#take()
    this.#setChild(node, digit, child)
    return child
  }

  /** Whether nothing is left of a node; the top stays. */
  #dropChild(node: number, digit: number): boolean {
    const left = (this.#present[node] as number) & ~(1 << digit)
    this.#present[node] = left
    return left === 0 && node !== 0
  }

  #free(node: number): void {
    this.#children[node * FAN_OUT] = this.#freeNode
    this.#freeNode = node
  }

  #take(): number {
    const free = this.#freeNode
    if (free !== NONE) {
      this.#freeNode = this.#children[free * FAN_OUT] as number
      return free
    }
    if (this.#nodeCount === this.#present.length) {
      this.#present = grown(this.#present)
      this.#children = grown(this.#children, this.#present.length * FAN_OUT)
    }
    const node = this.#nodeCount
    this.#nodeCount += 1
    return node
  }
}

/** A digit of a prefix, the first one first. */
function digitOf(prefix: number, step: number): number {
  const half = Math.floor(prefix / HALF_PREFIX)
  const digits = step < PREFIX_DIGITS / 2 ? half : prefix - half * HALF_PREFIX
  return (digits >>> (DIGIT_BITS * ((PREFIX_DIGITS - 1 - step) % (PREFIX_DIGITS / 2)))) & DIGIT_MASK
}
