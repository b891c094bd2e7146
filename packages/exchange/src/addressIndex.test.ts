import { expect, test } from 'vitest'
import { ADDRESS_BYTES, AddressIndex } from './addressIndex.ts'

const COUNT = 3_000

/** Addresses one after the other in a column, all in the index. */
function indexOf(addresses: readonly Uint8Array[]) {
  const column = new Uint8Array(ADDRESS_BYTES * addresses.length)
  const index = new AddressIndex()
  for (const [handle, address] of addresses.entries()) {
    column.set(address, ADDRESS_BYTES * handle)
    index.add(column, handle)
  }
  return { column, index }
}

/** Their last word undoes what the words before did to the hash, so that all have the same. */
function crowd(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, n) => {
    const words = new DataView(new ArrayBuffer(ADDRESS_BYTES))
    words.setUint32(0, n + 1)
    let hash = 0
    for (let at = 0; at < ADDRESS_BYTES - 4; at += 4) {
      hash = Math.imul(hash ^ words.getUint32(at), 0x9e3779b1)
      hash ^= hash >>> 15
    }
    words.setUint32(ADDRESS_BYTES - 4, hash >>> 0)
    return new Uint8Array(words.buffer)
  })
}

test.each([
  [
    'that differ in their last bytes',
    (n: number) => Uint8Array.of(0x20, ...Array(17).fill(0), n >> 8, n),
  ],
  [
    'that differ in their first bytes',
    (n: number) => Uint8Array.of(n >> 8, n, ...Array(18).fill(1)),
  ],
])('finds each of many addresses %s, and no other', (_, addressOf) => {
  const addresses = Array.from({ length: COUNT }, (_unused, n) => addressOf(n))
  const { column, index } = indexOf(addresses)
  for (const [handle, address] of addresses.entries()) {
    expect(index.find(column, address)).toBe(handle)
  }
  expect(index.find(column, new Uint8Array(ADDRESS_BYTES).fill(0xee))).toBe(-1)
})

test('addresses chosen to have one hash are found, and looked for no longer than others', () => {
  const addresses = crowd(COUNT)
  const { column, index } = indexOf(addresses)
  let reads = 0
  const watched = new Proxy(column, {
    get: (target, at) => {
      reads += 1
      return target[Number(at)]
    },
  })
  for (const [handle, address] of addresses.entries()) {
    reads = 0
    expect(index.find(watched, address)).toBe(handle)
    expect(reads).toBeLessThanOrEqual(32 * ADDRESS_BYTES)
  }
  const [stranger] = crowd(COUNT + 1).slice(-1)
  expect(index.find(column, stranger!)).toBe(-1)
})
