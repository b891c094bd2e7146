import {
  bytesToHex,
  concatBytes,
  keccak256,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { DueQueue } from '../dueQueue.ts'
import type { Journal } from '../journal.ts'
import type { User } from '../records.ts'
import { type StoredTable, Table } from '../table.ts'
import { HYPERLIQUIDITIES, type Hyperliquidity } from './hyperliquidityRecords.ts'

/** Block time from one update of a strategy to the next; docs/spec/hyperliquid.md §9. */
export const HYPERLIQUIDITY_INTERVAL_MS = 3_000

/** The strategies by spot pair, and what is derived from them by the hook. */
export class HyperliquidityState {
  readonly strategies: Table<number, Hyperliquidity>
  readonly tables: readonly StoredTable[]
  /** Pairs by the block time of their next update. */
  readonly due: DueQueue<number> = new DueQueue()
  /** Whose orders pay no fee. */
  readonly accounts: Set<User> = new Set()

  constructor(journal: Journal) {
    this.strategies = new Table(HYPERLIQUIDITIES, journal, (pair, previous, next) => {
      if (previous !== undefined) this.due.remove(dueMsOf(previous), pair)
      if (next === undefined) this.accounts.delete(strategyAccount(pair))
      else {
        this.due.add(dueMsOf(next), pair)
        if (previous === undefined) this.accounts.add(strategyAccount(pair))
      }
    })
    this.tables = [this.strategies]
  }
}

/** Own rule: the last 20 bytes of keccak256("OL/hyperliquidity" ‖ u32_be(pair)). Nobody signs for it. */
export function strategyAccount(pair: number): User {
  const preimage = concatBytes(utf8ToBytes('OL/hyperliquidity'), uintToBytes(pair, 4))
  return bytesToHex(keccak256(preimage).subarray(12))
}

function dueMsOf({ updatedMs }: Hyperliquidity): number {
  return updatedMs + HYPERLIQUIDITY_INTERVAL_MS
}
