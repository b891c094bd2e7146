import type { EVMRunCallOpts } from '@ethereumjs/evm'
import type { AccountCell } from './accountCell.ts'
import type { EvmLogEntry } from './receipts.ts'

export type LibraryBlock = NonNullable<EVMRunCallOpts['block']>

/** A message from outside: that of a transaction, or a call. */
export interface FastMessage {
  readonly caller: AccountCell
  /** Absent: makes a contract of `input`. */
  readonly to: AccountCell | undefined
  readonly input: Uint8Array
  readonly value: bigint
  readonly gas: number
  readonly gasPrice: bigint
  readonly block: LibraryBlock
}

/** What a message did. The state has its changes, unless it failed. */
export interface FastResult {
  readonly failure: string | undefined
  readonly output: Uint8Array
  readonly gasLeft: number
  readonly refund: number
  readonly logs: readonly EvmLogEntry[]
  /** The contract that a creation makes, whether it succeeded or not. */
  readonly created: AccountCell | undefined
}
