import type { Envelope, Transaction } from '@openliquid/primitives'
import { MESSAGE_KIND } from '@openliquid/primitives'
import { expect, test, vi } from 'vitest'
import { GOSSIP_BYTES_MAX, GOSSIP_PAUSE_MS, GOSSIP_TRANSACTIONS_MAX } from './limits.ts'
import { decodeTransactions, TransactionGossip } from './transactionGossip.ts'

function transaction(size: number, fill = 1): Transaction {
  return { kind: 1, bytes: new Uint8Array(size).fill(fill) }
}

function collect(clock: () => number = () => 0) {
  const published: (readonly Transaction[])[] = []
  const gossip = new TransactionGossip((envelope) => {
    const batch = decodeTransactions(envelope)
    if (batch === 'reject') throw new Error('own batch is malformed')
    published.push(batch)
  }, clock)
  return { gossip, published }
}

test('transactions of one turn travel in one message, in order', async () => {
  const { gossip, published } = collect()
  gossip.add(transaction(10, 1))
  gossip.add(transaction(20, 2))
  expect(published).toEqual([])
  await vi.waitFor(() => expect(published).toEqual([[transaction(10, 1), transaction(20, 2)]]))
})

test('a stream of transactions travels in one message a pause, the first at once', async () => {
  vi.useFakeTimers()
  try {
    const { gossip, published } = collect(() => Date.now())
    gossip.add(transaction(1, 0))
    await vi.advanceTimersByTimeAsync(0)
    expect(published).toEqual([[transaction(1, 0)]])
    for (let i = 1; i <= 5; i++) {
      await vi.advanceTimersByTimeAsync(1)
      gossip.add(transaction(1, i))
    }
    expect(published).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(GOSSIP_PAUSE_MS - 5)
    expect(published[1]).toEqual([1, 2, 3, 4, 5].map((i) => transaction(1, i)))
    await vi.advanceTimersByTimeAsync(GOSSIP_PAUSE_MS)
    gossip.add(transaction(1, 6))
    await vi.advanceTimersByTimeAsync(0)
    expect(published[2]).toEqual([transaction(1, 6)])
  } finally {
    vi.useRealTimers()
  }
})

test('a message stays within its bytes and its count', async () => {
  const { gossip, published } = collect()
  for (let i = 0; i < 3; i++) gossip.add(transaction(GOSSIP_BYTES_MAX / 2))
  await vi.waitFor(() => expect(published.map(({ length }) => length)).toEqual([2, 1]))
  for (let i = 0; i <= GOSSIP_TRANSACTIONS_MAX; i++) gossip.add(transaction(1))
  await vi.waitFor(() => {
    expect(published.map(({ length }) => length)).toEqual([2, 1, GOSSIP_TRANSACTIONS_MAX, 1])
  })
})

test('refuses other kinds and malformed batches', () => {
  const envelope: Envelope = {
    kind: MESSAGE_KIND.transactions,
    lane: 'transactions',
    body: Uint8Array.of(1, 2, 3),
  }
  expect(decodeTransactions(envelope)).toBe('reject')
  expect(decodeTransactions({ ...envelope, kind: MESSAGE_KIND.vote })).toBe('reject')
})
