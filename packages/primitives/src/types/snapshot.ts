import type { BlockHeader } from './block.ts'
import type { Address, Hash, Height } from './ids.ts'
import type { CommitProof } from './messages.ts'

/** A branch above one end of a range of Core entries; its other side lies outside. */
export interface SnapshotCoreStep {
  readonly bit: number
  readonly outside: Hash
}

/** Core entries that follow each other in key order. */
export interface SnapshotCoreChunk {
  readonly entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]
  readonly left: readonly SnapshotCoreStep[]
  readonly right: readonly SnapshotCoreStep[]
}

/** A word of an account's storage. */
export interface SnapshotSlot {
  readonly slot: Uint8Array
  /** Without leading zeros. */
  readonly value: Uint8Array
}

/** An account of the EVM. */
export interface SnapshotAccount {
  readonly address: Address
  readonly nonce: bigint
  /** Wei, 32 bytes. */
  readonly balance: Uint8Array
  readonly storageRoot: Hash
  readonly codeHash: Hash
  /** Its whole storage; empty where that has chunks of its own. */
  readonly slots: readonly SnapshotSlot[]
}

/** Accounts that follow each other in the order of their hashes, with the code that they run. */
export interface SnapshotAccountChunk {
  readonly accounts: readonly SnapshotAccount[]
  readonly codes: readonly Uint8Array[]
  /** Nodes of the account trie on the way to the first account; none when it is the first of all. */
  readonly left: readonly Uint8Array[]
  readonly right: readonly Uint8Array[]
}

/** Words of one account's storage that follow each other in the order of their hashes. */
export interface SnapshotSlotChunk {
  readonly account: SnapshotAccount
  /** Nodes of the account trie on the way to the account. */
  readonly proof: readonly Uint8Array[]
  readonly slots: readonly SnapshotSlot[]
  readonly left: readonly Uint8Array[]
  readonly right: readonly Uint8Array[]
}

/** One piece of a state; verifies alone against the certified root. */
export type SnapshotChunk =
  | { readonly kind: 'core'; readonly core: SnapshotCoreChunk }
  | { readonly kind: 'accounts'; readonly accounts: SnapshotAccountChunk }
  | { readonly kind: 'slots'; readonly slots: SnapshotSlotChunk }
  /** Records of EVM blocks below the newest, ascending: what BLOCKHASH answers. */
  | { readonly kind: 'evmBlocks'; readonly blocks: readonly Uint8Array[] }

/** What a state root is made of. */
export interface SnapshotParts {
  readonly coreRoot: Hash
  /** Record of the newest EVM block, whose header has the root of the accounts. */
  readonly evmBlock: Uint8Array
  /** Wei, of each lane's next block. */
  readonly baseFees: readonly bigint[]
  readonly validatorSetHash: Hash
}

/** What a state consists of. Equal states have equal manifests, whoever makes them. */
export interface SnapshotManifest {
  readonly height: Height
  readonly stateRoot: Hash
  /** What the state root is made of, in the state machine's own encoding: here `SnapshotParts`. */
  readonly parts: Uint8Array
  /** Leader schedule as of the height, as the consensus log holds it. */
  readonly reputation: Uint8Array
  /** SHA-256 of each chunk, in the order in which they are restored. */
  readonly chunks: readonly Hash[]
}

/** A manifest with what proves its root. */
export interface SnapshotOffer {
  readonly manifest: SnapshotManifest
  /** Headers from K of the height up to the block below the certifying one. */
  readonly headers: readonly BlockHeader[]
  /** Of a block whose header names height and root. */
  readonly certified: CommitProof
}

/** What a peer answers who is asked for its states, newest first. */
export interface SnapshotOffers {
  readonly offers: readonly SnapshotOffer[]
}

/** Asks a peer for one chunk of a state. */
export interface GetSnapshotChunk {
  readonly height: Height
  readonly index: number
}
