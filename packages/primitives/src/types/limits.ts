/** Validators in one set. Bitmaps stay within 25 bytes and the tests run at half of it. */
export const VALIDATORS_MAX = 200
/** Bytes of one signer bitmap: one bit per validator. */
export const SIGNER_BITMAP_BYTES_MAX = 25
/** Bytes of a certificate's signature: one 64-byte ed25519 signature per validator in the multi-signature scheme. */
export const CERTIFICATE_SIGNATURE_BYTES_MAX = 12_800
/** Bytes of one transaction of either kind: the pool limit that Ethereum clients use. */
export const TRANSACTION_BYTES_MAX = 131_072
/** Transactions of one kind in a block: more would not execute inside a view. */
export const BLOCK_TRANSACTIONS_MAX = 20_000
/** Bytes of an encoded block: travels inside one 4 MiB frame with room for its certificates. */
export const BLOCK_BYTES_MAX = 2_097_152
/** Pieces of evidence in a block: each can cost two signature checks. */
export const BLOCK_EVIDENCE_MAX = 16
/** Bytes of one piece of evidence: two certificates of the largest set with ed25519 signatures, twice over. */
export const EVIDENCE_BYTES_MAX = 65_536
/** Bytes of all evidence in a block: one piece of any size fits, and transactions keep nearly all of the room. */
export const BLOCK_EVIDENCE_BYTES_MAX = 65_536
/** Misbehaviors in the record of one block: each piece of evidence may convict a whole set. */
export const BLOCK_MISBEHAVIORS_MAX = 3_200
/** Headers in a commit proof; consensus reference §2. */
export const COMMIT_PROOF_HEADERS_MAX = 8_192
/** Epochs in one epoch change proof; a longer chain is asked for in pieces. */
export const EPOCH_CHANGE_PROOFS_MAX = 64
/** Blocks in one block-sync answer; network reference, framing and limits. */
export const SYNC_BLOCKS_MAX = 64
/** Bytes of one block-sync answer; network reference, framing and limits. */
export const SYNC_BYTES_MAX = 4_194_304
/** Unexecuted blocks beyond which a payload must be empty; consensus reference §13, rule B6. */
export const EXECUTION_LAG_MAX = 8
/** Bytes of a genesis file: 100,000 funded accounts fit. */
export const GENESIS_BYTES_MAX = 16_777_216
/** Bytes of one piece of a state: well within one answer, and little lost when it has to be fetched again. */
export const SNAPSHOT_CHUNK_BYTES_MAX = 1_048_576
/** Pieces of one state: 16 GiB in pieces of 256 KiB, and 2 MiB of their hashes. */
export const SNAPSHOT_CHUNKS_MAX = 65_536
/** Bytes of what a state root is made of: roots, and the newest EVM block with the hashes of its transactions. */
export const SNAPSHOT_PARTS_BYTES_MAX = 1_048_576
/** Bytes of a leader schedule with its records, at 200 validators. */
export const SNAPSHOT_REPUTATION_BYTES_MAX = 262_144
/** Headers between K of a state's height and the block that certifies it: 5 where no view fails. */
export const SNAPSHOT_HEADERS_MAX = 64
/** States that one node offers at a time. */
export const SNAPSHOT_OFFERS_MAX = 4
/** Bytes of all offers of a node: one answer. */
export const SNAPSHOT_OFFERS_BYTES_MAX = 4_194_304

/** Bytes of an announcement of a large block: header, certificates, evidence and 8 bytes a transaction; one gossip message. */
export const ANNOUNCEMENT_BYTES_MAX = 262_144
