import {
  bytesToUint,
  concatBytes,
  type Hash,
  type Height,
  type KeyValueStore,
  uintToBytes,
  type Write,
} from '@openliquid/primitives'
import { heightToBytes, metaKey } from '@openliquid/storage'
import type { ChainHead } from './readView.ts'

const MARKER_KEY = metaKey('executed')
const GENESIS_KEY = metaKey('genesis')
const ROOT = 'root'

/** The newest height whose batch is on disk: execution goes on above it. */
export function readMarker(store: Pick<KeyValueStore, 'get'>): ChainHead | undefined {
  const stored = store.get(MARKER_KEY)
  if (stored === undefined) return undefined
  return {
    height: bytesToUint(stored.subarray(0, 8)),
    timestampMs: Number(bytesToUint(stored.subarray(8, 16))),
    blockHash: stored.slice(16, 48),
    stateRoot: stored.slice(48),
  }
}

/** Part of the block's one batch: with it on disk, all of the block is. */
export function markerWrites({ height, timestampMs, blockHash, stateRoot }: ChainHead): Write[] {
  const marker = concatBytes(
    heightToBytes(height),
    uintToBytes(timestampMs, 8),
    blockHash,
    stateRoot,
  )
  return [[MARKER_KEY, marker], rootWrite(height, stateRoot)]
}

/** The root after a height. */
export function rootWrite(height: Height, stateRoot: Hash): Write {
  return [metaKey(ROOT, heightToBytes(height)), stateRoot]
}

export function readStateRoot(store: Pick<KeyValueStore, 'get'>, height: Height): Hash | undefined {
  return store.get(metaKey(ROOT, heightToBytes(height)))
}

/** Hash of the genesis that the data folder belongs to. */
export function readGenesisHash(store: KeyValueStore): Hash | undefined {
  return store.get(GENESIS_KEY)
}

export function genesisWrite(hash: Hash): Write {
  return [GENESIS_KEY, hash]
}
