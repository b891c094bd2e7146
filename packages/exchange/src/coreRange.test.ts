import { compareBytes, uintToBytes } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { type CoreRangeProof, CoreRanges, coreRangeRoot } from './coreRange.ts'
import { CoreTree } from './coreTree.ts'
import { prng } from './testing/index.ts'

type Entry = readonly [Uint8Array, Uint8Array]

function entriesOf(count: number, seed: number): Entry[] {
  const next = prng(seed)
  const keys = new Map<string, Entry>()
  while (keys.size < count) {
    // Keys of several lengths, none a prefix of another: the first byte tells the length.
    const length = 2 + next(3)
    const key = Uint8Array.of(length, ...uintToBytes(next(2 ** 16), length))
    keys.set(key.join(), [key, uintToBytes(next(1_000), 4)])
  }
  return [...keys.values()].sort(([a], [b]) => compareBytes(a, b))
}

function rangesOf(entries: readonly Entry[]): { ranges: CoreRanges; root: Uint8Array } {
  const ranges = new CoreRanges()
  const tree = new CoreTree()
  for (const [key, value] of entries) {
    ranges.add(key, value)
    tree.put(key, value)
  }
  expect(ranges.root()).toEqual(tree.root())
  return { ranges, root: tree.root() }
}

describe('a range of core entries', () => {
  it.each([1, 2, 3, 17, 60])(
    'of %i entries: every one proves itself under the core root',
    (size) => {
      const entries = entriesOf(size, size)
      const { ranges, root } = rangesOf(entries)
      for (let from = 0; from < size; from++) {
        for (let to = from + 1; to <= size; to++) {
          expect(coreRangeRoot(entries.slice(from, to), ranges.prove(from, to))).toEqual(root)
        }
      }
    },
  )

  it('that lacks, repeats, reorders, changes or adds an entry has another root or none', () => {
    const entries = entriesOf(40, 5)
    const { ranges, root } = rangesOf(entries)
    const range = entries.slice(10, 25)
    const proof = ranges.prove(10, 25)
    const wrong: Entry[][] = [
      [],
      range.slice(1),
      range.slice(0, -1),
      range.filter((_, i) => i !== 7),
      [...range].reverse(),
      [...range, range[3]!],
      entries.slice(10, 26),
      entries.slice(9, 25),
      range.map(([key, value], i): Entry => (i === 4 ? [key, value.slice(1)] : [key, value])),
      range.map(([key, value], i): Entry => (i === 4 ? [key.slice(1), value] : [key, value])),
    ]
    for (const one of wrong) expect(coreRangeRoot(one, proof)).not.toEqual(root)
  })

  it('with a proof that was tampered with has another root or none', () => {
    const entries = entriesOf(40, 6)
    const { ranges, root } = rangesOf(entries)
    const range = entries.slice(10, 25)
    const proof = ranges.prove(10, 25)
    const { left, right } = proof
    expect(left.length).toBeGreaterThan(1)
    expect(right.length).toBeGreaterThan(1)
    const wrong: CoreRangeProof[] = [
      { left: left.slice(1), right },
      { left, right: right.slice(1) },
      { left: right, right: left },
      { left: [...left].reverse(), right },
      { left: [...left, left[0]!], right },
      { left: left.map((step) => ({ ...step, bit: step.bit + 1 })), right },
      { left: left.map((step) => ({ ...step, outside: step.outside.slice(1) })), right },
      { left: [{ bit: 2 ** 20, outside: root }], right },
      { left: [{ bit: -1, outside: root }, ...left], right },
      { left: [], right: [] },
    ]
    for (const one of wrong) expect(coreRangeRoot(range, one)).not.toEqual(root)
  })
})
