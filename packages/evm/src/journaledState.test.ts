import { keccak256, uintToBytes } from '@openliquid/primitives'
import { describe, expect, test } from 'vitest'
import { EMPTY_CODE_HASH, encodeAccount, NO_ACCOUNT } from './account.ts'
import { byteText } from './byteText.ts'
import { JournaledState } from './journaledState.ts'
import { accountKey, incarnationKey, slotKey } from './keys.ts'
import { LruCache } from './lruCache.ts'
import { commitState, NO_STATE } from './stateCommit.ts'
import { StateReader } from './stateReader.ts'
import { EMPTY_TRIE_ROOT } from './trie.ts'

const address = new Uint8Array(20).fill(7)
const other = new Uint8Array(20).fill(3)
const slot = (n: number): Uint8Array => uintToBytes(n, 32)
const fields = (balance: bigint, nonce: bigint = 0n) => ({
  nonce,
  balance,
  codeHash: EMPTY_CODE_HASH,
})
const filled = keccak256(Uint8Array.of(1))

function reader(entries: readonly (readonly [Uint8Array, Uint8Array])[] = []): StateReader {
  const store = new Map(entries.map(([key, value]) => [byteText(key), value]))
  return new StateReader({ read: (key) => store.get(byteText(key)) }, new LruCache(1_000))
}

describe('checkpoints', () => {
  test('revert takes back accounts, slots, code and clearing to the last checkpoint', () => {
    const state = new JournaledState(
      reader([
        [accountKey(address), encodeAccount({ ...NO_ACCOUNT, balance: 5n, storageRoot: filled })],
        [slotKey(address, 0, slot(1)), Uint8Array.of(9)],
      ]),
    )
    state.checkpoint()
    state.setAccount(address, fields(6n))
    state.setSlot(address, slot(1), Uint8Array.of(8))
    state.checkpoint()
    state.setAccount(address, fields(7n))
    state.setCode(address, Uint8Array.of(1, 2))
    state.clearSlots(address)
    state.setSlot(address, slot(2), Uint8Array.of(1))
    expect(state.slot(address, slot(1))).toHaveLength(0)
    state.deleteAccount(address)
    expect(state.account(address)).toBeUndefined()
    state.revert()
    expect(state.account(address)).toMatchObject({
      balance: 6n,
      codeHash: EMPTY_CODE_HASH,
      storageRoot: filled,
    })
    expect(state.code(address)).toHaveLength(0)
    expect(state.slot(address, slot(1))).toEqual(Uint8Array.of(8))
    expect(state.slot(address, slot(2))).toHaveLength(0)
    state.revert()
    expect(state.account(address)?.balance).toBe(5n)
    expect(state.slot(address, slot(1))).toEqual(Uint8Array.of(9))
    expect(state.changes()).toEqual({ accounts: [], codes: [] })
  })

  test('commit keeps what an outer revert can still take back', () => {
    const state = new JournaledState(reader())
    state.checkpoint()
    state.checkpoint()
    state.setAccount(address, fields(1n))
    state.commit()
    expect(state.account(address)?.balance).toBe(1n)
    state.revert()
    expect(state.account(address)).toBeUndefined()
  })

  test('closing what is not open is a bug', () => {
    const state = new JournaledState(reader())
    expect(() => state.commit()).toThrow('a checkpoint is open')
    expect(() => state.revert()).toThrow('a checkpoint is open')
  })
})

describe('slots', () => {
  test('the original value is that of the transaction’s start', () => {
    const state = new JournaledState(
      reader([
        [accountKey(address), encodeAccount({ ...NO_ACCOUNT, nonce: 1n, storageRoot: filled })],
        [slotKey(address, 0, slot(1)), Uint8Array.of(9)],
      ]),
    )
    expect(state.originalSlot(address, slot(1))).toEqual(Uint8Array.of(9))
    state.setSlot(address, slot(1), Uint8Array.of(1))
    state.setSlot(address, slot(1), Uint8Array.of(2))
    expect(state.originalSlot(address, slot(1))).toEqual(Uint8Array.of(9))
    state.endTransaction()
    expect(state.originalSlot(address, slot(1))).toEqual(Uint8Array.of(2))
  })

  test('leading zeros do not count and zero is empty', () => {
    const state = new JournaledState(reader())
    state.setSlot(address, slot(1), Uint8Array.of(0, 0, 5))
    expect(state.slot(address, slot(1))).toEqual(Uint8Array.of(5))
    state.setSlot(address, slot(1), new Uint8Array(32))
    expect(state.slot(address, slot(1))).toHaveLength(0)
  })

  test('accounts handed out do not change under their holder', () => {
    const state = new JournaledState(reader())
    state.setAccount(address, fields(1n))
    const held = state.account(address)
    state.setAccount(address, fields(2n))
    expect(held?.balance).toBe(1n)
  })
})

describe('changes', () => {
  test('are in byte order and only what differs', () => {
    const state = new JournaledState(
      reader([[accountKey(other), encodeAccount({ ...NO_ACCOUNT, balance: 4n })]]),
    )
    state.setAccount(address, fields(1n))
    state.setSlot(address, slot(2), Uint8Array.of(2))
    state.setSlot(address, slot(1), Uint8Array.of(1))
    state.setAccount(other, fields(5n))
    state.setAccount(other, fields(4n))
    const { accounts } = state.changes()
    expect(accounts.map((change) => change.address)).toEqual([address])
    expect(accounts[0]?.slots.map((change) => change.slot)).toEqual([slot(1), slot(2)])
  })

  test('code that a reverted frame deployed is not among them', () => {
    const state = new JournaledState(reader())
    state.checkpoint()
    state.setCode(address, Uint8Array.of(1))
    state.revert()
    state.setAccount(address, fields(1n))
    expect(state.changes().codes).toEqual([])
  })
})

describe('clearing a filled storage', () => {
  const before = { ...NO_ACCOUNT, nonce: 1n, balance: 1n, storageRoot: filled, incarnation: 2 }
  const base = reader([
    [accountKey(address), encodeAccount(before)],
    [slotKey(address, 2, slot(1)), Uint8Array.of(9)],
  ])

  test('starts a new incarnation, under which the old slots are out of reach', () => {
    const state = new JournaledState(base)
    state.clearSlots(address)
    state.setSlot(address, slot(5), Uint8Array.of(3))
    const commit = commitState(EMPTY_TRIE_ROOT, state.changes(), {
      ...NO_STATE,
      nextIncarnation: (at) => base.nextIncarnation(at),
    })
    const written = new Map(commit.writes.map(([key, value]) => [byteText(key), value]))
    expect(written.get(byteText(slotKey(address, 3, slot(5))))).toEqual(Uint8Array.of(3))
    expect(written.get(byteText(incarnationKey(address)))).toEqual(uintToBytes(3, 4))
    const after = reader(
      commit.writes.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
    )
    expect(after.account(address)).toMatchObject({ incarnation: 3 })
    const next = new JournaledState(after)
    expect(next.slot(address, slot(1))).toHaveLength(0)
    expect(next.slot(address, slot(5))).toEqual(Uint8Array.of(3))
  })

  test('an account that is deleted and comes back does not see its old slots', () => {
    const state = new JournaledState(base)
    state.deleteAccount(address)
    const commit = commitState(EMPTY_TRIE_ROOT, state.changes(), NO_STATE)
    const kept = commit.writes.flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value] as const],
    )
    const after = reader([...kept, [slotKey(address, 2, slot(1)), Uint8Array.of(9)]])
    expect(after.account(address)).toBeUndefined()
    const reborn = new JournaledState(after)
    reborn.setAccount(address, fields(1n, 1n))
    reborn.setSlot(address, slot(2), Uint8Array.of(1))
    expect(reborn.slot(address, slot(1))).toHaveLength(0)
    const second = commitState(EMPTY_TRIE_ROOT, reborn.changes(), {
      ...NO_STATE,
      nextIncarnation: (at) => after.nextIncarnation(at),
    })
    const keys = second.writes.map(([key]) => byteText(key))
    expect(keys).toContain(byteText(slotKey(address, 3, slot(2))))
  })
})
