import type { ReadTransaction } from './transactionReader.ts'

/** A transaction in the mempool. */
export interface PoolEntry<Read extends ReadTransaction = ReadTransaction> {
  readonly read: Read
  /** Counts up: breaks ties by who came first. */
  readonly arrival: number
  readonly addedAtMs: number
}
