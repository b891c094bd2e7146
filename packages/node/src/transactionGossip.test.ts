import type { Envelope, Transaction } from '@openliquid/primitives'
import { MESSAGE_KIND } from '@openliquid/primitives'
import { expect, test, vi } from 'vitest'
import { GOSSIP_BYTES_MAX, GOSSIP_TRANSACTIONS_MAX } from './limits.ts'
import { decodeTransactions, TransactionGossip } from './transactionGossip.ts'

function transaction(size: number, fill = 1): Transaction {
  return { kind: 1, bytes: new Uint8Array(size).fill(fill) }
}

function collect() {
  const published: (readonly Transaction[])[] = []
  const gossip = new TransactionGossip((envelope) => {
    const batch = decodeTransactions(envelope)
    if (batch === 'reject') throw new Error('own batch is malformed')
    published.push(batch)
  })
  return { gossip, published }
}

test('transactions of one turn travel in one message, in order', async () => {
  const { gossip, published } = collect()
  gossip.add(transaction(10, 1))
  gossip.add(transaction(20, 2))
  expect(published).toEqual([])
  await vi.waitFor(() => expect(published).toEqual([[transaction(10, 1), transaction(20, 2)]]))
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
