import { encodeEvmBlock, evmHeadOf, evmStateChunks, evmStateRoot } from '@openliquid/evm'
import { CoreRanges, coreKeyRange } from '@openliquid/exchange'
import {
  assert,
  equalBytes,
  type Hash,
  type SnapshotChunk,
  type SnapshotManifest,
  type StoreSnapshot,
  sha256,
  snapshotChunkCodec,
  snapshotPartsCodec,
} from '@openliquid/primitives'
import { readMarker } from './commitMarker.ts'
import { SNAPSHOT_CORE_CHUNK_BYTES } from './limits.ts'
import { combineRoots } from './stateRoot.ts'

/** Where the pieces of a state go, one after the other. */
export type ChunkSink = (index: number, bytes: Uint8Array) => Promise<void>

/**
 * Cuts the state that a store held at one moment into pieces that verify alone against its root, and names them.
 *
 * Equal states give equal pieces and equal manifests. It gives way to other work between pieces, but holds the keys and
 * hashes of all Core entries and EVM accounts in memory meanwhile.
 *
 * @see docs/spec/consensus.md §8 state sync
 */
export async function makeSnapshot(
  snapshot: StoreSnapshot,
  context: {
    readonly validatorSetHash: Hash
    /** Leader schedule as of this height, encoded. */
    readonly reputation: Uint8Array
    readonly put: ChunkSink
  },
): Promise<SnapshotManifest> {
  const head = readMarker({ get: (key) => snapshot.get(key) })
  const evm = evmHeadOf(snapshot)
  assert(head !== undefined && evm !== undefined, 'there is a state')
  const hashes: Hash[] = []
  const put = async (chunk: SnapshotChunk): Promise<void> => {
    const bytes = snapshotChunkCodec.encode(chunk)
    hashes.push(sha256(bytes))
    await context.put(hashes.length - 1, bytes)
  }

  const ranges = new CoreRanges()
  const sizes: number[] = []
  for await (const [key, value] of snapshot.entries(coreKeyRange)) {
    ranges.add(key, value)
    sizes.push(key.length + value.length + ENTRY_BYTES)
  }
  const coreRoot = ranges.root()
  for (const [from, to] of partsOf(sizes)) {
    const entries = await entriesBetween(snapshot, ranges.keyAt(from), to - from)
    const { left, right } = ranges.prove(from, to)
    await put({ kind: 'core', core: { entries, left, right } })
  }
  for await (const chunk of evmStateChunks(snapshot, evm)) await put(chunk)

  const stateRoot = combineRoots({
    coreRoot,
    evmStateRoot: evmStateRoot(evm),
    validatorSetHash: context.validatorSetHash,
  })
  assert(equalBytes(stateRoot, head.stateRoot), 'the pieces are of the state that was executed')
  return {
    height: head.height,
    stateRoot,
    parts: snapshotPartsCodec.encode({
      coreRoot,
      evmBlock: encodeEvmBlock(evm.block),
      baseFees: evm.baseFees,
      validatorSetHash: context.validatorSetHash,
    }),
    reputation: context.reputation,
    chunks: hashes,
  }
}

/** What an entry takes beside key and value. */
const ENTRY_BYTES = 16

/** Cuts entries, in order, where a piece has grown to its size. */
function partsOf(sizes: readonly number[]): (readonly [from: number, to: number])[] {
  const parts: (readonly [number, number])[] = []
  let from = 0
  let bytes = 0
  for (const [i, size] of sizes.entries()) {
    bytes += size
    if (bytes < SNAPSHOT_CORE_CHUNK_BYTES && i < sizes.length - 1) continue
    parts.push([from, i + 1])
    from = i + 1
    bytes = 0
  }
  return parts
}

async function entriesBetween(
  snapshot: StoreSnapshot,
  first: Uint8Array,
  count: number,
): Promise<{ readonly key: Uint8Array; readonly value: Uint8Array }[]> {
  const entries: { readonly key: Uint8Array; readonly value: Uint8Array }[] = []
  for await (const [key, value] of snapshot.entries({
    gte: first,
    lt: coreKeyRange.lt,
    limit: count,
  })) {
    entries.push({ key, value })
  }
  return entries
}
