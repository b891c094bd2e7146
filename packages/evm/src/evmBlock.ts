import type { Address, Hash, Height } from '@openliquid/primitives'

/** Header of an EVM block, in the order and with the meaning that Cancun gives it. */
export interface EvmBlockHeader {
  readonly parentHash: Hash
  readonly ommersHash: Hash
  readonly coinbase: Address
  readonly stateRoot: Hash
  readonly transactionsRoot: Hash
  readonly receiptsRoot: Hash
  /** 256 bytes. */
  readonly logsBloom: Uint8Array
  readonly difficulty: bigint
  readonly number: bigint
  readonly gasLimit: bigint
  readonly gasUsed: bigint
  /** Whole seconds. */
  readonly timestamp: bigint
  readonly extraData: Uint8Array
  readonly prevRandao: Hash
  /** 8 bytes. */
  readonly nonce: Uint8Array
  readonly baseFeePerGas: bigint
  readonly withdrawalsRoot: Hash
  readonly blobGasUsed: bigint
  readonly excessBlobGas: bigint
  /** The hash of the parent of the block that this EVM block is part of. */
  readonly parentBeaconBlockRoot: Hash
}

/** An EVM block: derived by every node from one committed block, with numbers and hashes of its own. */
export interface EvmBlock {
  readonly hash: Hash
  readonly header: EvmBlockHeader
  /** Height of the committed block it belongs to; 0 for genesis. */
  readonly height: Height
  readonly lane: number
  readonly transactionHashes: readonly Hash[]
  /** Bytes of the RLP form of header and transactions. */
  readonly size: number
}
