// A balance, a position and an order, proven to somebody who has a root and no code of ours: what checks the proofs
// here is written from docs/spec alone and imports nothing but a hash function.
import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import type { CoreProof } from './coreProof.ts'
import { verifyCoreProof } from './coreProof.ts'
import { openOrderKey, positionKey, spotBalanceKey } from './stateKeys.ts'
import { ASSETS, TestExchange, TOKENS, testGenesis, testUser } from './testing/index.ts'

const hashOf = (...parts: Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest()

/** Whether an entry is under a root. */
function isUnder(root: Uint8Array, proof: CoreProof): boolean {
  const { key, value, steps } = proof
  let hash = hashOf(Uint8Array.of(0, key.length), key, value)
  for (const { bit, sibling } of steps) {
    const isOne = (((key[bit >> 3] ?? 0) >> (7 - (bit % 8))) & 1) === 1
    const head = Uint8Array.of(1, bit >> 8, bit & 255)
    hash = isOne ? hashOf(head, sibling, hash) : hashOf(head, hash, sibling)
  }
  return hash.equals(root)
}

const uint = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)

function provenOf(x: TestExchange, key: Uint8Array): CoreProof {
  const stored = (wanted: Uint8Array): Uint8Array =>
    x.store.get(wanted.join())?.[1] ?? new Uint8Array()
  const proof = x.machine.prove(key, stored)
  if (proof === undefined) throw new Error('an empty state')
  return proof
}

const [alice, bob] = [testUser(1), testUser(2)]

function exchange(): TestExchange {
  const x = new TestExchange(testGenesis(2))
  x.order(bob, ASSETS.eth, 'sell', { px: '4000', size: '1.5' })
  x.order(alice, ASSETS.eth, 'buy', { px: '4000', size: '2' })
  x.endBlock()
  return x
}

it('one balance: total and hold in wei', () => {
  const x = exchange()
  const proof = provenOf(x, spotBalanceKey(alice, TOKENS.purr))
  expect(isUnder(x.root, proof)).toBe(true)
  expect(uint(proof.value.subarray(0, 8))).toBe(500_000_00000n)
  expect(uint(proof.value.subarray(8, 16))).toBe(0n)
})

it('one position: signed lots', () => {
  const x = exchange()
  for (const [user, size] of [
    [alice, 15_000n],
    [bob, -15_000n],
  ] as const) {
    const proof = provenOf(x, positionKey(user, ASSETS.eth))
    expect(isUnder(x.root, proof)).toBe(true)
    expect(BigInt.asIntN(64, uint(proof.value.subarray(0, 8)))).toBe(size)
  }
})

it('one order: its id, owner, asset, side, price and open size', () => {
  const x = exchange()
  const proof = provenOf(x, openOrderKey(2))
  expect(isUnder(x.root, proof)).toBe(true)
  const { value } = proof
  expect(uint(value.subarray(0, 8))).toBe(2n)
  expect(value.subarray(8, 28)).toEqual(alice)
  expect(uint(value.subarray(28, 32))).toBe(BigInt(ASSETS.eth))
  expect(value[32]).toBe(1)
  expect(uint(value.subarray(33, 41))).toBe(400_000n)
  expect(uint(value.subarray(41, 49))).toBe(5_000n)
})

it('an order that is gone is absent, a changed value or root is refused', () => {
  const x = exchange()
  expect(verifyCoreProof(x.root, openOrderKey(1), provenOf(x, openOrderKey(1)))).toBe('absent')
  const proof = provenOf(x, openOrderKey(2))
  const value = proof.value.slice()
  value[48] = 0
  expect(isUnder(x.root, { ...proof, value })).toBe(false)
  x.act(alice, { type: 'cancel', cancels: [{ a: ASSETS.eth, o: 2 }] })
  x.endBlock()
  expect(isUnder(x.root, proof)).toBe(false)
})
