import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Transaction } from '@openliquid/primitives'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type JournalPool, TransactionJournal } from './transactionJournal.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openliquid-journal-'))
  path = join(folder, 'transactions')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const POOL_BYTES_MAX = 1_000_000

const transaction = (n: number, size = 10): Transaction => ({
  kind: n % 2 === 0 ? 0 : 1,
  bytes: new Uint8Array(size).fill(n),
})

/** A mempool that takes everything but what is to be refused. */
function poolOf(refused: readonly number[] = []): JournalPool & { readonly held: Transaction[] } {
  const held: Transaction[] = []
  return {
    held,
    admit(admitted) {
      if (refused.includes(admitted.bytes[0] ?? 0)) throw new Error('nonce too low')
      held.push(admitted)
    },
    transactions: () => held,
  }
}

/** A life that takes transactions and is killed: nothing is closed. */
function live(transactions: readonly Transaction[]): void {
  const journal = new TransactionJournal(path, poolOf(), POOL_BYTES_MAX)
  journal.restore()
  for (const each of transactions) journal.add(each)
}

function restored(refused: readonly number[] = []): readonly Transaction[] {
  const pool = poolOf(refused)
  const journal = new TransactionJournal(path, pool, POOL_BYTES_MAX)
  const { kept, gone } = journal.restore()
  journal.close()
  expect(kept).toBe(pool.held.length)
  expect(gone).toBe(refused.length)
  return pool.held
}

describe('a journal of transactions', () => {
  it('gives the next life what the last one accepted, both kinds, in order', () => {
    const all = [1, 2, 3].map((n) => transaction(n))
    live(all)
    expect(restored()).toEqual(all)
  })

  it('forgets what the mempool does not want any more', () => {
    live([1, 2, 3].map((n) => transaction(n)))
    expect(restored([2])).toEqual([1, 3].map((n) => transaction(n)))
    expect(restored()).toEqual([1, 3].map((n) => transaction(n)))
  })

  it('cut at every byte loses whole transactions from the end and nothing else', () => {
    const all = [1, 2, 3].map((n) => transaction(n))
    live(all)
    const whole = readFileSync(path)
    const record = whole.length / all.length
    for (let cut = 0; cut <= whole.length; cut++) {
      writeFileSync(path, whole)
      truncateSync(path, cut)
      expect(restored()).toEqual(all.slice(0, Math.floor(cut / record)))
    }
  })

  it('stops at what is no record', () => {
    const all = [1, 2].map((n) => transaction(n))
    live(all)
    appendFileSync(path, new Uint8Array(64))
    expect(restored()).toEqual(all)
    const bytes = readFileSync(path)
    bytes[bytes.length - 1]! ^= 1
    writeFileSync(path, bytes)
    expect(restored()).toEqual(all.slice(0, 1))
  })

  it('is written anew from the mempool when it has grown too large', () => {
    const pool = poolOf()
    const journal = new TransactionJournal(path, pool, 500)
    journal.restore()
    pool.held.push(transaction(7))
    // A record has 19 bytes: the 53rd is one too many, and 7 come after.
    for (let n = 0; n < 60; n++) journal.add(transaction(5))
    journal.close()
    expect(restored()).toEqual([7, 5, 5, 5, 5, 5, 5, 5].map((n) => transaction(n)))
  })

  it('is read whole by a node whose mempool is smaller now', () => {
    const all = [1, 2, 3].map((n) => transaction(n, 500))
    live(all)
    const pool = poolOf()
    new TransactionJournal(path, pool, 100).restore()
    expect(pool.held).toEqual(all)
  })

  it('that cannot be read is not taken for an empty one, and stays', () => {
    mkdirSync(path)
    const journal = new TransactionJournal(path, poolOf(), POOL_BYTES_MAX)
    expect(() => journal.restore()).toThrow('EISDIR')
    expect(statSync(path).isDirectory()).toBe(true)
  })

  it('goes on in the old file when the new one cannot be written', () => {
    const pool = poolOf()
    const journal = new TransactionJournal(path, pool, 20)
    journal.restore()
    mkdirSync(`${path}.new`)
    journal.add(transaction(1))
    journal.add(transaction(2))
    // 57 bytes are more than twice 20.
    for (const n of [3, 4]) expect(() => journal.add(transaction(n))).toThrow('EISDIR')
    rmdirSync(`${path}.new`)
    expect(restored()).toEqual([1, 2, 3, 4].map((n) => transaction(n)))
  })
})
