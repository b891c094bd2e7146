import type { Address, Hash } from '@openliquid/primitives'

/** A log without its place. */
export interface EvmLogEntry {
  readonly address: Address
  readonly topics: readonly Hash[]
  readonly data: Uint8Array
}

/** A log and where it stands. */
export interface EvmLog extends EvmLogEntry {
  readonly blockNumber: bigint
  readonly blockHash: Hash
  readonly timestamp: bigint
  readonly transactionHash: Hash
  readonly transactionIndex: number
  /** Position among all logs of the block. */
  readonly logIndex: number
}

/** What a transaction did (EIP-658, EIP-2718), with everything that a reader would otherwise compute again. */
export interface EvmReceipt {
  readonly transactionHash: Hash
  readonly transactionIndex: number
  readonly blockHash: Hash
  readonly blockNumber: bigint
  readonly type: 0 | 1 | 2
  readonly from: Address
  readonly to?: Address
  readonly status: 0 | 1
  readonly gasUsed: bigint
  readonly cumulativeGasUsed: bigint
  /** Wei. */
  readonly effectiveGasPrice: bigint
  readonly contractAddress?: Address
  readonly logs: readonly EvmLog[]
  /** 256 bytes. */
  readonly logsBloom: Uint8Array
}
