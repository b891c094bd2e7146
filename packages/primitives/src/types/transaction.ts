import type { Address, Hash } from './ids.ts'

/** Kind byte of a transaction: which of the two worlds it is for. */
export const TRANSACTION_KIND = { action: 0, evm: 1 } as const
export type TransactionKind = (typeof TRANSACTION_KIND)[keyof typeof TRANSACTION_KIND]

/** What the mempool, gossip and payloads carry. */
export interface Transaction {
  readonly kind: TransactionKind
  readonly bytes: Uint8Array
}

/** secp256k1 signature as Hyperliquid clients send it; `v` is 27 or 28, s is low. */
export interface ActionSignature {
  readonly r: Uint8Array
  readonly s: Uint8Array
  readonly v: number
}

/** A signed native instruction of the exchange, as it travels. */
export interface ActionEnvelope {
  /** Canonical msgpack of the action; docs/spec/hyperliquid.md §3.2. */
  readonly action: Uint8Array
  /** Milliseconds, below 2^53. */
  readonly nonce: number
  readonly vaultAddress?: Address
  readonly expiresAfter?: number
  readonly signature: ActionSignature
}

/** A transaction whose signature was recovered: the sender travels with it. */
export interface RecoveredTransaction extends Transaction {
  /** SHA-256(kind ‖ bytes). */
  readonly txId: Hash
  readonly sender: Address
}
