import type { Address, Hash } from './ids.ts'

/** What a transfer from the Core to the EVM becomes in the next EVM block; docs/spec/hyperliquid.md §13. */
export interface EvmTransfer {
  /** Who sent it on the Core, and who receives it on the EVM. */
  readonly user: Address
  readonly token: number
  /** Wei of the Core. */
  readonly wei: bigint
  /** Wei of the EVM. */
  readonly amount: bigint
  /** Sender of the system transaction. */
  readonly systemAddress: Address
  /** Absent for the native token, which goes as value. */
  readonly contract?: Address
  /** The contract is told of the amount, with data, and moves it itself. */
  readonly call?: EvmTransferCall
}

/** What `coreReceiveWithData` of a linked contract is called with beside sender and amount; docs/spec/hyperliquid.md §13. */
export interface EvmTransferCall {
  /** 32 bytes: an address of this chain or another. */
  readonly destinationRecipient: Uint8Array
  readonly destinationChainId: number
  readonly nonce: number
  readonly data: Uint8Array
  /** Of the system transaction, which its sender pays on the Core. */
  readonly gasLimit: bigint
}

/** Tokens that came to a system address on the EVM, for the account of their sender on the Core. */
export interface EvmCredit {
  readonly user: Address
  readonly token: number
  /** Wei of the EVM. */
  readonly amount: bigint
  readonly evmTxHash: Hash
  readonly logIndex: number
}

/** A token of the Core that is linked to the EVM. */
export interface EvmLink {
  readonly token: number
  readonly systemAddress: Address
  /** Absent for the native token. */
  readonly contract?: Address
  /** Decimals of the EVM less those of the Core: -2 to 18. */
  readonly evmExtraWeiDecimals: number
}

/** The token of the Core that is the native token of the EVM; docs/spec/hyperliquid.md §13. */
export const NATIVE_TOKEN_NAME = 'HYPE'
/** Decimals of the native token on the EVM. */
export const NATIVE_TOKEN_EVM_DECIMALS = 18
/** System address of the native token. */
export const NATIVE_SYSTEM_ADDRESS: Address = new Uint8Array(20).fill(0x22)
/** Gas limit of a system transaction, which its sender pays on the Core. */
export const SYSTEM_TRANSACTION_GAS = 200_000n

/** System address of a token that is not the native one: the byte 0x20, then zeros, then the index. */
export function tokenSystemAddress(token: number): Address {
  const address = new Uint8Array(20)
  address[0] = 0x20
  new DataView(address.buffer).setBigUint64(12, BigInt(token))
  return address
}
