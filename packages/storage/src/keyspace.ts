import {
  concatBytes,
  type Hash,
  type Height,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'

/**
 * First byte of every key of the one database: which room wrote it.
 *
 * @see docs/design.md §8, "database"
 */
export const KEYSPACE = {
  /** Blocks and certificates. */
  blocks: 0x62,
  /** State of the exchange. */
  core: 0x63,
  /** Reverse diffs. */
  diffs: 0x64,
  /** State, blocks and indexes of the EVM. */
  evm: 0x65,
  /** What the APIs read about the past: receipts, fills. */
  history: 0x68,
  /** Schema, head, roots. */
  meta: 0x6d,
} as const

export type Keyspace = (typeof KEYSPACE)[keyof typeof KEYSPACE]

/** Second byte under `blocks`. */
const BLOCK_SPACE = { header: 0x68, payload: 0x70, proof: 0x63, heightOf: 0x69 } as const

/** Every key of a key space: use as a range. */
export function keyspaceRange(space: Keyspace): { gte: Uint8Array; lt: Uint8Array } {
  return { gte: Uint8Array.of(space), lt: Uint8Array.of(space + 1) }
}

/** `m` ‖ name: one key of the meta space. */
export function metaKey(name: string, suffix: Uint8Array = new Uint8Array(0)): Uint8Array {
  return concatBytes(Uint8Array.of(KEYSPACE.meta), utf8ToBytes(name), suffix)
}

/** Eight bytes big-endian: keys sort by height. */
export function heightToBytes(height: Height): Uint8Array {
  return uintToBytes(height, 8)
}

export function headerKey(height: Height): Uint8Array {
  return blockSpaceKey(BLOCK_SPACE.header, heightToBytes(height))
}

export function payloadKey(height: Height): Uint8Array {
  return blockSpaceKey(BLOCK_SPACE.payload, heightToBytes(height))
}

export function commitProofKey(height: Height): Uint8Array {
  return blockSpaceKey(BLOCK_SPACE.proof, heightToBytes(height))
}

export function heightOfHashKey(hash: Hash): Uint8Array {
  return blockSpaceKey(BLOCK_SPACE.heightOf, hash)
}

function blockSpaceKey(space: number, rest: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(KEYSPACE.blocks, space), rest)
}
