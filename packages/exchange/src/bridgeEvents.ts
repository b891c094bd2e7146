import type { Address } from '@openliquid/primitives'

/** What came to a system address on the EVM; with `refused`, nothing was credited. */
export interface EvmCreditEvent {
  readonly kind: 'evmCredit'
  readonly user: Address
  readonly token: number
  /** Wei of the EVM. */
  readonly amount: string
  /** Wei of the Core. */
  readonly wei: string
  readonly evmTxHash: string
  readonly logIndex: number
  readonly refused?: string
}

/** A transfer to the EVM left the Core with a system transaction. When that failed, the debit stands. */
export interface EvmTransferEvent {
  readonly kind: 'evmTransfer'
  readonly user: Address
  readonly token: number
  /** Wei of the Core. */
  readonly wei: string
  /** Wei of the EVM. */
  readonly amount: string
  readonly evmTxHash: string
  readonly status: 'executed' | 'failed'
}

/** A contract's order that waits out its delay. */
export interface CoreWriterDelayedEvent {
  readonly kind: 'coreWriterDelayed'
  readonly user: Address
  readonly evmTxHash: string
  readonly logIndex: number
  readonly dueMs: number
}
