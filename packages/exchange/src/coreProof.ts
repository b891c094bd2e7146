import { concatBytes, equalBytes, type Hash, sha256 } from '@openliquid/primitives'

/** Root of no entries. */
export const EMPTY_ROOT: Hash = new Uint8Array(32)

const LEAF = 0
const BRANCH = 1
/** A key of 255 bytes has 2,040 bits; no path is longer. */
const STEPS_MAX = 2_040

export interface CoreProofStep {
  /** The bit that the branch decides by, from the most significant one of byte 0. */
  readonly bit: number
  /** Hash of the side not taken. */
  readonly sibling: Hash
}

/** A leaf and the way from it up to the root. */
export interface CoreProof {
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** From the leaf upwards. */
  readonly steps: readonly CoreProofStep[]
}

/** SHA-256(0 ‖ key length ‖ key ‖ value). */
export function leafHash(key: Uint8Array, value: Uint8Array): Hash {
  return sha256(concatBytes(Uint8Array.of(LEAF, key.length), key, value))
}

/** SHA-256(1 ‖ bit in two bytes ‖ side of the zeros ‖ side of the ones). */
export function branchHash(bit: number, zero: Hash, one: Hash): Hash {
  const preimage = new Uint8Array(67)
  preimage[0] = BRANCH
  preimage[1] = bit >>> 8
  preimage[2] = bit & 255
  preimage.set(zero, 3)
  preimage.set(one, 35)
  return sha256(preimage)
}

/**
 * What a proof says of a key under a root: its value, `absent`, or `invalid`.
 *
 * Absence: the search for the key, bit by bit, ends at another leaf. Needs nothing but the root of a certified header.
 */
export function verifyCoreProof(
  root: Hash,
  key: Uint8Array,
  proof: CoreProof,
): { readonly value: Uint8Array } | 'absent' | 'invalid' {
  if (proof.key.length > 255 || proof.steps.length > STEPS_MAX) return 'invalid'
  let hash = leafHash(proof.key, proof.value)
  let below = 8 * proof.key.length
  for (const { bit, sibling } of proof.steps) {
    if (!Number.isInteger(bit) || bit < 0 || bit >= below || sibling.length !== 32) return 'invalid'
    const side = bitOf(proof.key, bit)
    if (bitOf(key, bit) !== side) return 'invalid'
    hash = side === 1 ? branchHash(bit, sibling, hash) : branchHash(bit, hash, sibling)
    below = bit
  }
  if (!equalBytes(hash, root)) return 'invalid'
  return equalBytes(proof.key, key) ? { value: proof.value } : 'absent'
}

function bitOf(key: Uint8Array, bit: number): number {
  return ((key[bit >>> 3] ?? 0) >>> (7 - (bit & 7))) & 1
}
