import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Transaction } from '@openliquid/primitives'
import { expect, test, vi } from 'vitest'
import { TransactionJournal } from './transactionJournal.ts'

/** Bytes that the disk still takes. */
const disk = vi.hoisted(() => ({ free: Number.POSITIVE_INFINITY }))

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>()
  return {
    ...fs,
    writeSync: (file: number, bytes: Uint8Array, from: number, length: number, at: number) => {
      const taken = Math.min(length, disk.free)
      if (taken === 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      disk.free -= taken
      return fs.writeSync(file, bytes, from, taken, at)
    },
  }
})

test('a record that a full disk took in part is cut off, and later ones can be read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'openliquid-journal-'))
  const path = join(folder, 'transactions')
  const transaction = (n: number): Transaction => ({ kind: 1, bytes: new Uint8Array(10).fill(n) })
  const held: Transaction[] = []
  const pool = { admit: (one: Transaction) => held.push(one), transactions: () => held }
  const journal = new TransactionJournal(path, pool, 1_000)
  journal.restore()
  journal.add(transaction(1))
  disk.free = 7
  expect(() => journal.add(transaction(2))).toThrow('no space left')
  expect(readFileSync(path)).toHaveLength(19)
  disk.free = Number.POSITIVE_INFINITY
  journal.add(transaction(3))
  journal.close()
  new TransactionJournal(path, pool, 1_000).restore()
  expect(held).toEqual([transaction(1), transaction(3)])
  rmSync(folder, { recursive: true, force: true })
})
