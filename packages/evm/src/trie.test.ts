import { MerklePatriciaTrie, verifyMPTWithMerkleProof } from '@ethereumjs/mpt'
import { bytesToHex, keccak256, uintToBytes } from '@openliquid/primitives'
import { describe, expect, test } from 'vitest'
import { trieRootOf } from './orderedTrie.ts'
import { encodeRlp } from './rlp.ts'
import { EMPTY_TRIE_ROOT, proveKey, type TrieChange, type TrieUpdate, updateTrie } from './trie.ts'

/** A table in a map with the records of its trie in another, as the executor keeps them in the store. */
class StoredTrie {
  readonly records: Map<string, Uint8Array> = new Map()
  readonly values: Map<string, Uint8Array> = new Map()
  root: Uint8Array = EMPTY_TRIE_ROOT
  reads: number = 0

  readonly table = {
    readNode: (path: string) => {
      this.reads++
      return this.records.get(path)
    },
    pathOf: (key: Uint8Array) => key,
    valueOf: (key: Uint8Array) => this.values.get(bytesToHex(key)) as Uint8Array,
  }

  update(changes: readonly TrieChange[]): TrieUpdate {
    const update = updateTrie(this.root, changes, this.table)
    for (const { path, record } of update.writes) {
      if (record === undefined) this.records.delete(path)
      else this.records.set(path, record)
    }
    for (const [key, value] of changes) {
      if (value === undefined) this.values.delete(bytesToHex(key))
      else this.values.set(bytesToHex(key), value)
    }
    this.root = update.root
    return update
  }
}

/** Deterministic numbers below `bound`. */
function numbers(seed: number): (bound: number) => number {
  let state = seed >>> 0
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

async function oracleRoot(
  entries: ReadonlyMap<string, readonly [Uint8Array, Uint8Array]>,
): Promise<Uint8Array> {
  const oracle = new MerklePatriciaTrie()
  for (const [key, value] of entries.values()) await oracle.put(key, value)
  return oracle.root()
}

async function verified(
  root: Uint8Array,
  key: Uint8Array,
  proof: Uint8Array[],
): Promise<Uint8Array | null> {
  return verifyMPTWithMerkleProof(new MerklePatriciaTrie(), root, key, proof)
}

/** Few distinct nibbles, so that branches collapse, stems split and small nodes stand inside their parents. */
function crowdedKey(next: (bound: number) => number): Uint8Array {
  const key = new Uint8Array(32)
  for (const i of [0, 1, 15, 30, 31]) key[i] = [0x00, 0x01, 0x10, 0x11][next(4)] as number
  return key
}

describe.each([
  ['hashed keys', (next: (bound: number) => number) => keccak256(uintToBytes(next(60), 4))],
  ['crowded keys', crowdedKey],
])('random inserts and deletes with %s', (_name, makeKey) => {
  test.each([1, 2])('give the root of @ethereumjs/mpt, seed %i', async (seed) => {
    const next = numbers(seed)
    const trie = new StoredTrie()
    const entries = new Map<string, readonly [Uint8Array, Uint8Array]>()
    for (let round = 0; round < 30; round++) {
      const changes = new Map<string, TrieChange>()
      const size = 1 + next(round % 5 === 0 ? 30 : 6)
      for (let i = 0; i < size; i++) {
        const key = makeKey(next)
        const value =
          next(100) < 45 ? undefined : encodeRlp(uintToBytes(next(200), 1 + next(3) * 20))
        changes.set(bytesToHex(key), [key, value])
      }
      for (const [text, [key, value]] of changes) {
        if (value === undefined) entries.delete(text)
        else entries.set(text, [key, value])
      }
      trie.update([...changes.values()])
      expect(trie.root).toEqual(await oracleRoot(entries))
      // The store holds the nodes of this trie and no others.
      const fresh = new StoredTrie()
      fresh.update([...entries.values()])
      expect(trie.records).toEqual(fresh.records)
      // What is there is proved, and so is what is not.
      const asked = makeKey(next)
      const proof = proveKey(trie.root, asked, trie.table)
      const proved = entries.size === 0 ? null : await verified(trie.root, asked, proof)
      expect(proved ?? undefined).toEqual(entries.get(bytesToHex(asked))?.[1])
    }
    trie.update([...entries.values()].map(([key]) => [key, undefined]))
    expect(trie.root).toEqual(EMPTY_TRIE_ROOT)
    expect(trie.records.size).toBe(0)
  })
})

test('the order of the changes does not matter', () => {
  const changes = [5, 1, 9, 3].map(
    (n): TrieChange => [keccak256(uintToBytes(n, 4)), Uint8Array.of(n)],
  )
  const forwards = new StoredTrie()
  forwards.update(changes)
  const backwards = new StoredTrie()
  backwards.update(changes.toReversed())
  expect(backwards.root).toEqual(forwards.root)
})

test('an update that changes nothing writes nothing', () => {
  const key = keccak256(Uint8Array.of(1))
  const trie = new StoredTrie()
  trie.update([
    [key, Uint8Array.of(7)],
    [keccak256(Uint8Array.of(2)), Uint8Array.of(8)],
  ])
  const changes: TrieChange[] = [
    [key, Uint8Array.of(7)],
    [keccak256(Uint8Array.of(3)), undefined],
  ]
  const before = trie.root
  expect(trie.update(changes)).toEqual({ root: before, writes: [] })
})

test('an update reads only the nodes on its path', () => {
  const trie = new StoredTrie()
  trie.update(
    Array.from({ length: 4_096 }, (_, n) => [keccak256(uintToBytes(n, 4)), uintToBytes(n, 40)]),
  )
  trie.reads = 0
  trie.update([[keccak256(uintToBytes(7, 4)), uintToBytes(1, 40)]])
  expect(trie.reads).toBeLessThanOrEqual(6)
})

test('keys of different lengths: the transactions of a block', async () => {
  const entries = Array.from({ length: 300 }, (_, n): readonly [Uint8Array, Uint8Array] => [
    encodeRlp(n === 0 ? new Uint8Array(0) : n < 256 ? Uint8Array.of(n) : uintToBytes(n, 2)),
    uintToBytes(n, 50),
  ])
  const oracle = new MerklePatriciaTrie()
  for (const [key, value] of entries) await oracle.put(key, value)
  expect(trieRootOf(entries)).toEqual(oracle.root())
})

test('no entries have the empty root', () => {
  expect(bytesToHex(trieRootOf([]))).toBe(
    '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421',
  )
})
