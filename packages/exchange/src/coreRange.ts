import { assert, compareBytes, equalBytes, type Hash } from '@openliquid/primitives'
import { branchHash, EMPTY_ROOT, leafHash } from './coreProof.ts'
import { CORE_KEY_BYTES_MAX } from './limits.ts'

/** A branch above one end of a range, whose other side lies outside. */
export interface CoreRangeStep {
  /** The bit that the branch decides by, from the most significant one of byte 0. */
  readonly bit: number
  /** Hash of the side outside. */
  readonly outside: Hash
}

/** What lies left and right of a range of entries, from the root downwards. */
export interface CoreRangeProof {
  readonly left: readonly CoreRangeStep[]
  readonly right: readonly CoreRangeStep[]
}

type Entry = readonly [key: Uint8Array, value: Uint8Array]

/** The root over a set of entries, and proofs of ranges of them; made once from all entries in key order. */
export class CoreRanges {
  readonly #keys: Uint8Array[] = []
  readonly #leaves: Hash[] = []
  /** Hashes of the subtrees that proofs name, by their ends. */
  readonly #hashes = new Map<number, Hash>()

  get size(): number {
    return this.#keys.length
  }

  /** The next entry in key order. */
  add(key: Uint8Array, value: Uint8Array): void {
    const last = this.#keys.at(-1)
    assert(last === undefined || compareBytes(last, key) < 0, 'entries come in key order')
    this.#keys.push(key)
    this.#leaves.push(leafHash(key, value))
  }

  keyAt(index: number): Uint8Array {
    const key = this.#keys[index]
    assert(key !== undefined, 'there is an entry')
    return key
  }

  root(): Hash {
    return this.#keys.length === 0 ? EMPTY_ROOT : this.#hash(0, this.#keys.length)
  }

  /** Proves the entries `from` … `to` − 1, of which there is one at least. */
  prove(from: number, to: number): CoreRangeProof {
    assert(0 <= from && from < to && to <= this.size, 'the range is one of entries')
    const left: CoreRangeStep[] = []
    const right: CoreRangeStep[] = []
    // Down to the branch that splits the range, then along each of its ends.
    for (let low = 0, high = this.size; low < from; ) {
      const [bit, middle] = this.#split(low, high)
      if (from < middle) high = middle
      else {
        left.push({ bit, outside: this.#hash(low, middle) })
        low = middle
      }
    }
    for (let low = 0, high = this.size; to < high; ) {
      const [bit, middle] = this.#split(low, high)
      if (to > middle) low = middle
      else {
        right.push({ bit, outside: this.#hash(middle, high) })
        high = middle
      }
    }
    return { left, right }
  }

  /** The bit by which the first and the last of some entries differ, and the first entry that has it. */
  #split(low: number, high: number): readonly [bit: number, middle: number] {
    return splitOf(this.#keys, low, high)
  }

  #hash(low: number, high: number): Hash {
    const leaf = this.#leaves[low]
    assert(leaf !== undefined, 'the subtree has a leaf')
    if (high - low === 1) return leaf
    const id = low * (this.size + 1) + high
    const known = this.#hashes.get(id)
    if (known !== undefined) return known
    const [bit, middle] = this.#split(low, high)
    const hash = branchHash(bit, this.#hash(low, middle), this.#hash(middle, high))
    // Small ones are made again when they are needed: most never are.
    if (high - low >= REMEMBERED_MIN) this.#hashes.set(id, hash)
    return hash
  }
}

/** Entries of the smallest subtree whose hash is remembered. */
const REMEMBERED_MIN = 32

/**
 * The root under which exactly these entries lie between the first and the last of them; undefined if the proof and the
 * entries contradict each other. Equal to the root of a certified state, the range is whole: nothing is missing inside.
 *
 * @param entries - one at least
 */
export function coreRangeRoot(
  entries: readonly Entry[],
  { left, right }: CoreRangeProof,
): Hash | undefined {
  const keys = entries.map(([key]) => key)
  const [first] = keys
  const last = keys.at(-1)
  if (first === undefined || last === undefined) return undefined
  for (const [i, key] of keys.entries()) {
    if (key.length === 0 || key.length > CORE_KEY_BYTES_MAX) return undefined
    const before = keys[i - 1]
    if (before !== undefined && compareBytes(before, key) >= 0) return undefined
    if (before !== undefined && isPrefix(before, key)) return undefined
  }
  if (!areSteps(left, first, 1) || !areSteps(right, last, 0)) return undefined
  const leaves = entries.map(([key, value]) => leafHash(key, value))

  const rootOf = (
    low: number,
    high: number,
    leftSteps: readonly CoreRangeStep[],
    rightSteps: readonly CoreRangeStep[],
  ): Hash | undefined => {
    const bit = high - low > 1 ? splitOf(keys, low, high)[0] : Number.POSITIVE_INFINITY
    const [outerLeft] = leftSteps
    const [outerRight] = rightSteps
    const leftBit = outerLeft?.bit ?? Number.POSITIVE_INFINITY
    const rightBit = outerRight?.bit ?? Number.POSITIVE_INFINITY
    if (outerLeft !== undefined && leftBit < bit && leftBit < rightBit) {
      const inside = rootOf(low, high, leftSteps.slice(1), rightSteps)
      return inside && branchHash(leftBit, outerLeft.outside, inside)
    }
    if (outerRight !== undefined && rightBit < bit && rightBit < leftBit) {
      const inside = rootOf(low, high, leftSteps, rightSteps.slice(1))
      return inside && branchHash(rightBit, inside, outerRight.outside)
    }
    if (high - low === 1) {
      return leftSteps.length + rightSteps.length === 0 ? leaves[low] : undefined
    }
    // A step of the same bit would be a second branch in one place.
    if (leftBit === bit || rightBit === bit) return undefined
    const middle = splitOf(keys, low, high)[1]
    const zero = rootOf(low, middle, leftSteps, [])
    const one = rootOf(middle, high, [], rightSteps)
    return zero && one && branchHash(bit, zero, one)
  }
  return rootOf(0, keys.length, left, right)
}

/** Whether steps descend, and the end of the range lies on the side that it must. */
function areSteps(steps: readonly CoreRangeStep[], key: Uint8Array, side: 0 | 1): boolean {
  let above = -1
  for (const { bit, outside } of steps) {
    if (!Number.isInteger(bit) || bit <= above || bit >= 8 * key.length) return false
    if (outside.length !== 32 || bitOf(key, bit) !== side) return false
    above = bit
  }
  return true
}

function splitOf(
  keys: readonly Uint8Array[],
  low: number,
  high: number,
): readonly [bit: number, middle: number] {
  const first = keys[low]
  const last = keys[high - 1]
  assert(first !== undefined && last !== undefined, 'there are two entries')
  let byte = 0
  while (first[byte] === last[byte]) byte += 1
  const bit = 8 * byte + Math.clz32((first[byte] ?? 0) ^ (last[byte] ?? 0)) - 24
  let from = low + 1
  let to = high - 1
  while (from < to) {
    const middle = (from + to) >>> 1
    if (bitOf(keys[middle] ?? first, bit) === 1) to = middle
    else from = middle + 1
  }
  return [bit, from]
}

function isPrefix(short: Uint8Array, long: Uint8Array): boolean {
  return short.length < long.length && equalBytes(short, long.subarray(0, short.length))
}

function bitOf(key: Uint8Array, bit: number): number {
  return ((key[bit >>> 3] ?? 0) >>> (7 - (bit & 7))) & 1
}
