import type { Address, Hash } from '@openliquid/primitives'

/** One entry of an EIP-2930 access list. Slots are 32 bytes. */
export interface AccessListEntry {
  readonly address: Address
  readonly storageKeys: readonly Uint8Array[]
}

/** A signed Ethereum transaction of this chain, read and checked. All amounts are in wei. */
export interface EvmTransaction {
  /** 0 legacy, 1 EIP-2930, 2 EIP-1559. */
  readonly type: 0 | 1 | 2
  /** keccak-256 of the raw bytes: the hash that Ethereum tools show. */
  readonly hash: Hash
  readonly sender: Address
  readonly chainId: bigint
  readonly nonce: bigint
  readonly gasLimit: bigint
  /** Absent: creates a contract. */
  readonly to?: Address
  readonly value: bigint
  readonly data: Uint8Array
  /** For types 0 and 1 the gas price. */
  readonly maxFeePerGas: bigint
  /** For types 0 and 1 the gas price. */
  readonly maxPriorityFeePerGas: bigint
  readonly accessList: readonly AccessListEntry[]
  readonly yParity: 0 | 1
  /** As it stands in the bytes: chain id × 2 + 35 + parity for type 0, the parity otherwise. */
  readonly v: bigint
  readonly r: bigint
  readonly s: bigint
  readonly bytes: Uint8Array
}

/**
 * Reads a raw signed transaction and recovers its sender.
 *
 * @throws {EvmTransactionError} anything that is wrong with the bytes alone
 */
export function decodeEvmTransaction(_bytes: Uint8Array, _chainId: number): EvmTransaction {
  throw new Error('in the making')
}
