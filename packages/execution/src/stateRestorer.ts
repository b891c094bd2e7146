import {
  type EvmHead,
  EvmRestorer,
  evmGenesisDigest,
  evmStateRoot,
  readEvmBlock,
} from '@openliquid/evm'
import { CoreStateError, coreKeyRange, coreRangeRoot, ExchangeMachine } from '@openliquid/exchange'
import {
  type Block,
  type BlockHeader,
  blockHash,
  bytesToUint,
  compareBytes,
  DecodeError,
  type EpochChange,
  equalBytes,
  type Genesis,
  genesisHash,
  genesisValidatorSet,
  type Hash,
  type KeyValueStore,
  type SnapshotChunk,
  type SnapshotCoreChunk,
  type SnapshotManifest,
  type SnapshotParts,
  sha256,
  snapshotChunkCodec,
  snapshotManifestCodec,
  snapshotPartsCodec,
  uintToBytes,
  type Write,
} from '@openliquid/primitives'
import { BlockStore, KEYSPACE, keyspaceRange, metaKey } from '@openliquid/storage'
import { genesisWrite, markerWrites, rootWrite } from './commitMarker.ts'
import { ExecutionError, type SnapshotRefusal } from './errors.ts'
import { withNativeEscrow } from './nativeEscrow.ts'
import { combineRoots } from './stateRoot.ts'
import { baseWrites } from './stateSyncBase.ts'
import { restoredSetWrites } from './validatorSets.ts'

const MANIFEST_KEY = metaKey('restoring')
const CHUNK = 'restored'
const INDEX_BYTES = 4

/** A state that a quorum certified, and the chain around it. */
export interface RestoreTarget {
  readonly manifest: SnapshotManifest
  readonly headers: readonly BlockHeader[]
  readonly blocks: readonly Block[]
  readonly changes: readonly EpochChange[]
  /** Of height 0. */
  readonly genesisStateRoot: Hash
}

/**
 * Puts a state into an empty store, piece by piece; each is verified against the certified root first.
 *
 * The store holds no state before `finish`: until then it can only be gone on with, after a crash too, or be thrown away.
 * @see docs/spec/consensus.md §8 state sync
 */
export class StateRestorer {
  readonly #store: KeyValueStore
  readonly #genesis: Genesis
  readonly #target: RestoreTarget
  readonly #parts: SnapshotParts
  readonly #evm: EvmRestorer
  readonly #restored: ReadonlySet<number>

  private constructor(opened: {
    readonly store: KeyValueStore
    readonly genesis: Genesis
    readonly target: RestoreTarget
    readonly parts: SnapshotParts
    readonly evmHead: EvmHead
    readonly restored: ReadonlySet<number>
  }) {
    this.#store = opened.store
    this.#genesis = opened.genesis
    this.#target = opened.target
    this.#parts = opened.parts
    this.#evm = new EvmRestorer(opened.store, opened.evmHead)
    this.#restored = opened.restored
  }

  /**
   * Begins in an empty store, or goes on in one that holds pieces of the same manifest.
   *
   * @throws {ExecutionError} OL_EXECUTION_SNAPSHOT: the manifest contradicts itself, or the store holds something else
   */
  static async open(
    store: KeyValueStore,
    genesis: Genesis,
    target: RestoreTarget,
  ): Promise<StateRestorer> {
    const { manifest } = target
    const { parts, evmHead } = readParts(manifest)
    const digest = sha256(snapshotManifestCodec.encode(manifest))
    const known = store.get(MANIFEST_KEY)
    if (known === undefined && (await isUsed(store)))
      throw refused('store', 'the store is not empty')
    if (known !== undefined && !equalBytes(known, digest)) {
      throw refused('store', 'the store holds pieces of another state')
    }
    if (known === undefined) await store.batch([[MANIFEST_KEY, digest]], { sync: true })
    const restored = new Set<number>()
    for await (const [key] of store.entries(rangeOf(metaKey(CHUNK)))) {
      restored.add(Number(bytesToUint(key.slice(-INDEX_BYTES))))
    }
    return new StateRestorer({ store, genesis, target, parts, evmHead, restored })
  }

  /** Pieces that are in already. */
  get restored(): readonly number[] {
    return [...this.#restored].sort((a, b) => a - b)
  }

  /**
   * Verifies a piece and puts it in.
   *
   * @throws {ExecutionError} OL_EXECUTION_SNAPSHOT: it is not a piece of this state
   */
  async put(index: number, bytes: Uint8Array): Promise<void> {
    const hash = this.#target.manifest.chunks[index]
    if (hash === undefined || !equalBytes(sha256(bytes), hash)) {
      throw refused('hash', `chunk ${index} is not the one that the manifest names`)
    }
    const writes = this.#writesOf(decodeChunk(bytes))
    if (writes === undefined) throw refused('proof', `chunk ${index} is not of the certified state`)
    const done: Write = [metaKey(CHUNK, uintToBytes(index, INDEX_BYTES)), Uint8Array.of(1)]
    // One atomic batch: after a crash the piece is there and counted, or neither.
    await this.#store.batch([...writes, done], { sync: false })
  }

  /**
   * Checks that nothing is missing, and makes the store one that an `Application` opens.
   *
   * @throws {ExecutionError} OL_EXECUTION_SNAPSHOT
   */
  async finish(): Promise<void> {
    const { blocks, changes, genesisStateRoot, headers, manifest } = this.#target
    const top = headers.find(({ height }) => height === manifest.height)
    if (top === undefined) throw refused('manifest', 'the header of the height is missing')
    const core = await this.#core()
    if (!equalBytes(core.coreRoot, this.#parts.coreRoot)) {
      throw refused('root', 'the Core does not have the certified root')
    }
    if (!equalBytes(top.validatorSetHash, this.#parts.validatorSetHash)) {
      throw refused('manifest', 'the validator set is not that of the header')
    }
    if (!(await this.#evm.isWhole(this.#store))) {
      throw refused('root', 'the EVM does not have the certified root')
    }
    const lowest = headers[0]?.height ?? manifest.height
    const reverted: Write[] = [[MANIFEST_KEY, undefined]]
    for await (const [key] of this.#store.entries(rangeOf(metaKey(CHUNK)))) {
      reverted.push([key, undefined])
    }
    const hash = genesisHash(this.#genesis)
    const { evm } = withNativeEscrow(this.#genesis)
    await this.#store.batch(
      [
        ...reverted,
        ...this.#evm.head(evmGenesisDigest(evm, this.#genesis.chainId)),
        ...new BlockStore(this.#store).putBlocks(
          blocks.map((block) => ({ block, blockHash: blockHash(block.header) })),
        ),
        // Roots below are compared with what later headers name.
        ...headers.map(({ executedHeight, stateRoot }) => rootWrite(executedHeight, stateRoot)),
        rootWrite(0n, genesisStateRoot),
        ...restoredSetWrites(manifest.height, core.nextMembers(), [
          genesisValidatorSet(this.#genesis),
          ...changes.map(({ nextSet }) => nextSet).filter(({ epoch }) => epoch <= core.epoch),
        ]),
        ...baseWrites({ lowestHeight: lowest, reputation: manifest.reputation, changes }),
        ...markerWrites({
          height: manifest.height,
          timestampMs: top.timestampMs,
          blockHash: blockHash(top),
          stateRoot: manifest.stateRoot,
        }),
        genesisWrite(hash),
      ],
      { sync: true },
    )
  }

  #writesOf(chunk: SnapshotChunk): Write[] | undefined {
    switch (chunk.kind) {
      case 'core':
        return this.#coreWrites(chunk.core)
      case 'accounts':
        return this.#evm.accounts(chunk.accounts)
      case 'slots':
        return this.#evm.slots(chunk.slots)
      default:
        return this.#evm.blocks(chunk.blocks)
    }
  }

  #coreWrites({ entries, left, right }: SnapshotCoreChunk): Write[] | undefined {
    const range = entries.map(({ key, value }) => [key, value] as const)
    const root = coreRangeRoot(range, { left, right })
    if (root === undefined || !equalBytes(root, this.#parts.coreRoot)) return undefined
    const isCore = range.every(([key]) => key[0] === KEYSPACE.core)
    return isCore ? range.map(([key, value]): Write => [key, value]) : undefined
  }

  async #core(): Promise<ExchangeMachine> {
    const entries: (readonly [Uint8Array, Uint8Array])[] = []
    for await (const entry of this.#store.entries(coreKeyRange)) entries.push(entry)
    try {
      return ExchangeMachine.load(entries)
    } catch (error) {
      if (error instanceof CoreStateError) throw refused('root', error.message)
      throw error
    }
  }
}

function readParts(manifest: SnapshotManifest): { parts: SnapshotParts; evmHead: EvmHead } {
  let parts: SnapshotParts
  try {
    parts = snapshotPartsCodec.decode(manifest.parts)
  } catch (error) {
    if (error instanceof DecodeError) throw refused('manifest', error.message)
    throw error
  }
  const block = readEvmBlock(parts.evmBlock)
  if (block === undefined) throw refused('manifest', 'the EVM block is malformed')
  const evmHead: EvmHead = { block, baseFees: parts.baseFees }
  const { coreRoot, validatorSetHash } = parts
  const root = combineRoots({ coreRoot, evmStateRoot: evmStateRoot(evmHead), validatorSetHash })
  if (!equalBytes(root, manifest.stateRoot)) {
    throw refused('manifest', 'the parts do not add up to the state root')
  }
  return { parts, evmHead }
}

function decodeChunk(bytes: Uint8Array): SnapshotChunk {
  try {
    return snapshotChunkCodec.decode(bytes)
  } catch (error) {
    if (error instanceof DecodeError) throw refused('chunk', error.message)
    throw error
  }
}

async function isUsed(store: KeyValueStore): Promise<boolean> {
  for (const space of Object.values(KEYSPACE)) {
    for await (const [key] of store.entries({ ...keyspaceRange(space), limit: 2 })) {
      if (compareBytes(key, metaKey('schema')) !== 0) return true
    }
  }
  return false
}

function rangeOf(prefix: Uint8Array): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  const lt = prefix.slice()
  lt[lt.length - 1] = (lt[lt.length - 1] ?? 0) + 1
  return { gte: prefix, lt }
}

function refused(what: SnapshotRefusal, reason: string): ExecutionError {
  return new ExecutionError(`a snapshot is refused: ${reason}; it will be fetched from others`, {
    code: 'OL_EXECUTION_SNAPSHOT',
    what,
    reason,
  })
}
