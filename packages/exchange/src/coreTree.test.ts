import { sha256, uintToBytes } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { branchHash, EMPTY_ROOT, leafHash, verifyCoreProof } from './coreProof.ts'
import { CoreTree } from './coreTree.ts'
import { prng } from './testing/index.ts'

const key = (n: number): Uint8Array => uintToBytes(n, 4)
const value = (n: number): Uint8Array => uintToBytes(n, 3)

/** The definition, without any cleverness: split the sorted keys by their first differing bit. */
function naiveRoot(entries: readonly (readonly [Uint8Array, Uint8Array])[]): Uint8Array {
  if (entries.length === 0) return EMPTY_ROOT
  const [first] = entries
  if (entries.length === 1 && first !== undefined) return leafHash(...first)
  for (let bit = 0; ; bit++) {
    const isOne = ([k]: readonly [Uint8Array, Uint8Array]): boolean =>
      ((k[bit >> 3]! >> (7 - (bit & 7))) & 1) === 1
    const ones = entries.filter(isOne)
    if (ones.length === 0 || ones.length === entries.length) continue
    const zeros = entries.filter((entry) => !isOne(entry))
    return branchHash(bit, naiveRoot(zeros), naiveRoot(ones))
  }
}

describe('core root', () => {
  it('follows the definition through random puts and deletes', () => {
    const next = prng(7)
    const tree = new CoreTree()
    const model = new Map<number, number>()
    for (let i = 0; i < 400; i++) {
      const k = next(8) === 0 ? next(1_000_000) : next(60)
      if (next(3) === 0) expect(tree.delete(key(k))).toBe(model.delete(k))
      else {
        const v = next(4)
        expect(tree.put(key(k), value(v))).toBe(model.get(k) !== v)
        model.set(k, v)
      }
      if (i % 5 === 0) {
        expect(tree.root()).toEqual(naiveRoot([...model].map(([n, v]) => [key(n), value(v)])))
      }
      expect(tree.size).toBe(model.size)
    }
  })

  it('does not depend on history', () => {
    const [up, down] = [new CoreTree(), new CoreTree()]
    for (let i = 0; i < 100; i++) up.put(key(i * 17), value(i))
    for (let i = 120; i >= 0; i--) down.put(key(i * 17), value(i))
    up.root()
    for (let i = 100; i <= 120; i++) down.delete(key(i * 17))
    expect(down.root()).toEqual(up.root())
  })

  it('is the same with memory that was reserved, before it is full and after, and when some of it is in use', () => {
    const [tree, reserved] = [new CoreTree(), new CoreTree()]
    const put = (from: number, to: number): void => {
      for (let n = from; n < to; n++)
        for (const each of [tree, reserved]) each.put(key(n), value(n))
      expect(reserved.root()).toEqual(tree.root())
    }
    put(0, 50)
    reserved.reserve(3_000)
    put(50, 2_900)
    put(2_900, 5_000)
  })

  it('lists the keys behind any key in their order, so many at most', () => {
    const next = prng(11)
    const tree = new CoreTree()
    expect(tree.keysAfter(key(0), 5)).toEqual([])
    const present = new Set<number>()
    for (let i = 0; i < 120; i++) {
      const k = next(3) === 0 ? next(0xffff_ffff) : next(400)
      tree.put(key(k), value(i))
      present.add(k)
      const from = next(2) === 0 ? k : next(500)
      const behind = [...present].filter((n) => n > from).sort((a, b) => a - b)
      const countMax = 1 + next(130)
      expect(tree.keysAfter(key(from), countMax)).toEqual(behind.slice(0, countMax).map(key))
    }
  })

  it('is 32 zero bytes for nothing', () => {
    const tree = new CoreTree()
    tree.put(key(1), value(1))
    tree.delete(key(1))
    expect(tree.root()).toEqual(new Uint8Array(32))
  })

  it('refuses a key that is a prefix of another', () => {
    const tree = new CoreTree()
    tree.put(Uint8Array.of(1, 2), value(1))
    expect(() => tree.put(Uint8Array.of(1), value(1))).toThrow('prefix')
  })
})

describe('proofs', () => {
  const tree = new CoreTree()
  for (let i = 0; i < 200; i++) tree.put(key(i * i), value(i))
  const root = tree.root()
  const read = (k: Uint8Array): Uint8Array =>
    value(Math.sqrt(Number(new DataView(k.buffer).getUint32(0))))

  it('shows an entry', () => {
    for (const i of [0, 1, 77, 199]) {
      const proof = tree.prove(key(i * i), read)!
      expect(verifyCoreProof(root, key(i * i), proof)).toEqual({ value: value(i) })
    }
  })

  it('shows that an entry is absent', () => {
    for (const k of [2, 3, 5, 1_000_000, 0xffff_ffff]) {
      expect(verifyCoreProof(root, key(k), tree.prove(key(k), read)!)).toBe('absent')
    }
  })

  it('is invalid for another root, another value, or a step that was changed', () => {
    const k = key(49 * 49)
    const proof = tree.prove(k, read)!
    expect(verifyCoreProof(sha256(root), k, proof)).toBe('invalid')
    expect(verifyCoreProof(root, k, { ...proof, value: value(50) })).toBe('invalid')
    for (const [i, step] of proof.steps.entries()) {
      const steps = proof.steps.with(i, { ...step, sibling: sha256(step.sibling) })
      expect(verifyCoreProof(root, k, { ...proof, steps })).toBe('invalid')
      expect(verifyCoreProof(root, k, { ...proof, steps: proof.steps.toSpliced(i, 1) })).toBe(
        'invalid',
      )
      const moved = proof.steps.with(i, { ...step, bit: step.bit + 1 })
      expect(verifyCoreProof(root, k, { ...proof, steps: moved })).toBe('invalid')
    }
  })

  it('cannot pass an absent key off as present, nor a present one as absent', () => {
    const proof = tree.prove(key(4), read)!
    const other = tree.prove(key(9), read)!
    expect(verifyCoreProof(root, key(4), other)).toBe('invalid')
    expect(verifyCoreProof(root, key(5), proof)).not.toHaveProperty('value')
  })
})
