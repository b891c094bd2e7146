import { memoryStore } from '@openliquid/storage/testing'
import { expect, test } from 'vitest'
import { EvmFixture, FIXTURE_ADDRESSES } from './testing/index.ts'

const [alice, bob] = FIXTURE_ADDRESSES as [Uint8Array, Uint8Array]
const HYPE = 10n ** 18n

test('a transfer moves value and burns the fee', async () => {
  const chain = await EvmFixture.create({ store: memoryStore() })
  const { view } = chain.executor
  const transition = await chain.block([chain.transaction({ to: bob, value: HYPE })])
  expect(transition.skipped).toEqual([])
  expect(transition.receipts).toHaveLength(1)
  const fee = 21_000n * 1_000_000_000n
  expect(view.getBalance(alice)).toBe(10_000n * HYPE - HYPE - fee)
  expect(view.getBalance(bob)).toBe(10_001n * HYPE)
  expect(view.getNonce(alice)).toBe(1n)
  expect(view.head.header.number).toBe(1n)
})
