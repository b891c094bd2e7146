import { assert } from '@openliquid/primitives'
import { grown } from './growth.ts'

/** No level: levels are numbered from 0. */
const NONE = -1
const DIGIT_BITS = 5
const FAN_OUT = 32
const DIGIT_MASK = FAN_OUT - 1
/** Digits of the lower half of a price, and of the upper one: 2^50 is above `PX_TICKS_MAX`. */
const HALF_DIGITS = 5
const HALF = 2 ** (DIGIT_BITS * HALF_DIGITS)
const DEPTH = 2 * HALF_DIGITS
/** What a first price needs, and a few more. */
const NODES_FIRST = 16

/**
 * Price levels of one side of a book, by their price in ticks: a trie with 32 children a node and a bitmap of those that
 * are there. Finding, adding and removing a level take ten steps at most, however many levels there are.
 */
export class PriceIndex {
  /** Bit d of a node says whether it has a child for the digit d. */
  #present = new Int32Array(NODES_FIRST)
  /** 32 children of each node: nodes, and levels at the bottom. */
  #children = new Int32Array(NODES_FIRST * FAN_OUT)
  #nodeCount = 1
  /** Nodes that were emptied, linked through their first child. */
  #freeNode = NONE
  /** Where the last search passed: most prices of a book share their upper half. */
  #knownHigh = -1
  #knownNode = NONE
  /** The nodes on the way to the price searched last. */
  readonly #path = new Int32Array(DEPTH)

  /** The level at a price, or -1. */
  get(px: number): number {
    const high = Math.floor(px / HALF)
    let node = high === this.#knownHigh ? this.#knownNode : this.#findHigh(high)
    if (node === NONE) return NONE
    const low = px - high * HALF
    for (let shift = DIGIT_BITS * (HALF_DIGITS - 1); shift >= 0; shift -= DIGIT_BITS) {
      const digit = (low >>> shift) & DIGIT_MASK
      if (((this.#present[node] as number) & (1 << digit)) === 0) return NONE
      node = this.#children[node * FAN_OUT + digit] as number
    }
    return node
  }

  /** Adds a level at a price that has none; returns the level with the next lower price, or -1. */
  insert(px: number, level: number): number {
    const high = Math.floor(px / HALF)
    const low = px - high * HALF
    const first = this.#firstStep(high)
    let node = first === 0 ? 0 : this.#knownNode
    for (let step = first; step < DEPTH; step++) {
      const digit = digitAt(high, low, step)
      this.#path[step] = node
      const at = node * FAN_OUT + digit
      const isPresent = ((this.#present[node] as number) & (1 << digit)) !== 0
      if (step === DEPTH - 1) {
        assert(!isPresent, 'a second level at one price')
        this.#present[node] = (this.#present[node] as number) | (1 << digit)
        this.#children[at] = level
      } else if (isPresent) {
        node = this.#children[at] as number
      } else {
        const child = this.#takeNode()
        this.#present[node] = (this.#present[node] as number) | (1 << digit)
        this.#children[at] = child
        node = child
      }
    }
    return this.#below(high, low, first)
  }

  /** Removes the level at a price. */
  remove(px: number): void {
    const high = Math.floor(px / HALF)
    const low = px - high * HALF
    const first = this.#firstStep(high)
    let node = first === 0 ? 0 : this.#knownNode
    for (let step = first; step < DEPTH; step++) {
      const digit = digitAt(high, low, step)
      assert(
        ((this.#present[node] as number) & (1 << digit)) !== 0,
        'a level that is not in the index',
      )
      this.#path[step] = node
      node = this.#children[node * FAN_OUT + digit] as number
    }
    for (let step = DEPTH - 1; step >= 0; step--) {
      if (step === first - 1) this.#walkUpper(high)
      const emptied = this.#path[step] as number
      this.#present[emptied] = (this.#present[emptied] as number) & ~(1 << digitAt(high, low, step))
      if (this.#present[emptied] !== 0 || step === 0) return
      this.#children[emptied * FAN_OUT] = this.#freeNode
      this.#freeNode = emptied
      if (emptied === this.#knownNode) this.#knownHigh = -1
    }
  }

  /** Where a walk starts: below the upper half when that is the one known. */
  #firstStep(high: number): number {
    return high === this.#knownHigh ? HALF_DIGITS : 0
  }

  /** Fills the upper half of the path, which a walk left out. */
  #walkUpper(high: number): void {
    let node = 0
    for (let step = 0; step < HALF_DIGITS; step++) {
      this.#path[step] = node
      node = this.#children[node * FAN_OUT + digitAt(high, 0, step)] as number
    }
  }

  /** The level below the price whose path was walked last, from a step on. */
  #below(high: number, low: number, first: number): number {
    for (let step = DEPTH - 1; step >= 0; step--) {
      if (step === first - 1) this.#walkUpper(high)
      const node = this.#path[step] as number
      const lower = (this.#present[node] as number) & ((1 << digitAt(high, low, step)) - 1)
      if (lower === 0) continue
      let found = this.#children[node * FAN_OUT + highestBit(lower)] as number
      for (let down = step + 1; down < DEPTH; down++) {
        found = this.#children[
          found * FAN_OUT + highestBit(this.#present[found] as number)
        ] as number
      }
      return found
    }
    return NONE
  }

  #findHigh(high: number): number {
    let node = 0
    for (let shift = DIGIT_BITS * (HALF_DIGITS - 1); shift >= 0; shift -= DIGIT_BITS) {
      const digit = (high >>> shift) & DIGIT_MASK
      if (((this.#present[node] as number) & (1 << digit)) === 0) return NONE
      node = this.#children[node * FAN_OUT + digit] as number
    }
    this.#knownHigh = high
    this.#knownNode = node
    return node
  }

  #takeNode(): number {
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

function digitAt(high: number, low: number, step: number): number {
  return step < HALF_DIGITS
    ? (high >>> (DIGIT_BITS * (HALF_DIGITS - 1 - step))) & DIGIT_MASK
    : (low >>> (DIGIT_BITS * (DEPTH - 1 - step))) & DIGIT_MASK
}

function highestBit(bits: number): number {
  return 31 - Math.clz32(bits)
}
